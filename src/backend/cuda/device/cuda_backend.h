// The GPU backend: one stream of one device.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/backend.h"
#include "backend/cuda/attention_tiling.h"
#include "backend/cuda/device/device_state.h"
#include "backend/cuda/device/kernels/kernels.h"
#include "backend/cuda/device/linear_weight.h"
#include "backend/cuda/device/stream_memory.h"
#include "backend/rotary_tables.h"

namespace virnucpro::cuda {

/// Operations are enqueued and return; those that give values to the host wait. Activations may be
/// of any floating type; a product is computed in its weight's type, to which its input is rounded.
/// Heads have up to 1024 columns. Throws DeviceError when the device has failed; then every later
/// call fails, too.
class CudaBackend final : public Backend {
 public:
  explicit CudaBackend(std::shared_ptr<DeviceState> state);
  ~CudaBackend() override;

  std::string_view name() const override { return name_; }
  std::string description() const override;
  DataType activation_type(Precision precision) const override;
  bool offers(Precision precision) const override;
  bool quantizes_activations(Precision precision) const override;
  std::optional<BatchRoom> batch_room() const override;

  Buffer allocate(std::size_t bytes) override;
  void upload(const void* host, void* device, std::size_t bytes) override;
  void download(const void* device, void* host, std::size_t bytes) override;

 private:
  PlacedTensor do_place(const HostTensor& tensor) override;
  std::unique_ptr<ops::LinearWeight> do_prepare_linear(const HostTensor& weight, DataType type,
                                                       std::span<const std::int32_t> kept) override;
  std::unique_ptr<ops::LinearWeight> do_prepare_linear_parts(
      std::span<const HostTensor> parts, DataType type,
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
  ops::NonfiniteCount do_pool_embeddings(const ops::MeanPool& op, std::span<float> values,
                                         std::span<std::int32_t> rows) override;

  /// Where sequences begin and how they are cut, on the device. Kept as long as the same sequences
  /// are asked for, which is a whole batch.
  struct SequenceTables {
    std::vector<std::int32_t> offsets;  // as given
    std::int64_t row_length = -1;
    Scratch device_offsets;
    int query_rows = 0;  // 0: no tiles yet
    std::int64_t tile_count = 0;
    std::int64_t longest = 0;
    Scratch device_tiles;
  };
  struct Angles {
    std::int64_t positions = 0;
    Scratch memory;
  };

  void set_sequences(const ops::Sequences& sequences);
  void set_tiles(const ops::Sequences& sequences, int query_rows);
  const float2* angles(std::int64_t head_width, std::int64_t positions, int pack);
  void attend(const ops::Attention& op);
  /// Copies `tensor` to device memory in `type`, rows `columns` long in the source.
  void copy_in(const HostTensor& tensor, void* device, DataType type);
  ConstMatrix in_type(const ConstMatrix& input, DataType type);
  const void* bias_in(const ConstFloats& bias, DataType type);
  KeptWeights place_kept(std::span<const std::int32_t> kept, std::int64_t inputs,
                         std::int64_t outputs);
  /// Where the kept columns of `rows` rows of that type go.
  ColumnsOut taken_out(const KeptWeights& kept, std::int64_t rows, DataType type);
  void linear_int8(const ops::Linear& op);
  void linear_float8(const ops::Linear& op);
  /// The input in 8 bits, rows of `stride` values that follow each other or more.
  Float8Rows float8_input(const ops::Linear& op, std::int64_t stride);
  void* workspace() const { return workspace_.get(); }
  cudaStream_t queue() const { return stream_->get(); }
  void use() const { stream_->use(); }

  const std::shared_ptr<DeviceState> state_;
  const std::string name_;
  const std::shared_ptr<DeviceStream> stream_;
  Staging staging_;
  const std::shared_ptr<void> workspace_;  // of the products
  PinnedMemory results_;                   // embeddings on their way to the host
  std::size_t results_bytes_ = 0;
  SequenceTables sequences_;
  RotaryTables rotary_tables_;
  std::map<std::pair<std::int64_t, int>, Angles> angles_;  // by head width and pack
  Scratch ids_;
  Scratch checks_;
  Scratch converted_;
  Scratch bias_;
  Scratch product_;
  Scratch quantized_;
  Scratch scales_;
  Scratch kept_;
};

}  // namespace virnucpro::cuda
