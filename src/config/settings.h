// Everything one run needs to know, already validated: what pipeline/ is given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "calls/call_request.h"

namespace virnucpro {

/// The bundle that is compiled into the program.
inline constexpr const char* kDefaultBundle = "mini";
/// Where `predict` writes when no folder is named.
inline constexpr const char* kDefaultOutputFolder = "virnucpro_out";

/// The settings of one run of `predict`, `embed` or `precision`. Plain data: made by
/// config/resolve.h from defaults, file, environment and flags, validated there once, and only read
/// afterwards.
struct RunSettings {
  /// Paths in the order given; "-" is standard input. Never empty.
  std::vector<std::string> inputs;
  /// predict: the folder of the results; embed: the HDF5 file; neither is ever empty. precision:
  /// the folder of the report, or empty for none.
  std::string output = kDefaultOutputFolder;
  /// Replace the results that `output` holds already; without it such an output is refused.
  bool force = false;
  /// Said aloud: go on with the run in `output`. That is what happens anyway; without one to go on
  /// with, predict warns and begins.
  bool resume = false;
  /// Go on with what can be proven of a damaged run in `output`.
  bool repair = false;

  /// Part `shard` of `shards`: the records whose ordinal is shard - 1, modulo shards.
  std::uint64_t shard = 1;
  std::uint64_t shards = 1;
  /// The run's database keeps the embeddings of every frame.
  bool keep_embeddings = false;
  /// predict: how records are called by calibrated probabilities.
  CallRequest calls;

  /// Name of an embedded bundle, or a folder. Unused when `dnabert`, `esm2` and `classifier` are
  /// set.
  std::string bundle = kDefaultBundle;
  /// Own parts instead of a bundle. predict, precision: all three or none. embed: `dnabert` and
  /// `esm2` or none.
  std::string dnabert;
  std::string esm2;
  std::string classifier;
  bool has_own_parts() const { return !dnabert.empty(); }

  /// 300 or 500; absent: the only length of the bundle, else 500.
  std::optional<std::int64_t> expected_length;

  /// "fp16", "bf16", "int8" or "fp32" as asked for; absent: the default. The environment may
  /// overrule it: models/precision_policy.h decides.
  std::optional<std::string> precision;
  bool no_packing = false;

  /// "auto" or the name of a backend: "cpu", "reference", "cuda" ... Which ones exist is known to
  /// the registry of backends, so this text is not validated here.
  std::string device = "auto";
  /// 0: every processor that this process may use.
  std::size_t threads = 0;
  /// Tokens of one batch; 0: chosen by the program.
  std::size_t batch_tokens = 0;

  /// precision: how many frames to compare; 0: all.
  std::size_t frame_limit = 1000;

  /// What is shown on the way: for cli/, no influence on the results.
  bool quiet = false;
  bool no_progress = false;
  bool json_log = false;
};

}  // namespace virnucpro
