// What one device worker can do: embed a batch, and classify features.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "models/encoder.h"
#include "models/encoder_kind.h"
#include "tensor/packed_batch.h"

namespace virnucpro {

/// The name of a batch in error messages. `ids` is called only for a message.
struct BatchName {
  std::uint64_t number = 0;
  std::function<std::vector<std::string>()> ids;
};

/// Used by one thread at a time. Results of a sequence do not depend on its batch.
class Engine {
 public:
  virtual ~Engine() = default;

  /// The thread that will use it for a whole run calls this first.
  virtual void start() {}

  /// Frees what it holds for batches beside the models, because a smaller one will follow.
  virtual void release_buffers() {}

  /// The name in messages: "cpu", "cuda:1".
  virtual std::string name() const { return "device"; }

  /// Tokens of the first batch where batches are sized by time: few for engines that may be slow.
  virtual std::int64_t first_tokens() const { return 1; }

  /// Fills embeddings.values [sequences, width]. Throws NonfiniteError when a value is not finite,
  /// OutOfDeviceMemory when fewer sequences may fit, DeviceError when the device is lost.
  virtual void embed(EncoderKind encoder, const PackedBatch& batch, const BatchName& name,
                     Embeddings& embeddings) = 0;

  /// The same in FP32, unpacked, for sequences for which embed() gave values that are not finite.
  /// Throws PrecisionError where this is not possible, or would be the same computation.
  virtual void embed_exactly(EncoderKind encoder, const PackedBatch& batch, const BatchName& name,
                             Embeddings& embeddings) = 0;

  /// features [n, both widths], scores [n, 2]: P(others), P(virus).
  virtual void classify(std::span<const float> features, std::span<float> scores) = 0;
};

}  // namespace virnucpro
