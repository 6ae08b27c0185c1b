// run.json of results that were not computed in one go: made again in another way, or merged.
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

/// What `report` was asked for, as far as it is not the run's own.
struct DerivedFrom {
  std::optional<double> threshold = {};
  std::optional<ModelPart> classifier = {};
  std::optional<ModelPart> calibration = {};  ///< of a bundle
};

/// How records were called by calibrated probabilities.
struct CalledBy {
  CallRequest request;
  CalibratedRule rule;
  std::uint64_t called = 0;  ///< records
  double expected_false_discoveries = 0.0;
};

/// A text of run_json() with the object "report", or as it is when nothing differs. InputError as
/// of with_results().
std::string with_derivation(const std::string& run_json, const std::string& place,
                            const DerivedFrom& derived);

/// A text of run_json() with the object "calls". InputError as of with_results().
std::string with_calls(const std::string& run_json, const std::string& place,
                       const CalledBy& called);

/// One part of a merged run.
struct MergedShard {
  std::string folder;
  std::string place;     ///< of its database, for messages
  std::string run_json;  ///< its text of run_json()
  std::uint64_t records = 0;
  std::uint64_t chunks = 0;
  std::uint64_t frames = 0;
  std::vector<SessionReport> sessions;
};

/// The text for the whole: counts, times and faults are summed, options in which shards differ are
/// null, and "merged_from" lists the shards. At least one; InputError as of with_results().
std::string merged_run_json(const std::vector<MergedShard>& shards,
                            const std::vector<std::string>& command_line,
                            const std::string& started_at);

}  // namespace virnucpro
