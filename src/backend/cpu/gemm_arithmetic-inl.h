// What a register tile of our own matrix product multiplies and sums, and its shape; compiled once
// per instruction set.
#if defined(VIRNUCPRO_BACKEND_CPU_GEMM_ARITHMETIC_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef VIRNUCPRO_BACKEND_CPU_GEMM_ARITHMETIC_INL_H_
#undef VIRNUCPRO_BACKEND_CPU_GEMM_ARITHMETIC_INL_H_
#else
#define VIRNUCPRO_BACKEND_CPU_GEMM_ARITHMETIC_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace virnucpro {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// The sums fill the vector registers except for the operands: 12 x 2 of 32, or 6 x 2 of 16. Both
// hide the latency of the fused multiply-add (4 cycles, 2 per cycle).
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SSSE3
constexpr std::size_t kTileRows = 6;
#else
constexpr std::size_t kTileRows = 12;
#endif
constexpr std::size_t kTileVectors = 2;

// Bytes of a strip that stay in L1 (32 KB at least on every current processor), beside the rows
// that stream past.
constexpr std::size_t kStripBytes = std::size_t{20} * 1024;

HWY_INLINE std::size_t strip_columns() {
  return kTileVectors * hn::Lanes(hn::ScalableTag<float>());
}

/// Elements of `depth` in one block. Blocks are equal; the last one may be a few elements shorter.
HWY_INLINE std::size_t depth_block(std::size_t depth) {
  const std::size_t most = kStripBytes / (4 * strip_columns());
  const std::size_t blocks = (depth + most - 1) / most;
  return blocks == 0 ? 1 : (depth + blocks - 1) / blocks;
}

using FloatSums = hn::ScalableTag<float>;
using WholeSums = hn::ScalableTag<std::int32_t>;

/// Products of float32, summed with fused multiply-adds.
struct FloatArithmetic {
  using Element = float;
  using Sums = FloatSums;
  using Operand = hn::Vec<FloatSums>;
  static HWY_INLINE hn::Vec<Sums> multiply_add(Operand left, Operand right, hn::Vec<Sums> sum) {
    return hn::MulAdd(left, right, sum);
  }
};

/// Products of int16 pairs, both added to the int32 sum of their lane.
struct PairArithmetic {
  using Element = std::int32_t;
  using Sums = WholeSums;
  using Operand = hn::Vec<WholeSums>;
  static HWY_INLINE hn::Vec<Sums> multiply_add(Operand left, Operand right, hn::Vec<Sums> sum) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
    const hn::Repartition<std::int16_t, Sums> d16;
    hn::Vec<Sums> unused = sum;
    return hn::ReorderWidenMulAccumulate(Sums(), hn::BitCast(d16, left), hn::BitCast(d16, right),
                                         sum, unused);
#else
    const auto lower = [&](Operand v) HWY_ATTR { return hn::ShiftRight<16>(hn::ShiftLeft<16>(v)); };
    const auto upper = [&](Operand v) HWY_ATTR { return hn::ShiftRight<16>(v); };
    sum = hn::Add(sum, hn::Mul(lower(left), lower(right)));
    return hn::Add(sum, hn::Mul(upper(left), upper(right)));
#endif
  }
};

/// Products of four unsigned bytes (left) and four signed ones (right), all added to the int32 sum
/// of their lane. On x86 only where gemm_takes_quads(): Highway 1.0 has neither of VNNI's forms,
/// and an instruction by its name needs no target attribute on the templates around it.
struct QuadArithmetic {
  using Element = std::int32_t;
  using Sums = WholeSums;
  using Operand = hn::Vec<WholeSums>;
  static HWY_INLINE hn::Vec<Sums> multiply_add(Operand left, Operand right, hn::Vec<Sums> sum) {
#if HWY_TARGET == HWY_AVX3
    asm("vpdpbusd %2, %1, %0" : "+v"(sum.raw) : "v"(left.raw), "v"(right.raw));
    return sum;
#elif HWY_TARGET == HWY_AVX2
    asm("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum.raw) : "x"(left.raw), "x"(right.raw));
    return sum;
#else
    const hn::RebindToUnsigned<Sums> du;
    const auto add = [&](auto shift) HWY_ATTR {
      constexpr int kShift = decltype(shift)::value;
      const auto byte = hn::ShiftRight<24>(hn::ShiftLeft<24 - kShift>(hn::BitCast(du, left)));
      const auto factor = hn::ShiftRight<24>(hn::ShiftLeft<24 - kShift>(right));
      sum = hn::Add(sum, hn::Mul(hn::BitCast(Sums(), byte), factor));
    };
    add(std::integral_constant<int, 0>());
    add(std::integral_constant<int, 8>());
    add(std::integral_constant<int, 16>());
    add(std::integral_constant<int, 24>());
    return sum;
#endif
  }
};

/// Products of bfloat16 pairs, both added to the float32 sum of their lane; on x86 only where
/// gemm_takes_bfloat16(). The instruction takes and gives no subnormal numbers.
struct BFloat16Arithmetic {
  using Element = std::int32_t;
  using Sums = FloatSums;
  using Operand = hn::Vec<WholeSums>;
  static HWY_INLINE hn::Vec<Sums> multiply_add(Operand left, Operand right, hn::Vec<Sums> sum) {
#if HWY_TARGET == HWY_AVX3
    asm("vdpbf16ps %2, %1, %0" : "+v"(sum.raw) : "v"(left.raw), "v"(right.raw));
    return sum;
#else
    const auto upper = [&](Operand v) HWY_ATTR {
      return hn::BitCast(Sums(), hn::And(v, hn::Set(WholeSums(), -65536)));
    };
    const auto lower = [&](Operand v)
                           HWY_ATTR { return hn::BitCast(Sums(), hn::ShiftLeft<16>(v)); };
    sum = hn::MulAdd(upper(left), upper(right), sum);
    return hn::MulAdd(lower(left), lower(right), sum);
#endif
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace virnucpro
HWY_AFTER_NAMESPACE();

#endif  // VIRNUCPRO_BACKEND_CPU_GEMM_ARITHMETIC_INL_H_
