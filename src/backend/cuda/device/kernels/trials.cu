// Helpers for choosing an algorithm: values to multiply, and the comparison of two results.
#include "backend/cuda/device/kernels/dispatch.cuh"
#include "backend/cuda/device/kernels/element.cuh"
#include "backend/cuda/device/kernels/float8.cuh"
#include "backend/cuda/device/kernels/kernels.h"

namespace virnucpro::cuda {
namespace {

constexpr int kThreads = 256;
constexpr unsigned kBlocks = 1024;

/// A mixing of bits: every bit of the input changes about half of the output's bits (C. Wellons,
/// "Prospecting for Hash Functions", 2018: lowbias32).
__device__ std::uint32_t mixed(std::uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352du;
  x ^= x >> 15;
  x *= 0x846ca68bu;
  return x ^ x >> 16;
}

/// The sum of four bytes: about normal, with deviation 1.
__device__ float normal(std::uint32_t i) {
  const std::uint32_t bits = mixed(i);
  const auto sum =
      static_cast<float>((bits & 255) + (bits >> 8 & 255) + (bits >> 16 & 255) + (bits >> 24));
  return (sum - 510.0f) / 147.8f;
}

template <typename T>
__global__ void fill(T* data, std::int64_t count) {
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < count;
       i += static_cast<std::int64_t>(kBlocks) * kThreads) {
    data[i] = narrow<T>(normal(static_cast<std::uint32_t>(i)));
  }
}

__global__ void fill_bytes(std::int8_t* data, std::int64_t count) {
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < count;
       i += static_cast<std::int64_t>(kBlocks) * kThreads) {
    data[i] = static_cast<std::int8_t>(mixed(static_cast<std::uint32_t>(i)) % 255 - 127);
  }
}

__global__ void fill_float8(std::uint8_t* data, std::int64_t count) {
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < count;
       i += static_cast<std::int64_t>(kBlocks) * kThreads) {
    const float v[1] = {normal(static_cast<std::uint32_t>(i))};
    store_float8(data + i, v, 1.0f);
  }
}

__global__ void compare(const std::uint16_t* a, const std::uint16_t* b, std::int64_t words,
                        std::int32_t* differs) {
  for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * kThreads + threadIdx.x; i < words;
       i += static_cast<std::int64_t>(kBlocks) * kThreads) {
    if (a[i] != b[i]) *differs = 1;
  }
}

}  // namespace

void launch_random_fill(void* data, DataType type, std::int64_t count, cudaStream_t stream) {
  if (type == DataType::kInt8) {
    fill_bytes<<<kBlocks, kThreads, 0, stream>>>(static_cast<std::int8_t*>(data), count);
    return;
  }
  if (type == DataType::kFloat8E4M3) {
    fill_float8<<<kBlocks, kThreads, 0, stream>>>(static_cast<std::uint8_t*>(data), count);
    return;
  }
  with_type(type, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    fill<T><<<kBlocks, kThreads, 0, stream>>>(static_cast<T*>(data), count);
  });
}

void launch_compare(const void* a, const void* b, std::int64_t words, std::int32_t* differs,
                    cudaStream_t stream) {
  cudaMemsetAsync(differs, 0, sizeof(*differs), stream);
  compare<<<kBlocks, kThreads, 0, stream>>>(static_cast<const std::uint16_t*>(a),
                                            static_cast<const std::uint16_t*>(b), words, differs);
}

}  // namespace virnucpro::cuda
