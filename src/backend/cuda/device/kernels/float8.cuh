// Rounding to 8-bit floats, as tensor/quantize.h defines it.
#pragma once

#include <cuda_fp16.h>
#include <cuda_fp8.h>

#include <cstdint>

#include "backend/cuda/device/kernels/element.cuh"
#include "tensor/quantize.h"

namespace virnucpro::cuda {

/// The magnitude as bits, where NaN and infinities are above all others.
__device__ __forceinline__ std::uint32_t magnitude_bits(float v) {
  return __float_as_uint(v) & 0x7fffffffu;
}

/// row_scale() of tensor/quantize.h for float8_e4m3, division by division. `largest`: the largest
/// magnitude_bits() of the row.
__device__ __forceinline__ RowScale float8_scale(std::uint32_t largest) {
  constexpr std::uint32_t kInfinity = 0x7f800000u;
  if (largest >= kInfinity) return {__int_as_float(0x7fffffff), 0.0f};
  const float magnitude = __uint_as_float(largest);
  if (magnitude < kLeastFloat8Magnitude) return {0.0f, 0.0f};
  return {__fdiv_rn(magnitude, kFloat8Limit), __fdiv_rn(kFloat8Limit, magnitude)};
}

/// The largest magnitude of values that are added pack by pack.
template <typename T>
class Largest {
 public:
  template <int kCount>
  __device__ __forceinline__ void add(const Elements<T, kCount>& pack) {
#pragma unroll
    for (int j = 0; j < kCount; ++j) bits_ = max(bits_, magnitude_bits(widen(pack.values[j])));
  }
  __device__ __forceinline__ std::uint32_t bits() const { return bits_; }

 private:
  std::uint32_t bits_ = 0;
};

/// Two at a time; a NaN stays.
template <>
class Largest<__half> {
 public:
  template <int kCount>
  __device__ __forceinline__ void add(const Elements<__half, kCount>& pack) {
    if constexpr (kCount % 2 != 0) {
#pragma unroll
      for (int j = 0; j < kCount; ++j) add(__half2half2(pack.values[j]));
    } else {
#pragma unroll
      for (int j = 0; j < kCount; j += 2) add(__half2{pack.values[j], pack.values[j + 1]});
    }
  }
  __device__ __forceinline__ std::uint32_t bits() const {
    return max(magnitude_bits(__low2float(pair_)), magnitude_bits(__high2float(pair_)));
  }

 private:
  __device__ __forceinline__ void add(__half2 pair) { pair_ = __hmax2_nan(pair_, __habs2(pair)); }

  __half2 pair_ = {__half(0.0f), __half(0.0f)};
};

/// Two values times `factor`, the first in the lower byte. Rows whose factor is 0 are zeros,
/// whatever is in them: that is for the caller to see.
__device__ __forceinline__ std::uint32_t float8_pair(float low, float high, float factor) {
  const float2 scaled = {__fmul_rn(low, factor), __fmul_rn(high, factor)};
  return __nv_cvt_float2_to_fp8x2(scaled, __NV_SATFINITE, __NV_E4M3);
}

/// Stores kCount values times `factor`; the address is a multiple of kCount.
template <int kCount>
__device__ __forceinline__ void store_float8(std::uint8_t* to, const float (&from)[kCount],
                                             float factor) {
  if constexpr (kCount == 1) {
    *to = static_cast<std::uint8_t>(float8_pair(from[0], 0.0f, factor));
  } else if constexpr (kCount == 4) {
    *reinterpret_cast<std::uint32_t*>(to) =
        float8_pair(from[0], from[1], factor) | float8_pair(from[2], from[3], factor) << 16;
  } else {
    static_assert(kCount == 8);
    uint2 words;
    words.x = float8_pair(from[0], from[1], factor) | float8_pair(from[2], from[3], factor) << 16;
    words.y = float8_pair(from[4], from[5], factor) | float8_pair(from[6], from[7], factor) << 16;
    *reinterpret_cast<uint2*>(to) = words;
  }
}

__device__ __forceinline__ std::uint32_t warp_largest(std::uint32_t bits) {
  return __reduce_max_sync(0xffffffffu, bits);
}

/// Over a block of whole warps; `shared` has room for 32.
__device__ __forceinline__ std::uint32_t block_largest(std::uint32_t bits, std::uint32_t* shared) {
  bits = warp_largest(bits);
  const int warps = static_cast<int>(blockDim.x) / 32;
  if (threadIdx.x % 32 == 0) shared[threadIdx.x / 32] = bits;
  __syncthreads();
  std::uint32_t largest = shared[0];
  for (int i = 1; i < warps; ++i) largest = max(largest, shared[i]);
  return largest;
}

}  // namespace virnucpro::cuda
