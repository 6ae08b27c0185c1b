// Elements in registers: conversion to and from float, and several at once.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

namespace virnucpro::cuda {

__device__ __forceinline__ float widen(float v) { return v; }
__device__ __forceinline__ float widen(__half v) { return __half2float(v); }
__device__ __forceinline__ float widen(__nv_bfloat16 v) { return __bfloat162float(v); }

template <typename T>
__device__ __forceinline__ T narrow(float v);
template <>
__device__ __forceinline__ float narrow<float>(float v) {
  return v;
}
template <>
__device__ __forceinline__ __half narrow<__half>(float v) {
  return __float2half_rn(v);
}
template <>
__device__ __forceinline__ __nv_bfloat16 narrow<__nv_bfloat16>(float v) {
  return __float2bfloat16_rn(v);
}

/// kCount elements that are loaded and stored in one access; the address is a multiple of its size.
template <typename T, int kCount>
struct alignas(sizeof(T) * kCount) Elements {
  T values[kCount];
};

template <int kCount, typename T>
__device__ __forceinline__ void load(const T* from, float (&to)[kCount]) {
  const Elements<T, kCount> pack = *reinterpret_cast<const Elements<T, kCount>*>(from);
#pragma unroll
  for (int i = 0; i < kCount; ++i) to[i] = widen(pack.values[i]);
}

template <int kCount, typename T>
__device__ __forceinline__ void store(T* to, const float (&from)[kCount]) {
  Elements<T, kCount> pack;
#pragma unroll
  for (int i = 0; i < kCount; ++i) pack.values[i] = narrow<T>(from[i]);
  *reinterpret_cast<Elements<T, kCount>*>(to) = pack;
}

/// The same sum in every lane, added in a fixed order.
__device__ __forceinline__ float warp_sum(float v) {
#pragma unroll
  for (int offset = 16; offset > 0; offset /= 2) v += __shfl_xor_sync(0xffffffffu, v, offset);
  return v;
}

__device__ __forceinline__ float warp_max(float v) {
#pragma unroll
  for (int offset = 16; offset > 0; offset /= 2) {
    v = fmaxf(v, __shfl_xor_sync(0xffffffffu, v, offset));
  }
  return v;
}

/// The sum over a block of whole warps, at most 32; `shared` has room for 32 and may be reused
/// after the next barrier.
__device__ __forceinline__ float block_sum(float v, float* shared) {
  v = warp_sum(v);
  const int warps = static_cast<int>(blockDim.x) / 32;
  __syncthreads();
  if (threadIdx.x % 32 == 0) shared[threadIdx.x / 32] = v;
  __syncthreads();
  float sum = 0.0f;
  for (int i = 0; i < warps; ++i) sum += shared[i];
  return sum;
}

__device__ __forceinline__ float block_max(float v, float* shared) {
  v = warp_max(v);
  const int warps = static_cast<int>(blockDim.x) / 32;
  __syncthreads();
  if (threadIdx.x % 32 == 0) shared[threadIdx.x / 32] = v;
  __syncthreads();
  float largest = shared[0];
  for (int i = 1; i < warps; ++i) largest = fmaxf(largest, shared[i]);
  return largest;
}

/// The exact gelu, x * Phi(x). Float32 takes the library's erf; the narrower types one with an
/// error of at most 1.5e-7 (Abramowitz and Stegun, 7.1.26), of the tail itself, so that large
/// negative values keep their relative accuracy. No branch: the library's would cost as much as the
/// memory.
__device__ __forceinline__ float gelu_exact(float x) { return x * normcdff(x); }

__device__ __forceinline__ float gelu_short(float x) {
  const float a = fabsf(x) * 0.70710678118654752f;
  const float t = __fdividef(1.0f, fmaf(0.3275911f, a, 1.0f));
  const float p =
      t * fmaf(t,
               fmaf(t, fmaf(t, fmaf(t, 1.061405429f, -1.453152027f), 1.421413741f), -0.284496736f),
               0.254829592f);
  const float tail = 0.5f * p * __expf(-a * a);
  return x * (x < 0.0f ? tail : 1.0f - tail);
}

/// gelu_short() in fewer instructions, for results that are rounded to 8 bits next. Infinity may
/// become NaN.
__device__ __forceinline__ float gelu_lean(float x) {
  const float a = fabsf(x);
  float t;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(t) : "f"(fmaf(0.3275911f * 0.70710678f, a, 1.0f)));
  float e;  // exp(-x^2 / 2)
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(e) : "f"(x * x * (-0.5f * 1.4426950408889634f)));
  float p = fmaf(t, 0.5f * 1.061405429f, 0.5f * -1.453152027f);
  p = fmaf(t, p, 0.5f * 1.421413741f);
  p = fmaf(t, p, 0.5f * -0.284496736f);
  p = fmaf(t, p, 0.5f * 0.254829592f);
  return fmaf(-a, p * t * e, fmaxf(x, 0.0f));
}

template <typename T>
__device__ __forceinline__ float gelu(float x) {
  if constexpr (sizeof(T) == 4) {
    return gelu_exact(x);
  } else {
    return gelu_short(x);
  }
}

}  // namespace virnucpro::cuda
