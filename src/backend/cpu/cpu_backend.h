// The fast CPU backend: Highway kernels chosen at run time, and oneDNN for native
// bfloat16 and int8 products.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backend/cpu/host_memory.h"
#include "backend/rotary_tables.h"
#include "base/worker_group.h"

namespace virnucpro {

struct CpuLinearState;
class CpuLinearWeight;

/// Host memory, a team of threads of its own. Activations are float32 (ContractError otherwise);
/// tables and linear weights are float32, float16 or bfloat16. Scratch memory grows to the largest
/// batch seen and is then reused: a steady state allocates nothing.
class CpuBackend final : public Backend {
 public:
  /// `threads` 0: every core this process may use (affinity mask and control group quota). `cores`,
  /// unless empty: the threads stay on these, and so does the thread that calls bind_thread().
  /// Where the system refuses that, only speed is lost.
  explicit CpuBackend(std::size_t threads = 0, std::span<const int> cores = {});
  ~CpuBackend() override;

  std::string_view name() const override { return "cpu"; }
  /// Processor, the Highway target in use, threads: "AMD EPYC, AVX3, 2 threads".
  std::string description() const override;
  DataType activation_type(Precision precision) const override;
  bool takes_token_tables() const override { return true; }
  /// One per thread; made when they are first asked for.
  std::span<Backend* const> lanes() override;
  void run_on_lanes(std::size_t parts, const LaneBody& body) override;
  void bind_thread() override;

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

  void attend(const ops::Attention& op);
  void add_panels(CpuLinearWeight& weight, const HostTensor& stored, const std::byte* kept_rows);
  void pack_panels(CpuLinearWeight& weight);
  /// `tensor` itself where it is of that type and aligned for it, else a copy made by all workers.
  HostTensor converted(const HostTensor& tensor, DataType type);

  std::vector<int> cores_;  // the threads stay on these; empty: on all
  WorkerGroup workers_;
  std::vector<Scratch> scratch_;  // one per worker
  RotaryTables rotary_tables_;
  std::vector<ops::NonfiniteCount> counts_;  // one per worker
  std::unique_ptr<CpuLinearState> linear_state_;
  std::vector<std::unique_ptr<CpuBackend>> lane_backends_;
  std::vector<Backend*> lanes_;  // the same
};

}  // namespace virnucpro
