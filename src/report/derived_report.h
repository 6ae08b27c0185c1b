// run.json of results that were not computed in one go, but reported anew or merged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "calls/call_choice.h"
#include "calls/call_request.h"
#include "report/run_report.h"

namespace virnucpro {

/// The options of `report` that differ from the run's own.
struct DerivedFrom {
  std::optional<double> threshold = {};
  std::optional<ModelPart> classifier = {};
  std::optional<ModelPart> calibration = {};  ///< of a bundle
  std::optional<std::string> tables = {};     ///< text_of() the choice of tables
};

/// How records were called by calibrated probabilities.
struct CalledBy {
  CallRequest request;
  CalibratedRule rule;
  std::uint64_t called = 0;  ///< records
  double expected_false_discoveries = 0.0;
};

/// A text of run_json() with the object "report"; unchanged when nothing differs. Throws InputError
/// as with_results() does.
std::string with_derivation(const std::string& run_json, const std::string& place,
                            const DerivedFrom& derived);

/// A text of run_json() with the object "calls". Throws InputError as with_results() does.
std::string with_calls(const std::string& run_json, const std::string& place,
                       const CalledBy& called);

/// One part of a merged run.
struct MergedShard {
  std::string folder;
  std::string place;     ///< names its database in messages
  std::string run_json;  ///< its text of run_json()
  std::uint64_t records = 0;
  std::uint64_t chunks = 0;
  std::uint64_t frames = 0;
  std::vector<SessionReport> sessions;
};

/// The text for the whole run: counts, times and faults are summed, options in which shards differ
/// are null, and "merged_from" lists the shards, at least one. InputError as with_results() throws.
std::string merged_run_json(const std::vector<MergedShard>& shards,
                            const std::vector<std::string>& command_line,
                            const std::string& started_at);

}  // namespace virnucpro
