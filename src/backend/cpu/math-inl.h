// Vectorised exp, exp2, erf and the exact gelu; compiled once per instruction set.
//
// Polynomials are our own minimax fits (Remez exchange in 40 digits, relative weight); the forms
// follow Cody and Waite (range reduction of exp) and Abramowitz and Stegun 7.1.26 (erfc as
// t P(t) exp(-u^2) with t = 1 / (1 + p u)), whose five coefficients stop at 1.5e-7 absolute and
// lose all relative accuracy in the tail.
// Maximum errors over all targets, against double, asserted by tests/conformance/math_test.cc:
//   exp   1e-7 relative on [-87.3, 88.3]
//   exp2  2e-7 relative on [-126, 127]
//   erf   4e-7 absolute everywhere
//   gelu  7e-7 relative for v > -3, 5e-6 relative down to the smallest normal result at v = -13
#if defined(VIRNUCPRO_BACKEND_CPU_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef VIRNUCPRO_BACKEND_CPU_MATH_INL_H_
#undef VIRNUCPRO_BACKEND_CPU_MATH_INL_H_
#else
#define VIRNUCPRO_BACKEND_CPU_MATH_INL_H_
#endif

#include "hwy/highway.h"

// Loops over vectors in registers have constant bounds and must vanish.
#ifndef VIRNUCPRO_UNROLL_VECTORS
#ifdef __clang__
#define VIRNUCPRO_UNROLL_VECTORS _Pragma("unroll")
#else
#define VIRNUCPRO_UNROLL_VECTORS _Pragma("GCC unroll 8")
#endif
#endif

HWY_BEFORE_NAMESPACE();
namespace virnucpro {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// exp(x) for x <= 88: softmax and gelu never ask for more. Zero below -87.33 (where the result
/// would be subnormal), NaN for NaN.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp_bounded(D d, V x) {
  const hn::RebindToSigned<D> di;
  // Adding 1.5 * 2^23 leaves round(x / ln 2) in the low mantissa bits; the 127 on top of it makes
  // those bits the biased exponent of 2^n, so one shift builds the scale.
  const V magic = hn::Set(d, 12583039.0f);
  const V biased = hn::MulAdd(x, hn::Set(d, 1.44269504f), magic);
  const V n = hn::Sub(biased, magic);
  const V scale = hn::BitCast(d, hn::ShiftLeft<23>(hn::BitCast(di, biased)));
  // ln 2 in two parts: the first has 9 bits, so n times it is exact even without FMA.
  V r = hn::NegMulAdd(n, hn::Set(d, 0.693359375f), x);
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r);
  // exp(r) = 1 + r + r^2 p(r) on |r| <= ln 2 / 2; the fit is within 3.1e-9.
  V p = hn::Set(d, 1.381460246e-3f);
  p = hn::MulAdd(p, r, hn::Set(d, 8.368717157e-3f));
  p = hn::MulAdd(p, r, hn::Set(d, 4.166838799e-2f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.666652063e-1f));
  p = hn::MulAdd(p, r, hn::Set(d, 4.999999345e-1f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f));
  p = hn::MulAdd(p, r, hn::Set(d, 1.0f));
  return hn::IfThenZeroElse(hn::Lt(x, hn::Set(d, -87.33f)), hn::Mul(p, scale));
}

/// One step of Horner's rule for kCount polynomials: p = p * x + coefficient.
template <std::size_t kCount, class V>
HWY_INLINE void horner(V (&p)[kCount], const V (&x)[kCount], V coefficient) {
  VIRNUCPRO_UNROLL_VECTORS
  for (std::size_t i = 0; i < kCount; ++i) p[i] = hn::MulAdd(p[i], x[i], coefficient);
}

