// Merges the folders of all shards of a run into one folder.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/work_progress.h"
#include "results/stored_results.h"

namespace virnucpro {

struct MergeRequest {
  std::vector<std::string> folders;  ///< of the shards, in any order
  std::string output;
  bool force = false;                    ///< replace what `output` holds
  std::optional<LegacyFormat> legacy;    ///< absent: that of the shards
  std::optional<RowFormat> format = {};  ///< likewise
  std::vector<std::string> command_line = {};
};

/// Writes a database of its own to `output`, as if the run had never been split, and the result
/// files. Shards are only read; memory is bounded except for the longest record. An interrupted
/// merge starts over. Throws ConfigError or InputError, naming the folders, unless they are all
/// shards of one finished run, each once; OutputError; Interrupted.
StoredResults merge_shards(const MergeRequest& request, const Log& log,
                           const std::stop_token& stop = {}, const WorkProgress& progress = {});

}  // namespace virnucpro
