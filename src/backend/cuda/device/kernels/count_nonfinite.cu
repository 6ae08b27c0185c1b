// The search for NaN and infinity in each row of a matrix.
#include "backend/cuda/device/kernels/dispatch.cuh"
#include "backend/cuda/device/kernels/element.cuh"
#include "backend/cuda/device/kernels/kernels.h"
#include "backend/cuda/device/kernels/row_check.cuh"

namespace virnucpro::cuda {
namespace {

constexpr int kCheckThreads = 256;

template <typename T>
__global__ void __launch_bounds__(kCheckThreads)
    check_rows(const T* input, std::int64_t stride, std::int64_t columns, RowCheck* checks) {
  const std::int64_t row = blockIdx.x;
  RowCheck check = nothing();
  for (std::int64_t c = threadIdx.x; c < columns; c += kCheckThreads) {
    look(check, widen(input[row * stride + c]));
  }
  write_joined<kCheckThreads>(check, checks + row);
}

}  // namespace

void launch_check_rows(const ConstMatrix& input, RowCheck* checks, cudaStream_t stream) {
  if (input.rows == 0) return;
  with_type(input.type, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    check_rows<T><<<static_cast<unsigned>(input.rows), kCheckThreads, 0, stream>>>(
        elements<T>(input), input.stride, input.columns, checks);
  });
}

}  // namespace virnucpro::cuda
