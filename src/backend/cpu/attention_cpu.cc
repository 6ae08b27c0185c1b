// attention: per sequence and head, blocks of queries against blocks of keys with an online
// softmax, so that nothing of size length^2 is ever stored.
//
// The softmax over a stream of key blocks follows Milakov and Gimelshein, "Online normalizer
// calculation for softmax" (2018). Both products are the same register tile: kRows rows whose
// elements are broadcast, times kVectors vectors of a packed right-hand side.
#include <algorithm>

#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/float32_operands.h"
#include "backend/cpu/parallel.h"
#include "backend/cpu/rotary_tables.h"

#ifndef VIRNUCPRO_BACKEND_CPU_ATTENTION_CPU_CC_
#define VIRNUCPRO_BACKEND_CPU_ATTENTION_CPU_CC_
// The tiles' loops have constant bounds and must vanish, or the accumulators live in memory.
#ifdef __clang__
#define VIRNUCPRO_UNROLL _Pragma("unroll")
#else
#define VIRNUCPRO_UNROLL _Pragma("GCC unroll 8")
#endif

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
#endif  // VIRNUCPRO_BACKEND_CPU_ATTENTION_CPU_CC_

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/attention_cpu.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "backend/cpu/math-inl.h"
#include "backend/cpu/vector-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace virnucpro {
namespace HWY_NAMESPACE {

// Accumulators per tile: 6 x 4 of 32 vector registers, or 6 x 2 where there are 16. Either hides
// the latency of the fused multiply-add (4 cycles, 2 per cycle) and leaves room for the operands.
constexpr std::size_t kRows = 6;
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SSSE3
constexpr std::size_t kVectors = 2;
#else
constexpr std::size_t kVectors = 4;
#endif
// Of a head of width 64: 128 keys and values are 64 KiB and stream from L2 once per 24 queries,
// whose scores and output (18 KiB) stay in L1.
constexpr std::size_t kQueryBlock = 4 * kRows;
constexpr std::size_t kKeyBlock = 128;

using Floats = hn::ScalableTag<float>;

/// Where each part lies in a worker's scratch memory, in floats; all parts start 64-byte aligned.
struct Layout {
  std::size_t panel;         // keys side by side in one packed panel
  std::size_t padded_width;  // of values and output, whole vectors
  std::size_t values, rotated, queries, scores, output, largest, sum, total;

