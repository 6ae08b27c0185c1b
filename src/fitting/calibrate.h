// Makes a bundle with a calibration that is fitted to a finished run of known records.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/work_progress.h"
#include "calls/fit.h"
#include "weights/bundle.h"

namespace virnucpro {

struct CalibrateRequest {
  std::string folder;         ///< of the run's database, which is only read
  std::string labels;         ///< a table as in evaluation/label_table.h
  std::string bundle_folder;  ///< of the new bundle
  bool force = false;         ///< replace an existing bundle
  CalibrationMethod method = CalibrationMethod::kPlatt;
  /// Of each group of others but the excepted ones, by the rule of calls that the bundle names;
  /// absent: it names none.
  std::optional<double> false_positives = {};
  std::vector<std::string> excepted = {};
};

struct CalibrateResult {
  std::int64_t expected_length = 0;
  Calibration calibration;
  CrossValidation held_out;
};

/// Fits the calibration for the run's expected length and writes `bundle` with it; calibrations of
/// other lengths stay. Throws ConfigError when the run's models are not this bundle's; InputError
/// as evaluate_results() does, or for too few labels; ModelError; OutputError; Interrupted.
CalibrateResult calibrate_bundle(const CalibrateRequest& request, const Bundle& bundle,
                                 const Log& log, const std::stop_token& stop = {},
                                 const WorkProgress& progress = {});

}  // namespace virnucpro
