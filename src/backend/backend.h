// The interface every compute backend implements: the operations and the memory they work on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
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
#include "tensor/quantize.h"

namespace virnucpro {

/// A weight table or vector where its device can read it; keeps its storage alive.
struct PlacedTensor {
  ConstMatrix matrix;
  std::shared_ptr<const void> owner;

  /// The elements as a float32 vector; throws ContractError for another type.
  ConstFloats floats() const;
};

/// The part of an encoder that the operations which follow belong to: "embedding", "layer" with its
/// number from 0, "final norm" or "pooling". The text is a literal.
struct LayerMark {
  std::string_view part;
  std::int64_t number = 0;

  bool operator==(const LayerMark&) const = default;
};

/// What limits the batches of a backend whose memory is not the host's.
struct BatchRoom {
  std::uint64_t bytes = 0;       ///< for its activations, beside those of other backends
  std::int64_t most_tokens = 0;  ///< larger batches than this gain nothing
};

/// Computes one part of a batch on one of a backend's lanes.
using LaneBody = std::function<void(std::size_t part, std::size_t lane)>;

/// One execution context on one device: used by one thread at a time, any number may live side by
/// side. Public operations validate (ContractError), then call the private virtual one. Results of
/// a row depend neither on the other rows nor on their number nor on the number of threads.
class Backend {
 public:
  virtual ~Backend() = default;

  /// The registered name: "cpu", "reference".
  virtual std::string_view name() const = 0;
  /// One line for users: processor, instruction set, threads.
  virtual std::string description() const = 0;
  /// The type of activations when weights have precision `precision`.
  virtual DataType activation_type(Precision precision) const = 0;
  /// True where dense layers can be multiplied as `precision` says; all have all but fp8.
  virtual bool offers(Precision precision) const { return precision != Precision::kFp8; }
  /// True where operations may write the 8-bit inputs of the dense layers of `precision`
  /// themselves (`quantized` in ops/), which spares a pass over memory. Results are the same bits.
  virtual bool quantizes_activations(Precision /*precision*/) const { return false; }
  /// True where an encoder may look up what its first operations give for a token instead of
  /// computing it for every occurrence. Results are the same bits; observers of operations would
  /// miss some.
  virtual bool takes_token_tables() const { return false; }
  /// Backends of one thread each, on the threads of this one, that compute parts of a batch side by
  /// side, so that the activations of a part stay in a core's caches. Models prepared for this
  /// backend serve them. Empty: a batch is computed as a whole. They last as long as this backend.
  virtual std::span<Backend* const> lanes() { return {}; }
  /// Calls body(part, lane) for every part in [0, parts), one part at a time on each lane (a number
  /// of lanes()). Only where there are lanes. Throws the first error, Interrupted after a stop.
  virtual void run_on_lanes(std::size_t parts, const LaneBody& body);
  /// A thread calls this that from now on works for this backend alone: it may be kept near the
  /// memory that it will use.
  virtual void bind_thread() {}
  /// The encoders call this on their way. It is for observers and changes no result.
  virtual void enter_layer(LayerMark) {}
  /// From now on dense layers, attention and the preparing of weights throw Interrupted soon after
  /// `stop` is requested: long operations look at it on their way. Weights and backend stay whole,
  /// and usable once another token is set. Not to be called while an operation runs.
  virtual void set_stop(std::stop_token stop) { stop_ = std::move(stop); }
  /// Valid once the models are prepared. Absent: activations are in host memory (base/memory.h).
  virtual std::optional<BatchRoom> batch_room() const { return std::nullopt; }

  /// Uninitialised device memory. Throws OutOfDeviceMemory.
  virtual Buffer allocate(std::size_t bytes) = 0;
  /// Copies from and to host memory; return when the host side may be reused.
  virtual void upload(const void* host, void* device, std::size_t bytes) = 0;
  virtual void download(const void* device, void* host, std::size_t bytes) = 0;

  /// A matrix [v, d] or vector [d] of a floating type, in place where host memory will do.
  PlacedTensor place(const HostTensor& tensor);

  /// Weight [n, k] of any floating type, to be multiplied in `type`: a floating one, or int8 or
  /// float8_e4m3 (where the backend offers fp8) with the rounding of ops/linear.h. `kept`:
  /// ascending columns that an int8 weight keeps in float16; other types take none. May keep
  /// `weight` alive and use its storage in place.
  std::unique_ptr<ops::LinearWeight> prepare_linear(const HostTensor& weight, DataType type,
                                                    std::span<const std::int32_t> kept = {});

  /// The same for a weight whose rows come in parts, one below the other.
  std::unique_ptr<ops::LinearWeight> prepare_linear(std::span<const HostTensor> parts,
                                                    DataType type,
                                                    std::span<const std::int32_t> kept = {});

  /// A weight whose rows were rounded before, in parts, one below the other: int8, or float8_e4m3
  /// where the backend offers fp8. Results are the same bits as those of prepare_linear() of what
  /// was rounded. `kept`: the columns of QuantizedWeight::kept. May use the storage in place.
  std::unique_ptr<ops::LinearWeight> prepare_quantized(std::span<const QuantizedWeight> parts,
                                                       std::span<const std::int32_t> kept = {});

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

  /// Results are those of mean_pool, of a copy of its output to `values`, and of count_nonfinite on
  /// it, one after the other; but the host waits for the device only once. Host memory: values
  /// [sequences * d], rows [sequences] as in ops/count_nonfinite.h. op.output is contiguous.
  ops::NonfiniteCount pool_embeddings(const ops::MeanPool& op, std::span<float> values,
                                      std::span<std::int32_t> rows);

 protected:
  const std::stop_token& stop() const { return stop_; }

 private:
  virtual PlacedTensor do_place(const HostTensor& tensor) = 0;
  virtual std::unique_ptr<ops::LinearWeight> do_prepare_linear(
      const HostTensor& weight, DataType type, std::span<const std::int32_t> kept) = 0;
  /// Joins the parts. Backends that can use them in place override it.
  virtual std::unique_ptr<ops::LinearWeight> do_prepare_linear_parts(
      std::span<const HostTensor> parts, DataType type, std::span<const std::int32_t> kept);
  virtual std::unique_ptr<ops::LinearWeight> do_prepare_quantized(
      std::span<const QuantizedWeight> parts, std::span<const std::int32_t> kept) = 0;
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
  /// Calls the three operations. Backends whose device is far away override it.
  virtual ops::NonfiniteCount do_pool_embeddings(const ops::MeanPool& op, std::span<float> values,
                                                 std::span<std::int32_t> rows);

  std::stop_token stop_;
};

}  // namespace virnucpro
