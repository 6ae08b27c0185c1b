// The reference: every operation as plain scalar loops with double sums, never optimised.
#pragma once

#include "backend/backend.h"

namespace virnucpro {

/// Host memory, one thread. Every floating type may be read and written; sums, softmax, norms and
/// angles are double and only the stores round. activation_type is float32 for every precision.
class ReferenceBackend final : public Backend {
 public:
  std::string_view name() const override { return "reference"; }
  std::string description() const override { return "plain loops with double sums, 1 thread"; }
  DataType activation_type(Precision precision) const override;
  bool offers(Precision /*precision*/) const override { return true; }
  bool quantizes_activations(Precision precision) const override {
    return precision == Precision::kFp8;
  }

  Buffer allocate(std::size_t bytes) override;
  void upload(const void* host, void* device, std::size_t bytes) override;
  void download(const void* device, void* host, std::size_t bytes) override;

 private:
  PlacedTensor do_place(const HostTensor& tensor) override;
  std::unique_ptr<ops::LinearWeight> do_prepare_linear(const HostTensor& weight, DataType type,
                                                       std::span<const std::int32_t> kept) override;
  std::unique_ptr<ops::LinearWeight> do_prepare_quantized(
      std::span<const QuantizedWeight> parts, std::span<const std::int32_t> kept) override;
  void do_embedding_lookup(const ops::EmbeddingLookup& op) override;
  void do_linear(const ops::Linear& op) override;
  void do_layer_norm(const ops::LayerNorm& op) override;
  void do_attention_packed(const ops::Attention& op) override;
  void do_attention_padded(const ops::Attention& op) override;
  void do_gated_gelu(const ops::GatedGelu& op) override;
  void do_mean_pool(const ops::MeanPool& op) override;
  void do_softmax(const ops::Softmax& op) override;
  ops::NonfiniteCount do_count_nonfinite(const ops::CountNonfinite& op) override;
  void do_convert(const ops::Convert& op) override;
};

}  // namespace virnucpro
