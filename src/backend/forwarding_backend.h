// The base of backends that watch or disturb another one: hands every call on to it.
#pragma once

#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "backend/backend.h"

namespace virnucpro {

/// pool_embeddings() stays the three operations it is made of, so that observers see them. Borrows
/// `inner`, which outlives it and is used only through it meanwhile. Weights, tables and memory are
/// those of `inner`: models prepared for one serve the other. Subclasses override what they change
/// and call the function of this class for the work itself.
class ForwardingBackend : public Backend {
 public:
  /// A pointer, never null: a reference to another ForwardingBackend would ask for a copy of it.
  explicit ForwardingBackend(Backend* inner) : inner_(*inner) {}
  ForwardingBackend(const ForwardingBackend&) = delete;
  ForwardingBackend& operator=(const ForwardingBackend&) = delete;

  std::string_view name() const override { return inner_.name(); }
  std::string description() const override { return inner_.description(); }
  DataType activation_type(Precision precision) const override {
    return inner_.activation_type(precision);
  }
  bool offers(Precision precision) const override { return inner_.offers(precision); }
  bool quantizes_activations(Precision precision) const override {
    return inner_.quantizes_activations(precision);
  }
  void bind_thread() override { inner_.bind_thread(); }
  void enter_layer(LayerMark mark) override { inner_.enter_layer(mark); }
  void set_stop(std::stop_token stop) override {
    inner_.set_stop(stop);
    Backend::set_stop(std::move(stop));
  }
  std::optional<BatchRoom> batch_room() const override { return inner_.batch_room(); }

  Buffer allocate(std::size_t bytes) override { return inner_.allocate(bytes); }
  void upload(const void* host, void* device, std::size_t bytes) override {
    inner_.upload(host, device, bytes);
  }
  void download(const void* device, void* host, std::size_t bytes) override {
    inner_.download(device, host, bytes);
  }

 protected:
  Backend& inner() const { return inner_; }

  PlacedTensor do_place(const HostTensor& tensor) override { return inner_.place(tensor); }
  std::unique_ptr<ops::LinearWeight> do_prepare_linear(
      const HostTensor& weight, DataType type, std::span<const std::int32_t> kept) override {
    return inner_.prepare_linear(weight, type, kept);
  }
  std::unique_ptr<ops::LinearWeight> do_prepare_linear_parts(
      std::span<const HostTensor> parts, DataType type,
      std::span<const std::int32_t> kept) override {
    return inner_.prepare_linear(parts, type, kept);
  }
  std::unique_ptr<ops::LinearWeight> do_prepare_quantized(
      std::span<const QuantizedWeight> parts, std::span<const std::int32_t> kept) override {
    return inner_.prepare_quantized(parts, kept);
  }
  void do_embedding_lookup(const ops::EmbeddingLookup& op) override { inner_.embedding_lookup(op); }
  void do_linear(const ops::Linear& op) override { inner_.linear(op); }
  void do_layer_norm(const ops::LayerNorm& op) override { inner_.layer_norm(op); }
  void do_attention_packed(const ops::Attention& op) override { inner_.attention_packed(op); }
  void do_attention_padded(const ops::Attention& op) override { inner_.attention_padded(op); }
  void do_gated_gelu(const ops::GatedGelu& op) override { inner_.gated_gelu(op); }
  void do_mean_pool(const ops::MeanPool& op) override { inner_.mean_pool(op); }
  void do_softmax(const ops::Softmax& op) override { inner_.softmax(op); }
  ops::NonfiniteCount do_count_nonfinite(const ops::CountNonfinite& op) override {
    return inner_.count_nonfinite(op);
  }
  void do_convert(const ops::Convert& op) override { inner_.convert(op); }

 private:
  Backend& inner_;
};

}  // namespace virnucpro