  Layout(std::size_t length, std::size_t width) {
    const std::size_t lanes = hn::Lanes(Floats());
    const auto aligned = [](std::size_t floats) { return (floats + 15) / 16 * 16; };
    panel = kVectors * lanes;
    padded_width = (width + lanes - 1) / lanes * lanes;
    values = aligned((length + panel - 1) / panel * panel * width);
    rotated = values + aligned(length * padded_width);
    queries = rotated + aligned(panel * width);
    scores = queries + aligned(kQueryBlock * width);
    output = scores + kQueryBlock * kKeyBlock;
    largest = output + aligned(kQueryBlock * padded_width);
    sum = largest + aligned(kQueryBlock);
    total = sum + aligned(kQueryBlock);
  }
};

std::size_t attention_scratch(std::size_t length, std::size_t width) {
  return Layout(length, width).total;
}

/// c[kRows, kColumns vectors] = a[kRows, depth] * b[depth, kColumns vectors], added to c where
/// `accumulate`. Each element sums over depth in order, whatever the tile's width.
template <std::size_t kColumns>
HWY_INLINE void multiply_tile(const float* HWY_RESTRICT a, std::size_t a_stride,
                              const float* HWY_RESTRICT b, std::size_t b_stride, std::size_t depth,
                              float* HWY_RESTRICT c, std::size_t c_stride, bool accumulate) {
  const Floats d;
  using V = hn::Vec<Floats>;
  const std::size_t lanes = hn::Lanes(d);
  V sums[kRows][kColumns];
  VIRNUCPRO_UNROLL
  for (std::size_t row = 0; row < kRows; ++row) {
    VIRNUCPRO_UNROLL
    for (std::size_t column = 0; column < kColumns; ++column) {
      sums[row][column] =
          accumulate ? hn::Load(d, c + row * c_stride + column * lanes) : hn::Zero(d);
    }
  }
  for (std::size_t k = 0; k < depth; ++k) {
    V right[kColumns];
    VIRNUCPRO_UNROLL
    for (std::size_t column = 0; column < kColumns; ++column) {
      right[column] = hn::Load(d, b + k * b_stride + column * lanes);
    }
    VIRNUCPRO_UNROLL
    for (std::size_t row = 0; row < kRows; ++row) {
      const V left = hn::Set(d, a[row * a_stride + k]);
      VIRNUCPRO_UNROLL
      for (std::size_t column = 0; column < kColumns; ++column) {
        sums[row][column] = hn::MulAdd(left, right[column], sums[row][column]);
      }
    }
  }
  VIRNUCPRO_UNROLL
  for (std::size_t row = 0; row < kRows; ++row) {
    VIRNUCPRO_UNROLL
    for (std::size_t column = 0; column < kColumns; ++column) {
      hn::Store(sums[row][column], d, c + row * c_stride + column * lanes);
    }
  }
}

/// multiply_tile for 1..kVectors vectors of columns.
HWY_INLINE void multiply(std::size_t vectors, const float* a, std::size_t a_stride, const float* b,
                         std::size_t b_stride, std::size_t depth, float* c, std::size_t c_stride,
                         bool accumulate) {
  switch (vectors) {
    case 1:
      return multiply_tile<1>(a, a_stride, b, b_stride, depth, c, c_stride, accumulate);
    case 2:
      return multiply_tile<2>(a, a_stride, b, b_stride, depth, c, c_stride, accumulate);
    case 3:
      return multiply_tile<HWY_MIN(3, kVectors)>(a, a_stride, b, b_stride, depth, c, c_stride,
                                                 accumulate);
    default:
      return multiply_tile<kVectors>(a, a_stride, b, b_stride, depth, c, c_stride, accumulate);
  }
}

/// Rows [first, first + rows) of queries or keys, times `scale` and rotated by their positions.
/// (u, v) -> (u cos - v sin, v cos + u sin) of element j and its partner half a head away.
void rotate_rows(const HeadTask& task, const float* from, std::size_t first, std::size_t rows,
                 float scale, float* to) {
  const Floats d;
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

/// Keys as panels [width, panel], zeros after the last key: to[p][c][j] = k[p * panel + j][c].
/// `rotated` holds one panel's keys.
void pack_keys(const HeadTask& task, std::size_t panel, float* rotated, float* to) {
  for (std::size_t first = 0; first < task.length; first += panel, to += task.width * panel) {
    const std::size_t keys = HWY_MIN(panel, task.length - first);
    const float* from = task.k + first * task.stride;
    std::size_t stride = task.stride;
    if (task.rotary != nullptr) {
      rotate_rows(task, task.k, first, keys, 1.0f, rotated);
      from = rotated;
      stride = task.width;
    }
    std::size_t j = 0;
#if HWY_TARGET != HWY_SCALAR
    const hn::FixedTag<float, 4> d4;
    for (; j + 4 <= keys; j += 4) {
      const float* rows = from + j * stride;
      std::size_t c = 0;
      for (; c + 4 <= task.width; c += 4) {  // transposes 4 x 4
        const auto r0 = hn::LoadU(d4, rows + c);
        const auto r1 = hn::LoadU(d4, rows + stride + c);
        const auto r2 = hn::LoadU(d4, rows + 2 * stride + c);
        const auto r3 = hn::LoadU(d4, rows + 3 * stride + c);
        const auto lower01 = hn::InterleaveLower(d4, r0, r1);
        const auto lower23 = hn::InterleaveLower(d4, r2, r3);
        const auto upper01 = hn::InterleaveUpper(d4, r0, r1);
        const auto upper23 = hn::InterleaveUpper(d4, r2, r3);
        float* column = to + c * panel + j;
        hn::StoreU(hn::ConcatLowerLower(d4, lower23, lower01), d4, column);
        hn::StoreU(hn::ConcatUpperUpper(d4, lower23, lower01), d4, column + panel);
        hn::StoreU(hn::ConcatLowerLower(d4, upper23, upper01), d4, column + 2 * panel);
        hn::StoreU(hn::ConcatUpperUpper(d4, upper23, upper01), d4, column + 3 * panel);
      }
      for (; c < task.width; ++c) {
        for (std::size_t i = 0; i < 4; ++i) to[c * panel + j + i] = rows[i * stride + c];
      }
    }
#endif
    for (; j < keys; ++j) {
      for (std::size_t c = 0; c < task.width; ++c) to[c * panel + j] = from[j * stride + c];
    }
    if (keys == panel) continue;
    for (std::size_t c = 0; c < task.width; ++c) {
      std::fill(to + c * panel + keys, to + (c + 1) * panel, 0.0f);
    }
  }
}

/// Rows of `width` floats to rows of `padded_width`, times `scale`, zeros in the padding.
void pack_rows(const float* from, std::size_t stride, std::size_t rows, std::size_t width,
               float scale, std::size_t padded_width, float* to) {
  const Floats d;
  const auto factor = hn::Set(d, scale);
  for (std::size_t i = 0; i < rows; ++i) {
    for_vectors(d, width, [&](std::size_t c, std::size_t lanes) HWY_ATTR {
      const auto scaled = hn::Mul(factor, load_any(d, from + i * stride + c, lanes));
      // load_any gives zeros after the last element; a padded row has room for them.
      if (padded_width > width) {
        hn::Store(scaled, d, to + i * padded_width + c);
      } else {
        store_any(d, scaled, to + i * padded_width + c, lanes);
      }
    });
  }
}

/// The state of one query between key blocks.
struct QueryState {
  float* largest;
  float* sum;
  float* output;
};

/// Turns the scores of `keys` keys from `first_key` on into exp(score - largest), zeros up to a
/// whole vector, and rescales the query's running sum and output to the new largest score.
HWY_INLINE void update_softmax(float* HWY_RESTRICT scores, std::size_t keys, std::size_t first_key,
                               std::size_t query, float slope, std::size_t padded_width,
                               QueryState state) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  const auto lowest = hn::Neg(hn::Inf(d));
  const std::size_t whole = keys / lanes * lanes;

  if (slope != 0.0f) {
    const auto factor = hn::Set(d, slope);
    const auto i = hn::Set(d, static_cast<float>(query));
    for (std::size_t j = 0; j < keys; j += lanes) {
      const auto distance = hn::Abs(hn::Sub(hn::Iota(d, static_cast<float>(first_key + j)), i));
      hn::Store(hn::NegMulAdd(factor, distance, hn::Load(d, scores + j)), d, scores + j);
    }
  }
  if (whole < keys) {
    const auto inside = hn::FirstN(d, keys - whole);
    hn::Store(hn::IfThenElse(inside, hn::Load(d, scores + whole), lowest), d, scores + whole);
  }
  auto block_largest = lowest;
  for (std::size_t j = 0; j < keys; j += lanes) {
    block_largest = hn::Max(block_largest, hn::Load(d, scores + j));
  }
  const auto before = hn::Set(d, *state.largest);
  const auto largest = hn::Max(hn::MaxOfLanes(d, block_largest), before);
  auto block_sum = hn::Zero(d);
  for (std::size_t j = 0; j < keys; j += lanes) {
    const auto weight = exp_bounded(d, hn::Sub(hn::Load(d, scores + j), largest));
    hn::Store(weight, d, scores + j);
    block_sum = hn::Add(block_sum, weight);
  }
  const auto total = hn::SumOfLanes(d, block_sum);
  if (first_key == 0) {
    *state.sum = hn::GetLane(total);
  } else {
    const auto rescale = exp_bounded(d, hn::Sub(before, largest));
    *state.sum = hn::GetLane(hn::MulAdd(hn::Set(d, *state.sum), rescale, total));
    for (std::size_t c = 0; c < padded_width; c += lanes) {
      hn::Store(hn::Mul(hn::Load(d, state.output + c), rescale), d, state.output + c);
    }
  }
  *state.largest = hn::GetLane(largest);
}

/// The whole task; `scratch` holds attention_scratch(length, width) floats, 64-byte aligned.
void attend_head(const HeadTask& task, float* scratch) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t width = task.width;
  const Layout at(task.length, width);
  float* const keys = scratch;
  float* const values = scratch + at.values;
  float* const queries = scratch + at.queries;
  float* const scores = scratch + at.scores;
  float* const output = scratch + at.output;
  float* const largest = scratch + at.largest;
  float* const sum = scratch + at.sum;
  pack_keys(task, at.panel, scratch + at.rotated, keys);
  pack_rows(task.v, task.stride, task.length, width, 1.0f, at.padded_width, values);

