#include "pipeline/model_engine.h"

#include "base/check.h"
#include "base/errors.h"
#include "models/finite_check.h"
#include "pipeline/batch_pace.h"

namespace virnucpro {
namespace {

void require_finite(const Encoder& model, const BatchName& name, const Embeddings& embeddings) {
  // Naming the sequences takes longer than checking whether an error is needed.
  if (embeddings.nonfinite.any()) require_finite(model, name.number, name.ids(), embeddings);
}

}  // namespace

void ModelEngine::embed_padded(const ModelSet& models, EncoderKind encoder,
                               const PackedBatch& batch, Embeddings& embeddings) {
  const PaddedBatch padded = pad(batch, models.padding[encoder]);
  models.encoders[encoder]->forward(backend_, workspace_, padded, embeddings);
}

/// One sequence on processors, where one of the largest models may take seconds. A GPU computes its
/// largest batch in less time; a small batch before it would only cost another choice of products.
std::int64_t ModelEngine::first_tokens() const {
  return backend_.batch_room() ? BatchPace::kNoBound : 1;
}

void ModelEngine::embed(EncoderKind encoder, const PackedBatch& batch, const BatchName& name,
                        Embeddings& embeddings) {
  const Encoder& model = *models_.encoders[encoder];
  if (packed_) {
    model.forward_packed(backend_, workspace_, batch, embeddings);
  } else {
    embed_padded(models_, encoder, batch, embeddings);
  }
  require_finite(model, name, embeddings);
}

void ModelEngine::embed_exactly(EncoderKind encoder, const PackedBatch& batch,
                                const BatchName& name, Embeddings& embeddings) {
  if (!exact_ || models_.encoders[encoder]->precision() == Precision::kFp32) {
    throw PrecisionError("there is no more exact computation than the one that failed");
  }
  const ModelSet exact = exact_(backend_);
  embed_padded(exact, encoder, batch, embeddings);
  require_finite(*exact.encoders[encoder], name, embeddings);
}

void ModelEngine::classify(std::span<const float> features, std::span<float> scores) {
  check(models_.classifier != nullptr, "scores asked for without a classifier");
  models_.classifier->predict(backend_, workspace_, features, scores);
}

}  // namespace virnucpro
