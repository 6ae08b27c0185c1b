#include "pipeline/model_plan.h"

#include "tokenizer/protein_alphabet.h"

namespace virnucpro {

void tokenize_by(const DnaTokenizer& tokenizer, StagePlan& plan) {
  plan.lanes[EncoderKind::kDnabertS].tokenize = [&tokenizer, scratch = DnaTokenizer::Scratch()](
                                                    std::string_view bases,
                                                    std::vector<std::int32_t>& ids) mutable {
    tokenizer.encode(bases, scratch, ids);
  };
  plan.lanes[EncoderKind::kEsm2].tokenize = encode_protein;
}

StagePlan plan_for(const LoadedModels& models) {
  StagePlan plan;
  tokenize_by(*models.tokenizer, plan);
  plan.expected_length = models.expected_length;
  plan.frames = models.frames;
  plan.lanes[EncoderKind::kDnabertS].width = models.dnabert_s->width();
  plan.lanes[EncoderKind::kEsm2].width = models.esm2->width();
  return plan;
}

}  // namespace virnucpro
