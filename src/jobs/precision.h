// Compares a precision with FP32: the same frames go through a model in both.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>

#include "base/environment.h"
#include "base/log.h"
#include "devices/load_models.h"
#include "pipeline/progress.h"
#include "pipeline/window.h"
#include "report/precision_report.h"

namespace virnucpro {

/// What a study works with. All is borrowed, and both models have the same weights.
struct PrecisionStudy {
  const LoadedModels& studied;   ///< with the classifier that scores both
  const LoadedModels& exact;     ///< in FP32; needs no classifier
  PrecisionChoice precision;     ///< of `studied`
  Backend& backend;              ///< both were prepared for it; used by this thread alone
  std::uint64_t limit = 0;       ///< frames to compare; 0: all
  std::size_t batch_tokens = 0;  ///< of one batch; 0: chosen by the program
  Log log = {};
  ProgressSink* progress = nullptr;  ///< may be null
  /// Absent: limits_for() the batches. Tests use small ones.
  std::optional<WindowLimits> limits = std::nullopt;
};

/// The precision to study, by request and environment. Throws PrecisionError when that is FP32, by
/// flag or by VIRNUCPRO_DISABLE_FP16, since there would be nothing to compare. Pure.
PrecisionChoice studied_precision(const PrecisionRequest& request, const Environment& environment);

/// Compares the frames of `inputs` in input order and passes each to `take`. They are read,
/// cut and batched as in a run; the exact model runs padded, and every operation of both is probed.
/// NaN and infinity are results, not errors. The caller fills in its part of report.run (program,
/// device, threads). Memory is bounded for any input. Throws the typed errors of base/errors.h;
/// Interrupted on a stop request.
PrecisionReport study_precision(const std::vector<std::string>& inputs, const PrecisionStudy& study,
                                const std::function<void(const FrameComparison&)>& take,
                                std::stop_token stop = {});

}  // namespace virnucpro
