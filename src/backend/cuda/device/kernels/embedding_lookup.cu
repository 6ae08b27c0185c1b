// Embedding lookup: rows of a table, with an addend and a scale.
#include "backend/cuda/device/kernels/dispatch.cuh"
#include "backend/cuda/device/kernels/element.cuh"
#include "backend/cuda/device/kernels/kernels.h"
#include "backend/cuda/device/kernels/packs.cuh"

namespace virnucpro::cuda {
namespace {

template <typename TTable, typename TOut, int kPack>
__global__ void __launch_bounds__(kPackThreads)
    lookup(const std::int32_t* ids, const TTable* table, std::int64_t table_stride,
           const float* addend, float scale, TOut* output, std::int64_t output_stride,
           std::int64_t rows, std::int64_t columns) {
  for_each_pack<kPack>(rows, columns, [&](std::int64_t row, std::int64_t column) {
    float v[kPack];
    load(table + ids[row] * table_stride + column, v);
#pragma unroll
    for (int j = 0; j < kPack; ++j) {
      v[j] = scale * (v[j] + (addend == nullptr ? 0.0f : addend[column + j]));
    }
    store(output + row * output_stride + column, v);
  });
}

}  // namespace

void launch_embedding_lookup(const std::int32_t* ids, const ConstMatrix& table, const float* addend,
                             float scale, const Matrix& output, cudaStream_t stream) {
  if (output.rows == 0 || output.columns == 0) return;
  with_type(table.type, [&](auto table_tag) {
    with_type(output.type, [&](auto output_tag) {
      using TTable = typename decltype(table_tag)::Type;
      using TOut = typename decltype(output_tag)::Type;
      const auto run = [&](auto pack) {
        constexpr int kPack = decltype(pack)::value;
        lookup<TTable, TOut, kPack>
            <<<blocks_of(output.rows, output.columns, kPack), kPackThreads, 0, stream>>>(
                ids, elements<TTable>(table), table.stride, addend, scale, elements<TOut>(output),
                output.stride, output.rows, output.columns);
      };
      if (has_packs(table, 4) && has_packs(output, 4)) {
        run(std::integral_constant<int, 4>{});
      } else {
        run(std::integral_constant<int, 1>{});
      }
    });
  });
}

}  // namespace virnucpro::cuda
