// Layer normalisation with an optional residual, written as it is, in 8 bits or both: one warp
// keeps a row in registers where it fits.
#include <type_traits>

#include "backend/cuda/device/kernels/dispatch.cuh"
#include "backend/cuda/device/kernels/element.cuh"
#include "backend/cuda/device/kernels/float8.cuh"
#include "backend/cuda/device/kernels/kernels.h"

namespace virnucpro::cuda {
namespace {

constexpr int kWarps = 4;  // rows of one block
constexpr int kLongThreads = 256;

template <typename T>
struct Arguments {
  const T* input;
  std::int64_t input_stride;
  const T* residual;  // may be null
  std::int64_t residual_stride;
  const float* gamma;
  const float* beta;
  float epsilon;
  T* output;  // null where only `quantized` is wanted
  std::int64_t output_stride;
  std::int64_t rows;
  std::int64_t columns;
  Float8Rows quantized;
};

/// What a lane keeps of its row: float32 sums, or the stored values themselves, since twice as many
/// of these fit in the registers.
template <typename T, int kPack, bool kHasResidual>
struct Kept {
  using Values = std::conditional_t<kHasResidual, float[kPack], Elements<T, kPack>>;
};

/// Rows of up to 32 * kPack * kItems columns, a multiple of kPack.
template <typename T, int kPack, int kItems, bool kHasResidual, bool kQuantizes>
__global__ void __launch_bounds__(kWarps * 32) short_rows(const Arguments<T> a) {
  const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * kWarps + threadIdx.x / 32;
  if (row >= a.rows) return;
  const int first = static_cast<int>(threadIdx.x % 32) * kPack;
  const int columns = static_cast<int>(a.columns);
  typename Kept<T, kPack, kHasResidual>::Values x[kItems] = {};
  const auto value = [&](int i, int j) {
    if constexpr (kHasResidual) {
      return x[i][j];
    } else {
      return widen(x[i].values[j]);
    }
  };
  // Calls f(i, column) for each pack of this lane.
  const auto for_each_pack = [&](auto&& f) {
#pragma unroll
    for (int i = 0; i < kItems; ++i) {
      const int column = first + i * 32 * kPack;
      if (column < columns) f(i, column);
    }
  };
  for_each_pack([&](int i, int column) {
    const T* from = a.input + row * a.input_stride + column;
    if constexpr (kHasResidual) {
      float r[kPack];
      load(from, x[i]);
      load(a.residual + row * a.residual_stride + column, r);
#pragma unroll
      for (int j = 0; j < kPack; ++j) x[i][j] += r[j];
    } else {
      x[i] = *reinterpret_cast<const Elements<T, kPack>*>(from);
    }
  });
  float sum = 0.0f;
  for_each_pack([&](int i, int) {
#pragma unroll
    for (int j = 0; j < kPack; ++j) sum += value(i, j);
  });
  const float mean = warp_sum(sum) / static_cast<float>(columns);
  float squares = 0.0f;
  for_each_pack([&](int i, int) {
#pragma unroll
    for (int j = 0; j < kPack; ++j) {
      const float d = value(i, j) - mean;
      squares = fmaf(d, d, squares);
    }
  });
  const float scale = 1.0f / sqrtf(warp_sum(squares) / static_cast<float>(columns) + a.epsilon);
  Largest<T> largest;
  for_each_pack([&](int i, int column) {
    float gamma[kPack];
    float beta[kPack];
    load(a.gamma + column, gamma);
    load(a.beta + column, beta);
    float y[kPack];
#pragma unroll
    for (int j = 0; j < kPack; ++j) y[j] = fmaf((value(i, j) - mean) * scale, gamma[j], beta[j]);
    if constexpr (!kQuantizes) {
      store(a.output + row * a.output_stride + column, y);
    } else {
      if (a.output != nullptr) store(a.output + row * a.output_stride + column, y);
      Elements<T, kPack> rounded;
#pragma unroll
      for (int j = 0; j < kPack; ++j) {
        rounded.values[j] = narrow<T>(y[j]);
        if constexpr (kHasResidual) x[i][j] = widen(rounded.values[j]);
      }
      if constexpr (!kHasResidual) x[i] = rounded;
      largest.add(rounded);
    }
  });
  if constexpr (kQuantizes) {
    const RowScale row_scale = float8_scale(warp_largest(largest.bits()));
    if (threadIdx.x % 32 == 0) a.quantized.scales[row] = row_scale.scale;
    for_each_pack([&](int i, int column) {
      float y[kPack];
#pragma unroll
      for (int j = 0; j < kPack; ++j) y[j] = row_scale.factor == 0.0f ? 0.0f : value(i, j);
      store_float8(a.quantized.values + row * a.quantized.stride + column, y, row_scale.factor);
    });
  }
}

/// Rows of any width and layout: one block per row, which it reads three times. Each thread writes
/// only what it alone has read, so output may be the input.
template <typename T>
__global__ void __launch_bounds__(kLongThreads) long_rows(const Arguments<T> a) {
  __shared__ float shared[32];
  const std::int64_t row = blockIdx.x;
  const T* input = a.input + row * a.input_stride;
  const T* residual = a.residual == nullptr ? nullptr : a.residual + row * a.residual_stride;
  const auto value = [&](std::int64_t c) {
    return widen(input[c]) + (residual == nullptr ? 0.0f : widen(residual[c]));
  };
  const auto columns = static_cast<float>(a.columns);
  float sum = 0.0f;
  for (std::int64_t c = threadIdx.x; c < a.columns; c += kLongThreads) sum += value(c);
  const float mean = block_sum(sum, shared) / columns;
  float squares = 0.0f;
  for (std::int64_t c = threadIdx.x; c < a.columns; c += kLongThreads) {
    const float d = value(c) - mean;
    squares = fmaf(d, d, squares);
  }
  const float scale = 1.0f / sqrtf(block_sum(squares, shared) / columns + a.epsilon);
  const auto result = [&](std::int64_t c) {
    return narrow<T>(fmaf((value(c) - mean) * scale, a.gamma[c], a.beta[c]));
  };
  std::uint32_t largest = 0;
  for (std::int64_t c = threadIdx.x; c < a.columns; c += kLongThreads) {
    const T y = result(c);
    largest = max(largest, magnitude_bits(widen(y)));
    if (a.output != nullptr) a.output[row * a.output_stride + c] = y;
  }
  if (a.quantized.values == nullptr) return;
  __shared__ std::uint32_t shared_bits[32];
  const RowScale row_scale = float8_scale(block_largest(largest, shared_bits));
  if (threadIdx.x == 0) a.quantized.scales[row] = row_scale.scale;
  for (std::int64_t c = threadIdx.x; c < a.columns; c += kLongThreads) {
    // The input may be gone where it was the output.
    const T y = a.output != nullptr ? a.output[row * a.output_stride + c] : result(c);
    const float v[1] = {row_scale.factor == 0.0f ? 0.0f : widen(y)};
    store_float8(a.quantized.values + row * a.quantized.stride + c, v, row_scale.factor);
  }
}

/// Launches the kernel with the fewest items that hold the columns; false where none does.
template <bool kHasResidual, bool kQuantizes, typename T, int kPack, int kItems, int... kMore>
bool launch_short(const Arguments<T>& a, cudaStream_t stream) {
  if (a.columns <= 32 * kPack * kItems) {
    short_rows<T, kPack, kItems, kHasResidual, kQuantizes>
        <<<blocks_for(a.rows, kWarps), kWarps * 32, 0, stream>>>(a);
    return true;
  }
  if constexpr (sizeof...(kMore) > 0) {
    return launch_short<kHasResidual, kQuantizes, T, kPack, kMore...>(a, stream);
  } else {
    return false;
  }
}

bool is_aligned(const float* vector) { return reinterpret_cast<std::uintptr_t>(vector) % 32 == 0; }

}  // namespace

void launch_layer_norm(const ConstMatrix& input, const ConstMatrix& residual, const float* gamma,
                       const float* beta, float epsilon, const Matrix& output,
                       const Float8Rows& quantized, cudaStream_t stream) {
  if (input.rows == 0 || input.columns == 0) return;
  with_type(input.type, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    const Arguments<T> a{elements<T>(input),
                         input.stride,
                         elements<T>(residual),
                         residual.stride,
                         gamma,
                         beta,
                         epsilon,
                         elements<T>(output),
                         output.stride,
                         input.rows,
                         input.columns,
                         quantized};
    constexpr int kPack = kPackOf<T>;
    const bool quantizes = quantized.values != nullptr;
    const bool packs =
        has_packs(input, kPack) && (output.empty() || has_packs(output, kPack)) &&
        (residual.empty() || has_packs(residual, kPack)) && is_aligned(gamma) && is_aligned(beta) &&
        (!quantizes || (quantized.stride % kPack == 0 &&
                        reinterpret_cast<std::uintptr_t>(quantized.values) % kPack == 0));
    // ESM-2 3B (2560 columns of 16 bits) takes 10 items, 650M 5, DNABERT-S 3.
    const auto launch_packs = [&](auto has_residual) {
      constexpr bool kHasResidual = decltype(has_residual)::value;
      if (!quantizes) return launch_short<kHasResidual, false, T, kPack, 1, 2, 3, 5, 10>(a, stream);
      // Models that run in fp8 have activations of float16; other types take the plain kernel.
      if constexpr (std::is_same_v<T, __half>) {
        return launch_short<kHasResidual, true, T, kPack, 1, 2, 3, 5, 10>(a, stream);
      }
      return false;
    };
    if (packs &&
        (residual.empty() ? launch_packs(std::false_type{}) : launch_packs(std::true_type{}))) {
      return;
    }
    long_rows<T><<<static_cast<unsigned>(a.rows), kLongThreads, 0, stream>>>(a);
  });
}

}  // namespace virnucpro::cuda
