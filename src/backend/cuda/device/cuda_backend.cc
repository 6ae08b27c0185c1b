// Construction, memory and placement, and the operations that are one kernel each.
#include "backend/cuda/device/cuda_backend.h"

#include <algorithm>
#include <cstring>

#include "backend/cuda/device/kernels/kernels.h"
#include "backend/cuda/device/status.h"
#include "backend/cuda/plugin.h"
#include "base/check.h"
#include "base/format.h"

namespace virnucpro::cuda {
namespace {

// Ids and offsets of a batch take some hundred kilobytes; weights pass through in halves of it.
constexpr std::size_t kStagingBytes = std::size_t{32} << 20;
// Products of 16k rows fill every known device; larger ones only take more memory.
constexpr std::int64_t kMostTokens = 16384;
// What batches may use of the pool once models are loaded; the rest is for tables and gaps.
constexpr double kUsableShare = 0.85;

}  // namespace

CudaBackend::CudaBackend(std::shared_ptr<DeviceState> state)
    : state_(std::move(state)),
      name_(fmt::format("cuda:{}", state_->device)),
      stream_(std::make_shared<DeviceStream>(state_->device, state_->pool,
                                             [state = state_] { return state->context_share(); })),
      staging_(kStagingBytes),
      // Taken now, while there is room, because every product needs it.
      workspace_(DeviceStream::take(stream_, Products::kWorkspace)) {}

CudaBackend::~CudaBackend() {
  // Enqueued work may still use memory that is freed now.
  cudaSetDevice(state_->device);
  cudaStreamSynchronize(queue());
}

std::string CudaBackend::description() const {
  return fmt::format("{}, compute capability {}.{}, {:.0f} MiB for weights and batches",
                     state_->properties.name, state_->properties.major, state_->properties.minor,
                     static_cast<double>(state_->pool->capacity()) / (1 << 20));
}

DataType CudaBackend::activation_type(Precision precision) const { return weight_type(precision); }

bool CudaBackend::offers(Precision precision) const {
  return precision != Precision::kFp8 ||
         has_fp8(state_->properties.major, state_->properties.minor);
}

bool CudaBackend::quantizes_activations(Precision precision) const {
  return precision == Precision::kFp8 && offers(precision);
}

std::optional<BatchRoom> CudaBackend::batch_room() const {
  const std::size_t share = state_->context_share();
  const std::size_t left = share - std::min(share, stream_->used());
  return BatchRoom{.bytes = static_cast<std::uint64_t>(static_cast<double>(left) * kUsableShare),
                   .most_tokens = kMostTokens};
}

Buffer CudaBackend::allocate(std::size_t bytes) {
  use();
  return Buffer(DeviceStream::take(stream_, bytes), bytes);
}

void CudaBackend::upload(const void* host, void* device, std::size_t bytes) {
  use();
  staging_.copy_in(*stream_, host, device, bytes);
}

void CudaBackend::download(const void* device, void* host, std::size_t bytes) {
  use();
  staging_.copy_out(*stream_, device, host, bytes);
}

void CudaBackend::copy_in(const HostTensor& tensor, void* device, DataType type) {
  if (tensor.type == type) {
    staging_.copy_in(*stream_, tensor.data, device, tensor.bytes());
    return;
  }
  // In parts, so that no more than one of them is on the device in the type of the file.
  constexpr std::int64_t kPart = std::int64_t{4} << 20;  // elements
  const std::int64_t count = tensor.shape.elements();
  for (std::int64_t first = 0; first < count; first += kPart) {
    const std::int64_t part = std::min(kPart, count - first);
    void* staged = converted_.get(stream_, static_cast<std::size_t>(part) * size_of(tensor.type));
    staging_.copy_in(*stream_, tensor.data + static_cast<std::size_t>(first) * size_of(tensor.type),
                     staged, static_cast<std::size_t>(part) * size_of(tensor.type));
    auto* to = static_cast<std::byte*>(device) + static_cast<std::size_t>(first) * size_of(type);
    launch_convert({staged, tensor.type, 1, part, part}, {to, type, 1, part, part}, queue());
  }
  check_cuda(cudaGetLastError(), "convert");
}

PlacedTensor CudaBackend::do_place(const HostTensor& tensor) {
  use();
  const bool is_vector = tensor.shape.rank() == 1;
  const std::int64_t rows = is_vector ? 1 : tensor.shape[0];
  const std::int64_t columns = is_vector ? tensor.shape[0] : tensor.shape[1];
  const bool has_copies = is_vector && tensor.type == DataType::kFloat32;
  std::shared_ptr<void> memory =
      DeviceState::take(state_, has_copies ? PlacedVectors::bytes(columns) : tensor.bytes());
  copy_in(tensor, memory.get(), tensor.type);
  if (has_copies) {
    auto* floats = static_cast<float*>(memory.get());
    auto* bytes = static_cast<std::byte*>(memory.get());
    const ConstMatrix from{floats, DataType::kFloat32, 1, columns, columns};
    launch_convert(
        from,
        {bytes + PlacedVectors::half_offset(columns), DataType::kFloat16, 1, columns, columns},
        queue());
    launch_convert(
        from,
        {bytes + PlacedVectors::bfloat_offset(columns), DataType::kBFloat16, 1, columns, columns},
        queue());
    check_cuda(cudaGetLastError(), "convert");
    state_->vectors.add(floats, columns);
    memory = {floats, [state = state_, memory](void* vector) {
                state->vectors.remove(static_cast<const float*>(vector));
              }};
  }
  stream_->wait();  // other streams use it, too
  staging_.restart();
  return {{memory.get(), tensor.type, rows, columns, columns}, memory};
}

void CudaBackend::do_embedding_lookup(const ops::EmbeddingLookup& op) {
  use();
  auto* ids = ids_.get<std::int32_t>(stream_, op.ids.size);
  staging_.copy_in(*stream_, op.ids.data, ids, static_cast<std::size_t>(op.ids.size) * 4);
  launch_embedding_lookup(ids, op.table, op.addend.data, op.scale, op.output, queue());
  check_cuda(cudaGetLastError(), "look embeddings up");
}

void CudaBackend::do_layer_norm(const ops::LayerNorm& op) {
  use();
  launch_layer_norm(op.input, op.residual, op.gamma.data, op.beta.data, op.epsilon, op.output,
                    float8_rows(op.quantized), queue());
  check_cuda(cudaGetLastError(), "normalise");
}

void CudaBackend::do_gated_gelu(const ops::GatedGelu& op) {
  use();
  if (op.quantized.empty()) {
    launch_gated_gelu(op.input, op.output, queue());
  } else {
    launch_gated_float8(op.input, float8_rows(op.quantized), queue());
  }
  check_cuda(cudaGetLastError(), "compute gelu");
}

void CudaBackend::do_softmax(const ops::Softmax& op) {
  use();
  launch_softmax(op.input, op.output, queue());
  check_cuda(cudaGetLastError(), "compute softmax");
}

void CudaBackend::do_convert(const ops::Convert& op) {
  use();
  launch_convert(op.input, op.output, queue());
  check_cuda(cudaGetLastError(), "convert");
}

}  // namespace virnucpro::cuda
