// Conversion between the floating types.
#include "backend/cuda/device/kernels/dispatch.cuh"
#include "backend/cuda/device/kernels/element.cuh"
#include "backend/cuda/device/kernels/kernels.h"
#include "backend/cuda/device/kernels/packs.cuh"

namespace virnucpro::cuda {
namespace {

template <typename TIn, typename TOut, int kPack>
__global__ void __launch_bounds__(kPackThreads)
    change_type(const TIn* input, std::int64_t input_stride, TOut* output,
                std::int64_t output_stride, std::int64_t rows, std::int64_t columns) {
  for_each_pack<kPack>(rows, columns, [&](std::int64_t row, std::int64_t column) {
    float v[kPack];
    load(input + row * input_stride + column, v);
    store(output + row * output_stride + column, v);
  });
}

}  // namespace

void launch_convert(const ConstMatrix& input, const Matrix& output, cudaStream_t stream) {
  if (output.rows == 0 || output.columns == 0) return;
  with_type(input.type, [&](auto input_tag) {
    with_type(output.type, [&](auto output_tag) {
      using TIn = typename decltype(input_tag)::Type;
      using TOut = typename decltype(output_tag)::Type;
      const auto run = [&](auto pack) {
        constexpr int kPack = decltype(pack)::value;
        change_type<TIn, TOut, kPack>
            <<<blocks_of(output.rows, output.columns, kPack), kPackThreads, 0, stream>>>(
                elements<TIn>(input), input.stride, elements<TOut>(output), output.stride,
                output.rows, output.columns);
      };
      if (has_packs(input, 4) && has_packs(output, 4)) {
        run(std::integral_constant<int, 4>{});
      } else {
        run(std::integral_constant<int, 1>{});
      }
    });
  });
}

}  // namespace virnucpro::cuda
