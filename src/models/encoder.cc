#include "models/encoder.h"

#include "models/pooled_slot.h"
#include "models/precision_policy.h"

namespace virnucpro {
namespace {

ConstInts view(const std::vector<std::int32_t>& values) {
  return {values.data(), static_cast<std::int64_t>(values.size())};
}

}  // namespace

void Encoder::forward_packed(Backend& backend, Workspace& workspace, const PackedBatch& batch,
                             Embeddings& embeddings) const {
  require_packable(precision());
  batch.validate();
  run(backend, workspace, view(batch.tokens), ops::Sequences::packed(view(batch.cu_seqlens)),
      embeddings);
}

void Encoder::forward(Backend& backend, Workspace& workspace, const PaddedBatch& batch,
                      Embeddings& embeddings) const {
  batch.validate();
  run(backend, workspace, view(batch.tokens),
      ops::Sequences::padded(view(batch.lengths), batch.length), embeddings);
}

void Encoder::run(Backend& backend, Workspace& workspace, ConstInts tokens,
                  const ops::Sequences& sequences, Embeddings& embeddings) const {
  const std::int64_t count = sequences.count();
  embeddings.width = width();
  embeddings.values.resize(static_cast<std::size_t>(count * width()));
  embeddings.nonfinite_per_sequence.assign(static_cast<std::size_t>(count), 0);
  embeddings.nonfinite = {};
  if (count == 0) return;
  const Matrix pooled = workspace.matrix(kPooledSlot, DataType::kFloat32, count, width());
  ops::MeanPool mean = encode(backend, workspace, tokens, sequences);
  mean.output = pooled;
  backend.enter_layer({"pooling"});
  embeddings.nonfinite =
      backend.pool_embeddings(mean, embeddings.values, embeddings.nonfinite_per_sequence);
}

}  // namespace virnucpro
