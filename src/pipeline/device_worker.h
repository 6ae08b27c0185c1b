// One device at work on the batches of a run, and its handling of faults.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/batch_pace.h"
#include "pipeline/engine.h"
#include "pipeline/faults.h"
#include "pipeline/feature_layout.h"
#include "pipeline/window.h"

namespace virnucpro {

/// Borrows engine and faults. Used by one thread. A DeviceError of its functions means that the
/// device is lost; another worker that makes the same call completes what this one left undone. It
/// reads all lanes of a window and writes what is computed.
class DeviceWorker {
 public:
  /// `clock` gives seconds since a fixed moment.
  DeviceWorker(Engine& engine, FeatureLayout layout, Faults& faults, std::function<double()> clock)
      : engine_(engine),
        layout_(layout),
        faults_(faults),
        clock_(std::move(clock)),
        pace_{{BatchPace(engine.first_tokens()), BatchPace(engine.first_tokens())}} {}

  /// How many of `members`, from the first, it would compute in about 20 seconds; at least one.
  std::size_t in_time(const Window& window, EncoderKind encoder,
                      std::span<const std::uint32_t> members) const;

  /// Computes `members`, items of the window's plan for that encoder, into the rows of features. A
  /// batch without room is halved. In a batch that is not finite the sequences at fault are found,
  /// computed in FP32, or settled as failed. Throws PrecisionError when the model can give no
  /// finite value.
  void embed(Window& window, EncoderKind encoder, std::span<const std::uint32_t> members,
             std::uint64_t batch_number);

  /// Computes scores from features, in as many pieces as memory requires.
  void classify(Window& window);

  double seconds(EncoderKind encoder) const { return seconds_[encoder]; }
  /// Tokens of whole batches, including those of failed sequences.
  std::uint64_t tokens(EncoderKind encoder) const { return tokens_[encoder]; }
  std::uint64_t batches() const { return batches_; }
  double classify_seconds() const { return classify_seconds_; }

 private:
  struct Batch;
  void compute(const Batch& batch, std::span<const std::uint32_t> members, bool is_part);
  void compute_alone(const Batch& batch, std::span<const std::uint32_t> member,
                     const std::string& first_error);
  void scatter(const Batch& batch, std::span<const std::uint32_t> members);
  void classify_rows(Window& window, std::size_t first, std::size_t count);

  Engine& engine_;
  FeatureLayout layout_;
  Faults& faults_;
  std::function<double()> clock_;
  PerEncoder<BatchPace> pace_;
  PackedBatch packed_;
  Embeddings embeddings_;
  PerEncoder<double> seconds_;
  PerEncoder<std::uint64_t> tokens_;
  std::uint64_t batches_ = 0;
  double classify_seconds_ = 0.0;
};

}  // namespace virnucpro
