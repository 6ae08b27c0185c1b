// Lets code on host memory call a backend whose memory is elsewhere, and checks what that writes.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "backend/forwarding_backend.h"

namespace virnucpro::testing_support {

class DeviceRanges;

/// Every view that is not memory of the inner backend (allocate(), place()) is host memory: each
/// operation copies it to the device with guards around it, at the same offset from a 64-byte
/// boundary, and back. Views that overlap still overlap there. Throws ContractError that names the
/// byte when anything except the elements of the output was changed: an input, the gap between
/// columns and stride, or up to 256 bytes before and after.
class DeviceMirror final : public ForwardingBackend {
 public:
  explicit DeviceMirror(std::unique_ptr<Backend> inner);
  ~DeviceMirror() override;

  Buffer allocate(std::size_t bytes) override;

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
  /// The inner backend's own, unlike ForwardingBackend's.
  ops::NonfiniteCount do_pool_embeddings(const ops::MeanPool& op, std::span<float> values,
                                         std::span<std::int32_t> rows) override;

  std::unique_ptr<Backend> owned_;
  std::shared_ptr<DeviceRanges> ranges_;
};

}  // namespace virnucpro::testing_support
