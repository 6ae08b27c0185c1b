// How fast several models are on the same frames.
#pragma once

#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include "batching/token_table.h"
#include "layers/workspace.h"
#include "models/encoder_kind.h"
#include "studies/probed_model.h"

namespace virnucpro {

/// Frames a second of both encoders of each model: one batch as a run computes it, unwatched, in
/// turns with the others. The best time of each counts, since others may use the device meanwhile.
/// Throws Interrupted.
std::vector<double> frames_per_second(std::span<ProbedModel* const> models,
                                      const PerEncoder<TokenTable>& tokens,
                                      std::int64_t batch_tokens, Workspace& workspace,
                                      const std::stop_token& stop);

}  // namespace virnucpro
