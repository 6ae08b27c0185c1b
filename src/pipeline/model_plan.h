// The parts of a run's plan that follow from its models.
#pragma once

#include "devices/load_models.h"
#include "pipeline/stages.h"

namespace virnucpro {

/// Sets the plan's functions that make token ids for the encoders. Borrows the tokenizer.
void tokenize_by(const DnaTokenizer& tokenizer, StagePlan& plan);

/// A plan with the tokenizers, the length, the frames and the widths of the models, which it
/// borrows. The caller adds records, engines, batches and the place of the results.
StagePlan plan_for(const LoadedModels& models);

}  // namespace virnucpro
