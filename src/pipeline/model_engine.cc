#include "pipeline/model_engine.h"

#include "base/check.h"
#include "models/finite_check.h"
#include "tokenizer/protein_alphabet.h"

namespace virnucpro {

void ModelEngine::embed(EncoderKind encoder, const PackedBatch& batch, const BatchName& name,
                        Embeddings& embeddings) {
  const bool is_dna = encoder == EncoderKind::kDnabertS;
  const Encoder& model = is_dna ? *models_.dnabert_s : *models_.esm2;
  if (packed_) {
    model.forward_packed(backend_, workspace_, batch, embeddings);
  } else {
    const std::int32_t padding = is_dna ? models_.dna_padding : kProteinPadId;
    model.forward(backend_, workspace_, pad(batch, padding), embeddings);
  }
  // Naming the sequences takes longer than looking whether there is anything to say.
  if (embeddings.nonfinite.any()) require_finite(model, name.number, name.ids(), embeddings);
}

void ModelEngine::classify(std::span<const float> features, std::span<float> scores) {
  check(models_.classifier != nullptr, "scores asked for without a classifier");
  models_.classifier->predict(backend_, workspace_, features, scores);
}

}  // namespace virnucpro
