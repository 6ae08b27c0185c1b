// What one device worker can do: embed a batch, classify features.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "models/encoder.h"
#include "tensor/packed_batch.h"

namespace virnucpro {

enum class EncoderKind { kDnabertS, kEsm2 };

/// What an error message says of a batch. `ids` is called only when there is one to be made.
struct BatchName {
  std::uint64_t number = 0;
  std::function<std::vector<std::string>()> ids;
};

/// Used by one thread at a time. Results of a sequence do not depend on its batch.
class Engine {
 public:
  virtual ~Engine() = default;

  /// Called first by the thread that will use it for a whole run.
  virtual void start() {}

  /// Gives back what it holds for batches beyond the models: a smaller one will follow.
  virtual void release_buffers() {}

  /// For messages: "cpu", "cuda:1".
  virtual std::string name() const { return "device"; }

  /// Tokens of the first batch where batches are sized by time: few for what may be slow.
  virtual std::int64_t first_tokens() const { return 1; }

  /// Fills embeddings.values [sequences, width]. Throws NonfiniteError when one is not finite,
  /// OutOfDeviceMemory when fewer sequences may fit, DeviceError when the device is lost.
  virtual void embed(EncoderKind encoder, const PackedBatch& batch, const BatchName& name,
                     Embeddings& embeddings) = 0;

  /// The same in FP32, unpacked, for sequences that embed() gave no finite values of. Throws
  /// PrecisionError where this is not possible or no other computation.
  virtual void embed_exactly(EncoderKind encoder, const PackedBatch& batch, const BatchName& name,
                             Embeddings& embeddings) = 0;

  /// features [n, both widths], scores [n, 2]: P(others), P(virus).
  virtual void classify(std::span<const float> features, std::span<float> scores) = 0;
};

}  // namespace virnucpro
