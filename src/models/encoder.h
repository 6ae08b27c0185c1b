// What the two sequence encoders have in common: token batches in, one embedding per sequence out.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "layers/workspace.h"
#include "tensor/packed_batch.h"
#include "tensor/precision.h"

namespace virnucpro {

/// Embeddings of one batch on the host, and what the NaN/Inf check found in them.
/// Reused from batch to batch, so that a steady state allocates nothing.
struct Embeddings {
  std::vector<float> values;  // [sequences, width], row-major
  std::int64_t width = 0;
  ops::NonfiniteCount nonfinite;
  std::vector<std::int32_t> nonfinite_per_sequence;  // [sequences]
};

/// Immutable after construction and thread-safe: state lives in the Backend and the Workspace, of
/// which each thread brings its own, of the kind the model was prepared for.
class Encoder {
 public:
  virtual ~Encoder() = default;

  virtual std::string_view name() const = 0;
  virtual std::int64_t width() const = 0;
  virtual Precision precision() const = 0;
  /// Token ids lie in [0, vocabulary).
  virtual std::int64_t vocabulary() const = 0;

  /// Packed inference. Throws PrecisionError at once for an fp32 model; never changes the model.
  void forward_packed(Backend& backend, Workspace& workspace, const PackedBatch& batch,
                      Embeddings& embeddings) const;

  /// Padded batch with standard attention; any precision. The reference for the packed path.
  void forward(Backend& backend, Workspace& workspace, const PaddedBatch& batch,
               Embeddings& embeddings) const;

 private:
  /// Runs the layers over `tokens`. Returns the embedding's mean, its output still unset.
  virtual ops::MeanPool encode(Backend& backend, Workspace& workspace, ConstInts tokens,
                               const ops::Sequences& sequences) const = 0;
  void run(Backend& backend, Workspace& workspace, ConstInts tokens,
           const ops::Sequences& sequences, Embeddings& embeddings) const;
  /// Writes the embeddings, a part of the batch on each of the backend's lanes.
  void run_in_parts(Backend& backend, Workspace& workspace, ConstInts tokens,
                    const ops::Sequences& sequences, Matrix pooled) const;
};

}  // namespace virnucpro
