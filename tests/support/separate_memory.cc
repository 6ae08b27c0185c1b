// Pages without access rights, opened for the time of one operation.
#include "support/separate_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/errors.h"

namespace virnucpro::testing_support {
namespace {

constexpr std::size_t kPage = 4096;

std::size_t whole_pages(std::size_t bytes) {
  return (std::max<std::size_t>(bytes, 1) + kPage - 1) / kPage * kPage;
}

}  // namespace

/// The allocations that are alive. Thread-safe.
class SeparateMemory {
 public:
  void* take(std::size_t bytes) {
    if (bytes > SIZE_MAX - kPage) throw OutOfDeviceMemory("separate memory: too much asked for");
    void* data = mmap(nullptr, whole_pages(bytes), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) throw OutOfDeviceMemory("separate memory: no room");
    const std::scoped_lock lock(mutex_);
    sizes_[reinterpret_cast<std::uintptr_t>(data)] = bytes;
    return data;
  }

  void free(void* data) {
    const std::scoped_lock lock(mutex_);
    const auto at = sizes_.find(reinterpret_cast<std::uintptr_t>(data));
    munmap(data, whole_pages(at->second));
    sizes_.erase(at);
  }

  /// The allocation that holds these bytes; ContractError where none does.
  std::pair<void*, std::size_t> holder_of(const void* data, std::size_t bytes) {
    const std::scoped_lock lock(mutex_);
    const auto address = reinterpret_cast<std::uintptr_t>(data);
    const auto after = sizes_.upper_bound(address);
    check(after != sizes_.begin(), "{} bytes are not memory of this device", bytes);
    const auto [begin, size] = *std::prev(after);
    check(address - begin <= size && bytes <= size - (address - begin),
          "{} bytes are not memory of this device, or end behind what was allocated", bytes);
    return {reinterpret_cast<void*>(begin), whole_pages(size)};
  }

 private:
  std::mutex mutex_;
  std::map<std::uintptr_t, std::size_t> sizes_;
};

namespace {

/// Opens what one operation may touch, as long as this lives.
class Opened {
 public:
  explicit Opened(SeparateMemory& memory) : memory_(memory) {}
  ~Opened() {
    for (const auto& [data, bytes] : open_) mprotect(data, bytes, PROT_NONE);
  }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;

  Opened& bytes(const void* data, std::size_t bytes) {
    if (data == nullptr || bytes == 0) return *this;
    const auto found = memory_.holder_of(data, bytes);
    check(mprotect(found.first, found.second, PROT_READ | PROT_WRITE) == 0, "mprotect failed");
    open_.push_back(found);
    return *this;
  }

  Opened& view(const ConstMatrix& matrix) {
    if (matrix.rows == 0 || matrix.columns == 0) return *this;
    const auto elements =
        static_cast<std::size_t>((matrix.rows - 1) * matrix.stride + matrix.columns);
    return bytes(matrix.data, elements * size_of(matrix.type));
  }

  Opened& view(const ConstFloats& vector) {
    return bytes(vector.data, static_cast<std::size_t>(vector.size) * sizeof(float));
  }

  Opened& view(const QuantizedMatrix& matrix) {
    return view(matrix.values).view(ConstFloats{matrix.scales, matrix.values.rows});
  }

 private:
  SeparateMemory& memory_;
  std::vector<std::pair<void*, std::size_t>> open_;
};

}  // namespace

SeparateMemoryBackend::SeparateMemoryBackend(std::unique_ptr<Backend> inner)
    : ForwardingBackend(inner.get()),
      owned_(std::move(inner)),
      memory_(std::make_shared<SeparateMemory>()) {}

SeparateMemoryBackend::~SeparateMemoryBackend() = default;

Buffer SeparateMemoryBackend::allocate(std::size_t bytes) {
  const auto release = [memory = memory_](void* p) { memory->free(p); };
  return Buffer(std::shared_ptr<void>(memory_->take(bytes), release), bytes);
}

void SeparateMemoryBackend::upload(const void* host, void* device, std::size_t bytes) {
  Opened opened(*memory_);
  opened.bytes(device, bytes);
  if (bytes > 0) std::memcpy(device, host, bytes);
}

void SeparateMemoryBackend::download(const void* device, void* host, std::size_t bytes) {
  Opened opened(*memory_);
  opened.bytes(device, bytes);
  if (bytes > 0) std::memcpy(host, device, bytes);
}

PlacedTensor SeparateMemoryBackend::do_place(const HostTensor& tensor) {
  const auto buffer = std::make_shared<Buffer>(allocate(tensor.bytes()));
  upload(tensor.data, buffer->data(), tensor.bytes());
  const bool vector = tensor.shape.rank() == 1;
  const std::int64_t rows = vector ? 1 : tensor.shape[0];
  const std::int64_t columns = vector ? tensor.shape[0] : tensor.shape[1];
  return {{buffer->data(), tensor.type, rows, columns, columns}, buffer};
}

void SeparateMemoryBackend::do_embedding_lookup(const ops::EmbeddingLookup& op) {
  Opened opened(*memory_);
  opened.view(op.table).view(op.addend).view(op.output);
  inner().embedding_lookup(op);
}

void SeparateMemoryBackend::do_linear(const ops::Linear& op) {
  Opened opened(*memory_);
  opened.view(op.input).view(op.bias).view(op.residual).view(op.output);
  opened.view(op.input_scales).view(op.quantized);
  inner().linear(op);
}

void SeparateMemoryBackend::do_layer_norm(const ops::LayerNorm& op) {
  Opened opened(*memory_);
  opened.view(op.input).view(op.residual).view(op.gamma).view(op.beta).view(op.output);
  opened.view(op.quantized);
  inner().layer_norm(op);
}

void SeparateMemoryBackend::do_attention_packed(const ops::Attention& op) {
  Opened opened(*memory_);
  opened.view(op.qkv).view(op.alibi_slopes).view(op.output);
  inner().attention_packed(op);
}

void SeparateMemoryBackend::do_attention_padded(const ops::Attention& op) {
  Opened opened(*memory_);
  opened.view(op.qkv).view(op.alibi_slopes).view(op.output);
  inner().attention_padded(op);
}

void SeparateMemoryBackend::do_gated_gelu(const ops::GatedGelu& op) {
  Opened opened(*memory_);
  opened.view(op.input).view(op.output).view(op.quantized);
  inner().gated_gelu(op);
}

void SeparateMemoryBackend::do_mean_pool(const ops::MeanPool& op) {
  Opened opened(*memory_);
  opened.view(op.input).view(op.output);
  inner().mean_pool(op);
}

void SeparateMemoryBackend::do_softmax(const ops::Softmax& op) {
  Opened opened(*memory_);
  opened.view(op.input).view(op.output);
  inner().softmax(op);
}

ops::NonfiniteCount SeparateMemoryBackend::do_count_nonfinite(const ops::CountNonfinite& op) {
  Opened opened(*memory_);
  opened.view(op.input);
  return inner().count_nonfinite(op);
}

void SeparateMemoryBackend::do_convert(const ops::Convert& op) {
  Opened opened(*memory_);
  opened.view(op.input).view(op.output);
  inner().convert(op);
}

ops::NonfiniteCount SeparateMemoryBackend::do_pool_embeddings(const ops::MeanPool& op,
                                                              std::span<float> values,
                                                              std::span<std::int32_t> rows) {
  Opened opened(*memory_);
  opened.view(op.input).view(op.output);
  return inner().pool_embeddings(op, values, rows);
}

}  // namespace virnucpro::testing_support
