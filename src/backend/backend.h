// The interface every compute backend implements: the operations and the memory they work on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "ops/attention.h"
#include "ops/convert.h"
#include "ops/count_nonfinite.h"
#include "ops/embedding_lookup.h"
#include "ops/gated_gelu.h"
#include "ops/layer_norm.h"
#include "ops/linear.h"
#include "ops/mean_pool.h"
#include "ops/softmax.h"
#include "tensor/buffer.h"
#include "tensor/host_tensor.h"
#include "tensor/precision.h"

namespace virnucpro {

/// A weight table or vector where its device can read it; keeps its storage alive.
struct PlacedTensor {
  ConstMatrix matrix;
  std::shared_ptr<const void> owner;

  /// The elements as a float32 vector; throws ContractError for another type.
  ConstFloats floats() const;
};

/// Where in an encoder the operations that follow belong: "embedding", "layer" with its number from
/// 0, "final norm", "pooling". The text is a literal.
struct LayerMark {
  std::string_view part;
  std::int64_t number = 0;

  bool operator==(const LayerMark&) const = default;
};

/// What bounds the batches of one backend, where its memory is not the host's.
struct BatchRoom {
  std::uint64_t bytes = 0;       ///< that its activations may take, beside those of its siblings
  std::int64_t most_tokens = 0;  ///< from which on larger batches gain nothing
};

/// One execution context on one device: used by one thread at a time, any number may live side by
/// side. Public operations validate (ContractError), then call the private virtual one. Results of
/// a row depend neither on the other rows nor on their number nor on the number of threads.
class Backend {
 public:
  virtual ~Backend() = default;

  /// The registered name: "cpu", "reference".
  virtual std::string_view name() const = 0;
  /// One line for people: processor, instruction set, threads.
  virtual std::string description() const = 0;
  /// The type of activations when weights have precision `precision`.
  virtual DataType activation_type(Precision precision) const = 0;
  /// To be called by a thread that from now on works for this backend alone: it may be kept near
  /// the memory that it will use.
  virtual void bind_thread() {}
  /// Called by the encoders on the way; for those who watch, it changes no result.
  virtual void enter_layer(LayerMark) {}
  /// From now on dense layers, attention and the preparing of weights end with Interrupted, soon
  /// after `stop` is requested: what takes long looks at it on the way. Weights and backend stay
  /// whole, and usable once another token is set. Not while an operation runs.
  virtual void set_stop(std::stop_token stop) { stop_ = std::move(stop); }
  /// Asked once the models are prepared. Absent: activations are in host memory (base/memory.h).
  virtual std::optional<BatchRoom> batch_room() const { return std::nullopt; }

  /// Uninitialised device memory. Throws OutOfDeviceMemory.
  virtual Buffer allocate(std::size_t bytes) = 0;
  /// Copies from and to host memory; return when the host side may be reused.
  virtual void upload(const void* host, void* device, std::size_t bytes) = 0;
  virtual void download(const void* device, void* host, std::size_t bytes) = 0;

  /// A matrix [v, d] or vector [d] of a floating type, in place where host memory will do.
  PlacedTensor place(const HostTensor& tensor);

  /// Weight [n, k] of any floating type, to be multiplied in `type`: a floating one, or int8 with
  /// the rounding of ops/linear.h. May keep `weight` alive and use its storage in place.
  std::unique_ptr<ops::LinearWeight> prepare_linear(const HostTensor& weight, DataType type);

  /// The same for a weight whose rows come in parts, one below the other.
  std::unique_ptr<ops::LinearWeight> prepare_linear(std::span<const HostTensor> parts,
                                                    DataType type);

  void embedding_lookup(const ops::EmbeddingLookup& op);
  void linear(const ops::Linear& op);
  void layer_norm(const ops::LayerNorm& op);
  void attention_packed(const ops::Attention& op);
  void attention_padded(const ops::Attention& op);
  void gated_gelu(const ops::GatedGelu& op);
  void mean_pool(const ops::MeanPool& op);
  void softmax(const ops::Softmax& op);
  ops::NonfiniteCount count_nonfinite(const ops::CountNonfinite& op);
  void convert(const ops::Convert& op);

  /// mean_pool, its output's copy in `values` and count_nonfinite of it, as the three would give
  /// one after the other; but the host waits for the device once. Host memory: values [sequences *
  /// d], rows [sequences] as in ops/count_nonfinite.h. op.output is contiguous.
  ops::NonfiniteCount pool_embeddings(const ops::MeanPool& op, std::span<float> values,
                                      std::span<std::int32_t> rows);

 protected:
  const std::stop_token& stop() const { return stop_; }

 private:
  virtual PlacedTensor do_place(const HostTensor& tensor) = 0;
  virtual std::unique_ptr<ops::LinearWeight> do_prepare_linear(const HostTensor& weight,
                                                               DataType type) = 0;
  /// Joins the parts; for backends that could use them in place to override.
  virtual std::unique_ptr<ops::LinearWeight> do_prepare_linear_parts(
      std::span<const HostTensor> parts, DataType type);
  virtual void do_embedding_lookup(const ops::EmbeddingLookup& op) = 0;
  virtual void do_linear(const ops::Linear& op) = 0;
  virtual void do_layer_norm(const ops::LayerNorm& op) = 0;
  virtual void do_attention_packed(const ops::Attention& op) = 0;
  virtual void do_attention_padded(const ops::Attention& op) = 0;
  virtual void do_gated_gelu(const ops::GatedGelu& op) = 0;
  virtual void do_mean_pool(const ops::MeanPool& op) = 0;
  virtual void do_softmax(const ops::Softmax& op) = 0;
  virtual ops::NonfiniteCount do_count_nonfinite(const ops::CountNonfinite& op) = 0;
  virtual void do_convert(const ops::Convert& op) = 0;
  /// Calls the three; for backends whose device is far away to override.
  virtual ops::NonfiniteCount do_pool_embeddings(const ops::MeanPool& op, std::span<float> values,
                                                 std::span<std::int32_t> rows);

  std::stop_token stop_;
};

}  // namespace virnucpro
