// A stand-in for a device whose memory the host cannot touch, on a machine that has none.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "backend/forwarding_backend.h"

namespace virnucpro::testing_support {

class SeparateMemory;

/// Computes with a backend on host memory, but gives out memory that faults at any access outside
/// an operation, upload() or download(), and accepts no other memory (ContractError). place()
/// copies. Only the views of an operation are opened to it.
class SeparateMemoryBackend final : public ForwardingBackend {
 public:
  explicit SeparateMemoryBackend(std::unique_ptr<Backend> inner);
  ~SeparateMemoryBackend() override;

  Buffer allocate(std::size_t bytes) override;
  void upload(const void* host, void* device, std::size_t bytes) override;
  void download(const void* device, void* host, std::size_t bytes) override;

 private:
  PlacedTensor do_place(const HostTensor& tensor) override;
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
  ops::NonfiniteCount do_pool_embeddings(const ops::MeanPool& op, std::span<float> values,
                                         std::span<std::int32_t> rows) override;

  std::unique_ptr<Backend> owned_;
  std::shared_ptr<SeparateMemory> memory_;
};

}  // namespace virnucpro::testing_support