/// 2^x of kCount vectors, for x <= 127: zero below -126.5, NaN for NaN. For softmax, where errors
/// of the argument outweigh those of the fit. Step by step over all vectors: the steps of one wait
/// for each other, and an out-of-order core sees only some tens of operations ahead.
template <std::size_t kCount, class D, class V = hn::Vec<D>>
HWY_INLINE void exp2_bounded(D d, V (&x)[kCount]) {
  const hn::RebindToSigned<D> di;
  V scale[kCount];
  V p[kCount];
  const V floor = hn::Set(d, -127.0f);
  const V magic = hn::Set(d, 12583039.0f);  // as in exp_bounded
  VIRNUCPRO_UNROLL_VECTORS
  for (std::size_t i = 0; i < kCount; ++i) {
    // At -127 the scale below is zero. NaN must pass: x86 then returns the second operand.
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
    x[i] = hn::Max(floor, x[i]);
#else
    x[i] = hn::IfThenElse(hn::Lt(x[i], floor), floor, x[i]);
#endif
  }
  VIRNUCPRO_UNROLL_VECTORS
  for (std::size_t i = 0; i < kCount; ++i) scale[i] = hn::Add(x[i], magic);
  VIRNUCPRO_UNROLL_VECTORS
  for (std::size_t i = 0; i < kCount; ++i) x[i] = hn::Sub(x[i], hn::Sub(scale[i], magic));
  // 2^r on |r| <= 1 / 2; the fit is within 9.4e-8.
  VIRNUCPRO_UNROLL_VECTORS
  for (std::size_t i = 0; i < kCount; ++i) p[i] = hn::Set(d, 1.326951897e-3f);
  horner(p, x, hn::Set(d, 9.671291336e-3f));
  horner(p, x, hn::Set(d, 5.550710857e-2f));
  horner(p, x, hn::Set(d, 2.402224690e-1f));
  horner(p, x, hn::Set(d, 6.931470037e-1f));
  horner(p, x, hn::Set(d, 1.0f));
  VIRNUCPRO_UNROLL_VECTORS
  for (std::size_t i = 0; i < kCount; ++i) {
    x[i] = hn::Mul(p[i], hn::BitCast(d, hn::ShiftLeft<23>(hn::BitCast(di, scale[i]))));
  }
}

/// exp(x) for every x; infinity above 88.37.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V exp(D d, V x) {
  return hn::IfThenElse(hn::Gt(x, hn::Set(d, 88.37f)), hn::Inf(d), exp_bounded(d, x));
}

/// erfc(|v| / sqrt 2) / 2, the weight of the normal distribution beyond |v|. Zero above 13.2.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V normal_tail(D d, V v) {
  const V a = hn::Abs(v);
  const V one = hn::Set(d, 1.0f);
  const V t = hn::Div(one, hn::MulAdd(a, hn::Set(d, 0.3535533906f), one));  // p = 0.5
  // The fit is within 4.2e-8 relative for a <= 13.4.
  V p = hn::Set(d, -0.02944531651f);
  p = hn::MulAdd(p, t, hn::Set(d, 0.1418506354f));
  p = hn::MulAdd(p, t, hn::Set(d, -0.2426911243f));
  p = hn::MulAdd(p, t, hn::Set(d, 0.1379882235f));
  p = hn::MulAdd(p, t, hn::Set(d, -0.01258823448f));
  p = hn::MulAdd(p, t, hn::Set(d, 0.101034651f));
  p = hn::MulAdd(p, t, hn::Set(d, 0.1216305732f));
  p = hn::MulAdd(p, t, hn::Set(d, 0.1411767323f));
  p = hn::MulAdd(p, t, hn::Set(d, 0.1410438388f));
  const V e = exp_bounded(d, hn::Mul(hn::Mul(a, a), hn::Set(d, -0.5f)));
  return hn::Mul(hn::Mul(p, t), e);
}

/// erf(x), absolute accuracy: near zero the relative error grows.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V erf(D d, V x) {
  const V tail = normal_tail(d, hn::Mul(x, hn::Set(d, 1.41421356f)));
  return hn::CopySign(hn::NegMulAdd(hn::Set(d, 2.0f), tail, hn::Set(d, 1.0f)), x);
}

/// The exact gelu, v Phi(v), as max(v, 0) - |v| tail(|v|): no cancellation in the left tail. NaN
/// and infinities give NaN, so that a check for non-finite values still sees them.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V gelu(D d, V v) {
  const V positive = hn::Max(v, hn::Zero(d));
  return hn::NegMulAdd(hn::Abs(v), normal_tail(d, v), positive);
}

}  // namespace HWY_NAMESPACE
}  // namespace virnucpro
HWY_AFTER_NAMESPACE();

#endif  // VIRNUCPRO_BACKEND_CPU_MATH_INL_H_
