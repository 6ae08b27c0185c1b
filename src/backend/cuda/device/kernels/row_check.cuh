// The search for NaN and infinity among the values of a row, shared by the threads of a block.
#pragma once

#include "backend/cuda/device/kernels/kernels.h"

namespace virnucpro::cuda {

__device__ __forceinline__ RowCheck nothing() { return {0, 0, INFINITY, -INFINITY}; }

__device__ __forceinline__ void look(RowCheck& check, float v) {
  if (isfinite(v)) {
    check.finite_min = fminf(check.finite_min, v);
    check.finite_max = fmaxf(check.finite_max, v);
  } else if (isnan(v)) {
    ++check.nan;
  } else {
    ++check.infinite;
  }
}

/// Joins the checks of all threads and has the first one write it.
template <int kThreads>
__device__ void write_joined(RowCheck check, RowCheck* to) {
  __shared__ RowCheck shared[kThreads / 32];
#pragma unroll
  for (int offset = 16; offset > 0; offset /= 2) {
    check.nan += __shfl_xor_sync(0xffffffffu, check.nan, offset);
    check.infinite += __shfl_xor_sync(0xffffffffu, check.infinite, offset);
    check.finite_min =
        fminf(check.finite_min, __shfl_xor_sync(0xffffffffu, check.finite_min, offset));
    check.finite_max =
        fmaxf(check.finite_max, __shfl_xor_sync(0xffffffffu, check.finite_max, offset));
  }
  if (threadIdx.x % 32 == 0) shared[threadIdx.x / 32] = check;
  __syncthreads();
  if (threadIdx.x != 0) return;
  for (int i = 1; i < kThreads / 32; ++i) {
    check.nan += shared[i].nan;
    check.infinite += shared[i].infinite;
    check.finite_min = fminf(check.finite_min, shared[i].finite_min);
    check.finite_max = fmaxf(check.finite_max, shared[i].finite_max);
  }
  *to = check;
}

}  // namespace virnucpro::cuda
