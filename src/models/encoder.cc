#include "models/encoder.h"

#include <functional>
#include <span>

#include "models/batch_parts.h"
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

void Encoder::run_in_parts(Backend& backend, Workspace& workspace, ConstInts tokens,
                           const ops::Sequences& sequences, Matrix pooled) const {
  const std::span<Backend* const> lanes = backend.lanes();
  const auto own = workspace.lanes(lanes);
  std::vector<std::int64_t>& begins = workspace.part_begins();
  plan_parts(sequences, lanes.size(), begins);
  const auto compute = [&](std::size_t part, std::size_t lane) {
    LaneWorkspace& space = *own[lane];
    const std::int64_t first = begins[part];
    const std::int64_t count = begins[part + 1] - first;
    const BatchPart taken = part_of(sequences, tokens, first, count, space.offsets);
    ops::MeanPool mean = encode(*lanes[lane], space.buffers, taken.tokens, taken.sequences);
    mean.output = pooled.row_range(first, count);
    lanes[lane]->mean_pool(mean);
  };
  // std::cref keeps the closure out of std::function's heap storage.
  backend.run_on_lanes(begins.size() - 1, std::cref(compute));
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
  if (computes_in_parts(width(), backend)) {
    run_in_parts(backend, workspace, tokens, sequences, pooled);
    embeddings.nonfinite =
        backend.count_nonfinite({.input = pooled, .rows = embeddings.nonfinite_per_sequence});
    backend.download(pooled.data, embeddings.values.data(),
                     std::span(embeddings.values).size_bytes());
    return;
  }
  ops::MeanPool mean = encode(backend, workspace, tokens, sequences);
  mean.output = pooled;
  backend.enter_layer({"pooling"});
  embeddings.nonfinite =
      backend.pool_embeddings(mean, embeddings.values, embeddings.nonfinite_per_sequence);
}

}  // namespace virnucpro
