// Compares precisions with FP32: the same frames go through a model in each.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/environment.h"
#include "base/log.h"
#include "devices/load_models.h"
#include "pipeline/progress.h"
#include "pipeline/window.h"
#include "report/precision_report.h"

namespace virnucpro {

/// Models in a precision under study.
struct StudiedModels {
  const LoadedModels& models;
  Precision precision;
};

/// What a study works with. All is borrowed, and all models have the same weights.
struct PrecisionStudy {
  const std::vector<StudiedModels>& studied;  ///< at least one; they need no classifier
  const LoadedModels& exact;                  ///< in FP32, with the classifier that scores all
  bool packed = true;                         ///< `studied`
  Backend& backend;              ///< all were prepared for it; used by this thread alone
  std::uint64_t limit = 0;       ///< frames to compare; 0: all
  std::size_t batch_tokens = 0;  ///< of one batch; 0: chosen by the program
  Log log = {};
  ProgressSink* progress = nullptr;  ///< may be null
  /// Absent: limits_for() the batches. Tests use small ones.
  std::optional<WindowLimits> limits = std::nullopt;
};

/// The precisions to study, each once; none wanted: fp16. Throws PrecisionError for FP32, by flag
/// or by VIRNUCPRO_DISABLE_FP16, since there would be nothing to compare. Pure.
std::vector<Precision> studied_precisions(const std::vector<Precision>& wanted,
                                          const Environment& environment);

/// Compares the frames of `inputs` in input order and passes each to `take` in every precision.
/// They are read, cut and batched as in a run; the exact model runs padded, and every operation of
/// all is probed. Cosines are centred on the mean of the first 2,000 FP32 embeddings. NaN and
/// infinity are results, not errors. The caller fills in its part of report.run. Memory is bounded
/// for any input. Throws the typed errors of base/errors.h; Interrupted on a stop request.
PrecisionReport study_precision(const std::vector<std::string>& inputs, const PrecisionStudy& study,
                                const std::function<void(const FrameComparison&)>& take,
                                std::stop_token stop = {});

}  // namespace virnucpro