  for (std::size_t first = 0; first < task.length; first += kQueryBlock) {
    const std::size_t rows = HWY_MIN(kQueryBlock, task.length - first);
    const std::size_t tiled_rows = (rows + kRows - 1) / kRows * kRows;
    if (task.rotary != nullptr) {
      rotate_rows(task, task.q, first, rows, task.scale, queries);
    } else {
      pack_rows(task.q + first * task.stride, task.stride, rows, width, task.scale, width, queries);
    }
    // A tile always has kRows rows: those after the last query are computed from zeros and dropped.
    std::fill(queries + rows * width, queries + tiled_rows * width, 0.0f);
    std::fill(largest, largest + rows, -hn::GetLane(hn::Inf(d)));

    for (std::size_t first_key = 0; first_key < task.length; first_key += kKeyBlock) {
      const std::size_t count = HWY_MIN(kKeyBlock, task.length - first_key);
      for (std::size_t key = 0; key < count; key += at.panel) {
        const std::size_t vectors = HWY_MIN(kVectors, (count - key + lanes - 1) / lanes);
        const float* panel = keys + (first_key + key) * width;
        for (std::size_t row = 0; row < tiled_rows; row += kRows) {
          multiply(vectors, queries + row * width, width, panel, at.panel, width,
                   scores + row * kKeyBlock + key, kKeyBlock, false);
        }
      }
      for (std::size_t row = 0; row < rows; ++row) {
        update_softmax(scores + row * kKeyBlock, count, first_key, first + row, task.slope,
                       at.padded_width, {largest + row, sum + row, output + row * at.padded_width});
      }
      for (std::size_t column = 0; column < at.padded_width; column += at.panel) {
        const std::size_t vectors = HWY_MIN(kVectors, (at.padded_width - column) / lanes);
        const float* block = values + first_key * at.padded_width + column;
        for (std::size_t row = 0; row < tiled_rows; row += kRows) {
          multiply(vectors, scores + row * kKeyBlock, kKeyBlock, block, at.padded_width, count,
                   output + row * at.padded_width + column, at.padded_width, first_key > 0);
        }
      }
    }
    for (std::size_t row = 0; row < rows; ++row) {
      const auto inverse = hn::Div(hn::Set(d, 1.0f), hn::Set(d, sum[row]));
      float* to = task.output + (first + row) * task.output_stride;
      for_vectors(d, width, [&](std::size_t c, std::size_t n) HWY_ATTR {
        const auto v = hn::Mul(hn::Load(d, output + row * at.padded_width + c), inverse);
        store_any(d, v, to + c, n);
      });
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace virnucpro
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace virnucpro {

HWY_EXPORT(attention_scratch);
HWY_EXPORT(attend_head);

void CpuBackend::attend(const ops::Attention& op) {
  const float* qkv = float32_data("attention", op.qkv);
  float* output = float32_data("attention", op.output);
  const std::int64_t width = op.output.columns / op.heads;
  std::int64_t longest = 0;
  for (std::int64_t s = 0; s < op.sequences.count(); ++s) {
    longest = std::max(longest, op.sequences.length(s));
  }
  const std::size_t floats = HWY_DYNAMIC_DISPATCH(attention_scratch)(
      static_cast<std::size_t>(longest), static_cast<std::size_t>(width));
  for (Scratch& scratch : scratch_) scratch.reserve(floats);
  const RotaryTable* rotary = op.rotary ? &rotary_tables_.get(width, longest) : nullptr;
  const auto kernel = HWY_DYNAMIC_DISPATCH(attend_head);
  const std::int64_t tasks = op.sequences.count() * op.heads;
  parallel_for(workers_, tasks, [&](std::size_t task, std::size_t worker) {
    const std::int64_t s = static_cast<std::int64_t>(task) / op.heads;
    const std::int64_t head = static_cast<std::int64_t>(task) % op.heads;
    const std::int64_t begin = op.sequences.begin(s);
    const std::int64_t length = op.sequences.length(s);
    const float* q = qkv + begin * op.qkv.stride + head * width;
    const float* k = q + op.heads * width;
    float* to = output + begin * op.output.stride + head * width;
    kernel({q, k, k + op.heads * width, static_cast<std::size_t>(op.qkv.stride), to,
            static_cast<std::size_t>(op.output.stride), static_cast<std::size_t>(length),
            static_cast<std::size_t>(width), op.scale,
            op.alibi_slopes.empty() ? 0.0f : op.alibi_slopes.data[head], rotary},
           scratch_[worker].data());
    for (std::int64_t i = length; i < op.sequences.row_length; ++i) {  // padding, none when packed
      std::fill_n(to + i * op.output.stride, width, 0.0f);
    }
  });
}

void CpuBackend::do_attention_packed(const ops::Attention& op) { attend(op); }

void CpuBackend::do_attention_padded(const ops::Attention& op) { attend(op); }

}  // namespace virnucpro
#endif  // HWY_ONCE
