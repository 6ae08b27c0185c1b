// The gated GELU: one half of each row times the GELU of the other.
#include "backend/cuda/device/kernels/dispatch.cuh"
#include "backend/cuda/device/kernels/element.cuh"
#include "backend/cuda/device/kernels/kernels.h"
#include "backend/cuda/device/kernels/packs.cuh"

namespace virnucpro::cuda {
namespace {

template <typename T, int kPack>
__global__ void __launch_bounds__(kPackThreads)
    gate(const T* input, std::int64_t input_stride, T* output, std::int64_t output_stride,
         std::int64_t rows, std::int64_t columns) {
  for_each_pack<kPack>(rows, columns, [&](std::int64_t row, std::int64_t column) {
    float g[kPack];
    float v[kPack];
    load(input + row * input_stride + column, g);
    load(input + row * input_stride + columns + column, v);
#pragma unroll
    for (int j = 0; j < kPack; ++j) v[j] *= gelu<T>(g[j]);
    store(output + row * output_stride + column, v);
  });
}

}  // namespace

void launch_gated_gelu(const ConstMatrix& input, const Matrix& output, cudaStream_t stream) {
  if (output.rows == 0 || output.columns == 0) return;
  with_type(output.type, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    const auto run = [&](auto pack) {
      constexpr int kPack = decltype(pack)::value;
      gate<T, kPack><<<blocks_of(output.rows, output.columns, kPack), kPackThreads, 0, stream>>>(
          elements<T>(input), input.stride, elements<T>(output), output.stride, output.rows,
          output.columns);
    };
    // The second half of the input begins at a pack where the output consists of packs.
    if (has_packs(input, kPackOf<T>) && has_packs(output, kPackOf<T>)) {
      run(std::integral_constant<int, kPackOf<T>>{});
    } else {
      run(std::integral_constant<int, 1>{});
    }
  });
}

}  // namespace virnucpro::cuda
