// A backend that looks at every output of another one: its magnitude, and whether it is finite.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "backend/forwarding_backend.h"

namespace virnucpro {

/// One operation of a batch and its output; padding is not counted.
struct ProbedOperation {
  LayerMark layer;
  std::string_view name;        ///< "linear"; a literal
  std::int64_t occurrence = 1;  ///< which one of its name in the layer, from 1
  std::int64_t nan = 0;
  std::int64_t infinite = 0;
  float largest = 0.0f;               ///< magnitude of the finite values
  std::int64_t largest_sequence = 0;  ///< number of the sequence that has it

  std::int64_t nonfinite() const { return nan + infinite; }
};

/// Results are those of the inner backend to the bit. It copies each output to the host and reads
/// it on one thread, so it is for diagnosis only. An output has a row per token or per sequence of
/// the batch.
class ProbeBackend final : public ForwardingBackend {
 public:
  using ForwardingBackend::ForwardingBackend;

  /// Forgets the last batch. To be called before each batch, with its sequences; their offsets must
  /// live until the batch is done.
  void begin(const ops::Sequences& sequences);

  /// What was computed since begin(), in order.
  const std::vector<ProbedOperation>& operations() const { return operations_; }
  /// Per sequence: the first of operations() with NaN or infinity in its rows; -1: none.
  std::span<const std::int32_t> first_nonfinite() const { return first_nonfinite_; }

  void enter_layer(LayerMark mark) override;
  /// Outputs must be of types that it can read.
  bool quantizes_activations(Precision /*precision*/) const override { return false; }

 protected:
  void do_embedding_lookup(const ops::EmbeddingLookup& op) override;
  void do_linear(const ops::Linear& op) override;
  void do_layer_norm(const ops::LayerNorm& op) override;
  void do_attention_packed(const ops::Attention& op) override;
  void do_attention_padded(const ops::Attention& op) override;
  void do_gated_gelu(const ops::GatedGelu& op) override;
  void do_mean_pool(const ops::MeanPool& op) override;
  void do_softmax(const ops::Softmax& op) override;
  void do_convert(const ops::Convert& op) override;

 private:
  void look(std::string_view name, const ConstMatrix& output);
  void look_at_rows(const ConstMatrix& output, std::int64_t begin, std::int64_t end,
                    std::int64_t sequence);

  ops::Sequences sequences_;
  std::int64_t token_rows_ = 0;  // padding included
  LayerMark layer_;
  std::size_t layer_begin_ = 0;  // its first operation
  std::vector<ProbedOperation> operations_;
  std::vector<std::int32_t> first_nonfinite_;
  std::vector<std::byte> block_;
  std::vector<float> row_;
};

}  // namespace virnucpro
