// Rows rounded to 8-bit floats, as they are or with what comes before: an activation, or the gate.
#include "backend/cuda/device/kernels/dispatch.cuh"
#include "backend/cuda/device/kernels/element.cuh"
#include "backend/cuda/device/kernels/float8.cuh"
#include "backend/cuda/device/kernels/kernels.h"

namespace virnucpro::cuda {
namespace {

constexpr int kMostThreads = 256;

/// Where the values of a row come from: value(row, column) of each is rounded to T.
template <typename T, int kActivation>
struct Activated {
  using Element = T;
  const T* input;
  std::int64_t stride;

  template <int kPack>
  __device__ __forceinline__ void get(std::int64_t row, std::int64_t column,
                                      float (&v)[kPack]) const {
    load(input + row * stride + column, v);
#pragma unroll
    for (int j = 0; j < kPack; ++j) {
      if constexpr (kActivation == static_cast<int>(ops::Activation::kGelu)) {
        v[j] = sizeof(T) == 2 ? gelu_lean(v[j]) : gelu<T>(v[j]);
      }
      if constexpr (kActivation == static_cast<int>(ops::Activation::kRelu)) {
        v[j] = v[j] < 0.0f ? 0.0f : v[j];  // NaN stays NaN
      }
    }
  }
};

template <typename T>
struct Gated {
  using Element = T;
  const T* input;
  std::int64_t stride;
  std::int64_t width;

  template <int kPack>
  __device__ __forceinline__ void get(std::int64_t row, std::int64_t column,
                                      float (&v)[kPack]) const {
    float g[kPack];
    load(input + row * stride + column, g);
    load(input + row * stride + width + column, v);
#pragma unroll
    for (int j = 0; j < kPack; ++j) v[j] *= gelu<T>(g[j]);
  }
};

/// Rows of up to kItems * kPack * blockDim.x columns, a multiple of kPack: one block per row, whose
/// threads keep its values.
template <typename Source, int kPack, int kItems>
__global__ void __launch_bounds__(kMostThreads)
    short_rows(const Source source, const Float8Rows out, const int columns) {
  using T = typename Source::Element;
  __shared__ std::uint32_t shared[32];
  const std::int64_t row = blockIdx.x;
  const int first = static_cast<int>(threadIdx.x) * kPack;
  const int step = static_cast<int>(blockDim.x) * kPack;
  Elements<T, kPack> kept[kItems];
  Largest<T> largest;
#pragma unroll
  for (int i = 0; i < kItems; ++i) {
    const int column = first + i * step;
    if (column >= columns) continue;
    float v[kPack];
    source.get(row, column, v);
#pragma unroll
    for (int j = 0; j < kPack; ++j) kept[i].values[j] = narrow<T>(v[j]);
    largest.add(kept[i]);
  }
  const RowScale scale = float8_scale(block_largest(largest.bits(), shared));
  if (threadIdx.x == 0) out.scales[row] = scale.scale;
  if (scale.factor == 0.0f) {
#pragma unroll
    for (int i = 0; i < kItems; ++i) kept[i] = {};
  }
#pragma unroll
  for (int i = 0; i < kItems; ++i) {
    const int column = first + i * step;
    if (column >= columns) continue;
    float v[kPack];
#pragma unroll
    for (int j = 0; j < kPack; ++j) v[j] = widen(kept[i].values[j]);
    store_float8(out.values + row * out.stride + column, v, scale.factor);
  }
}

/// Rows of any width and layout, whose values are computed twice.
template <typename Source>
__global__ void __launch_bounds__(kMostThreads)
    long_rows(const Source source, const Float8Rows out, const std::int64_t columns) {
  using T = typename Source::Element;
  __shared__ std::uint32_t shared[32];
  const std::int64_t row = blockIdx.x;
  const auto value = [&](std::int64_t column) {
    float v[1];
    source.get(row, column, v);
    return widen(narrow<T>(v[0]));
  };
  std::uint32_t largest = 0;
  for (std::int64_t c = threadIdx.x; c < columns; c += kMostThreads) {
    largest = max(largest, magnitude_bits(value(c)));
  }
  const RowScale scale = float8_scale(block_largest(largest, shared));
  if (threadIdx.x == 0) out.scales[row] = scale.scale;
  for (std::int64_t c = threadIdx.x; c < out.filled; c += kMostThreads) {
    const float v[1] = {c < columns && scale.factor != 0.0f ? value(c) : 0.0f};
    store_float8(out.values + row * out.stride + c, v, scale.factor);
  }
}

/// Launches the kernel with the fewest items that hold the columns; false where none does.
template <int kPack, int kItems, int... kMore, typename Source>
bool launch_short(const Source& source, const Float8Rows& out, std::int64_t rows,
                  std::int64_t columns, cudaStream_t stream) {
  const std::int64_t packs = columns / kPack;
  if (packs <= std::int64_t{kItems} * kMostThreads) {
    // No more warps than have a pack in every item, or nearly so.
    const auto threads = static_cast<unsigned>((packs + kItems * 32 - 1) / (kItems * 32) * 32);
    short_rows<Source, kPack, kItems><<<static_cast<unsigned>(rows), threads, 0, stream>>>(
        source, out, static_cast<int>(columns));
    return true;
  }
  if constexpr (sizeof...(kMore) > 0) {
    return launch_short<kPack, kMore...>(source, out, rows, columns, stream);
  } else {
    return false;
  }
}

/// `has_packs`: the source's rows consist of whole packs.
template <typename Source>
void launch(const Source& source, bool has_packs, const Float8Rows& out, std::int64_t rows,
            std::int64_t columns, cudaStream_t stream) {
  using T = typename Source::Element;
  // Models that run in fp8 have activations of float16; the others are for completeness.
  if constexpr (std::is_same_v<T, __half>) {
    constexpr int kPack = kPackOf<T>;
    // DNABERT-S (768, 3072 columns) takes 1 and 2 items, ESM-2 3B (2560, 10240) 2 and 5, 15B 10.
    if (has_packs && out.filled == columns && out.stride % kPack == 0 &&
        reinterpret_cast<std::uintptr_t>(out.values) % kPack == 0 &&
        launch_short<kPack, 1, 2, 5, 10>(source, out, rows, columns, stream)) {
      return;
    }
  }
  long_rows<<<static_cast<unsigned>(rows), kMostThreads, 0, stream>>>(source, out, columns);
}

}  // namespace

void launch_float8_rows(ops::Activation activation, const ConstMatrix& input, const Float8Rows& out,
                        cudaStream_t stream) {
  if (input.rows == 0 || input.columns == 0) return;
  with_type(input.type, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    const auto run = [&](auto source) {
      launch(source, has_packs(input, kPackOf<T>), out, input.rows, input.columns, stream);
    };
    switch (activation) {
      case ops::Activation::kNone:
        return run(Activated<T, 0>{elements<T>(input), input.stride});
      case ops::Activation::kGelu:
        return run(Activated<T, 1>{elements<T>(input), input.stride});
      case ops::Activation::kRelu:
        return run(Activated<T, 2>{elements<T>(input), input.stride});
    }
  });
}

void launch_gated_float8(const ConstMatrix& input, const Float8Rows& out, cudaStream_t stream) {
  const std::int64_t width = input.columns / 2;
  if (input.rows == 0 || width == 0) return;
  with_type(input.type, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    // The second half of the input begins at a pack where the output consists of packs.
    launch(Gated<T>{elements<T>(input), input.stride, width},
           has_packs(input, kPackOf<T>) && width % kPackOf<T> == 0, out, input.rows, width, stream);
  });
}

}  // namespace virnucpro::cuda
