// One head's part of a token matrix, gathered, scaled, rotated and turned; compiled once per
// instruction set.
#ifndef VIRNUCPRO_BACKEND_CPU_ATTENTION_ROWS_ONCE_H_
#define VIRNUCPRO_BACKEND_CPU_ATTENTION_ROWS_ONCE_H_
#include <cstddef>

#include "backend/rotary_tables.h"

namespace virnucpro {

/// One sequence and head. q, k, v point at the head's columns in the sequence's first row.
struct HeadTask {
  const float* q;
  const float* k;
  const float* v;
  std::size_t stride;  // floats between rows of q, k and v
  float* output;
  std::size_t output_stride;
  std::size_t length;         // tokens
  std::size_t width;          // of the head
  float scale;                // of queries
  float slope;                // of ALiBi, 0: none
  const RotaryTable* rotary;  // nullptr: none
};

}  // namespace virnucpro
#endif  // VIRNUCPRO_BACKEND_CPU_ATTENTION_ROWS_ONCE_H_

#if defined(VIRNUCPRO_BACKEND_CPU_ATTENTION_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef VIRNUCPRO_BACKEND_CPU_ATTENTION_ROWS_INL_H_
#undef VIRNUCPRO_BACKEND_CPU_ATTENTION_ROWS_INL_H_
#else
#define VIRNUCPRO_BACKEND_CPU_ATTENTION_ROWS_INL_H_
#endif

#include "backend/cpu/vector-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace virnucpro {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// to[c * to_stride + r] = from[r * from_stride + c] for all r < rows, c < columns.
HWY_NOINLINE void transpose(const float* from, std::size_t from_stride, std::size_t rows,
                            std::size_t columns, float* to, std::size_t to_stride) {
  std::size_t r = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::FixedTag<float, 4> d4;
  for (; r + 4 <= rows; r += 4) {
    const float* at = from + r * from_stride;
    std::size_t c = 0;
    for (; c + 4 <= columns; c += 4) {
      const auto r0 = hn::LoadU(d4, at + c);
      const auto r1 = hn::LoadU(d4, at + from_stride + c);
      const auto r2 = hn::LoadU(d4, at + 2 * from_stride + c);
      const auto r3 = hn::LoadU(d4, at + 3 * from_stride + c);
      const auto lower01 = hn::InterleaveLower(d4, r0, r1);
      const auto lower23 = hn::InterleaveLower(d4, r2, r3);
      const auto upper01 = hn::InterleaveUpper(d4, r0, r1);
      const auto upper23 = hn::InterleaveUpper(d4, r2, r3);
      float* column = to + c * to_stride + r;
      hn::StoreU(hn::ConcatLowerLower(d4, lower23, lower01), d4, column);
      hn::StoreU(hn::ConcatUpperUpper(d4, lower23, lower01), d4, column + to_stride);
      hn::StoreU(hn::ConcatLowerLower(d4, upper23, upper01), d4, column + 2 * to_stride);
      hn::StoreU(hn::ConcatUpperUpper(d4, upper23, upper01), d4, column + 3 * to_stride);
    }
    for (; c < columns; ++c) {
      for (std::size_t i = 0; i < 4; ++i) to[c * to_stride + r + i] = at[i * from_stride + c];
    }
  }
#endif
  for (; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) to[c * to_stride + r] = from[r * from_stride + c];
  }
}

/// Rows [first, first + rows) of queries, keys or values, times `scale`, as dense rows.
HWY_NOINLINE void copy_rows(const HeadTask& task, const float* from, std::size_t first,
                            std::size_t rows, float scale, float* to) {
  const hn::ScalableTag<float> d;
  const auto factor = hn::Set(d, scale);
  for (std::size_t i = 0; i < rows; ++i) {
    const float* row = from + (first + i) * task.stride;
    for_vectors(d, task.width, [&](std::size_t c, std::size_t lanes) HWY_ATTR {
      store_any(d, hn::Mul(factor, load_any(d, row + c, lanes)), to + i * task.width + c, lanes);
    });
  }
}

/// rotate_rows in vectors of one kind.
template <class D>
HWY_INLINE void rotate_rows_by(D d, const HeadTask& task, const float* from, std::size_t first,
                               std::size_t rows, float scale, float* to) {
  const std::size_t half = task.width / 2;
  const auto factor = hn::Set(d, scale);
  for (std::size_t i = 0; i < rows; ++i) {
    const float* row = from + (first + i) * task.stride;
    const float* cosine = task.rotary->cosine.data() + (first + i) * half;
    const float* sine = task.rotary->sine.data() + (first + i) * half;
    float* rotated = to + i * task.width;
    for_vectors(d, half, [&](std::size_t j, std::size_t lanes) HWY_ATTR {
      const auto u = hn::Mul(factor, load_any(d, row + j, lanes));
      const auto v = hn::Mul(factor, load_any(d, row + half + j, lanes));
      const auto c = load_any(d, cosine + j, lanes);
      const auto s = load_any(d, sine + j, lanes);
      store_any(d, hn::NegMulAdd(v, s, hn::Mul(u, c)), rotated + j, lanes);
      store_any(d, hn::MulAdd(u, s, hn::Mul(v, c)), rotated + half + j, lanes);
    });
  }
}

/// The same as copy_rows, then rotates the rows by their positions:
/// (u, v) -> (u cos - v sin, v cos + u sin) of element j and its partner half a head away.
HWY_NOINLINE void rotate_rows(const HeadTask& task, const float* from, std::size_t first,
                              std::size_t rows, float scale, float* to) {
  const hn::ScalableTag<float> d;
  // Half a narrow head may be less than a vector of AVX-512, and parts of vectors are slow.
  const hn::CappedTag<float, 8> narrow;
  const std::size_t half = task.width / 2;
  if (half % hn::Lanes(d) != 0 && half % hn::Lanes(narrow) == 0) {
    rotate_rows_by(narrow, task, from, first, rows, scale, to);
  } else {
    rotate_rows_by(d, task, from, first, rows, scale, to);
  }
}

/// Queries or keys.
HWY_NOINLINE void positioned_rows(const HeadTask& task, const float* from, std::size_t first,
                                  std::size_t rows, float scale, float* to) {
  if (task.rotary != nullptr) {
    rotate_rows(task, from, first, rows, scale, to);
  } else {
    copy_rows(task, from, first, rows, scale, to);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace virnucpro
HWY_AFTER_NAMESPACE();

#endif  // VIRNUCPRO_BACKEND_CPU_ATTENTION_ROWS_INL_H_
