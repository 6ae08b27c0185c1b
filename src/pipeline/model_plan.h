// What models say of the plan of a run.
#pragma once

#include "pipeline/load_models.h"
#include "pipeline/stages.h"

namespace virnucpro {

/// Has the plan make token ids as the encoders take them. Borrows the tokenizer.
void tokenize_by(const DnaTokenizer& tokenizer, StagePlan& plan);

/// A plan with the tokenizers, the length and the widths of the models, which it borrows. Records,
/// engines, batches and where the results go are left to the caller.
StagePlan plan_for(const LoadedModels& models);

}  // namespace virnucpro
