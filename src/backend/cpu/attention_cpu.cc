// attention: per sequence and head, blocks of queries against blocks of keys with an online
// softmax, so that nothing of size length^2 is ever stored.
//
// Queries lie in the lanes of vectors, one beside the other, and keys follow one another: largest
// scores, sums and weights of all queries of a block are then plain vector operations, nothing is
// summed across lanes, and keys and values are read as they come, one broadcast element at a time.
// The softmax over a stream of key blocks follows Milakov and Gimelshein, "Online normalizer
// calculation for softmax" (2018).
#include <algorithm>

#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/float32_operands.h"
#include "backend/cpu/parallel.h"
#include "backend/rotary_tables.h"

#ifndef VIRNUCPRO_BACKEND_CPU_ATTENTION_CPU_CC_
#define VIRNUCPRO_BACKEND_CPU_ATTENTION_CPU_CC_

namespace virnucpro {

// Scores are kept in base 2: exp2 needs one product less than exp.
inline constexpr float kLog2E = 1.44269504f;

}  // namespace virnucpro
#endif  // VIRNUCPRO_BACKEND_CPU_ATTENTION_CPU_CC_

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/attention_cpu.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep

#include "backend/cpu/attention_rows-inl.h"
#include "backend/cpu/math-inl.h"
#include "backend/cpu/vector-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace virnucpro {
namespace HWY_NAMESPACE {

// Accumulators per tile: 8 x 2 of 32 vector registers, or 6 x 2 where there are 16. Both hide the
// latency of the fused multiply-add (4 cycles, 2 per cycle) and leave room for the operands.
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_SSSE3
constexpr std::size_t kRows = 6;
#else
constexpr std::size_t kRows = 8;
#endif
constexpr std::size_t kVectors = 2;
// Longer than most sequences, which then need no rescaling; the scores of a block of queries take
// 16 KiB of L1 with 16 queries, and all of it with the 32 of AVX-512.
constexpr std::size_t kKeyBlock = 256;
// Keys whose weights are computed at a time.
constexpr std::size_t kUnrolledKeys = 2;

using Floats = hn::ScalableTag<float>;
using Vector = hn::Vec<Floats>;

/// Where each part lies in a worker's scratch memory, in floats; all parts start 64-byte aligned.
struct Layout {
  std::size_t values, rows, queries, scores, output, total;  // keys are at 0

  Layout(std::size_t length, std::size_t width) {
    const std::size_t block = kVectors * hn::Lanes(Floats());
    const auto aligned = [](std::size_t floats) { return (floats + 15) / 16 * 16; };
    values = aligned(length * width);
    rows = values + aligned(length * width);
    queries = rows + aligned(block * width);
    scores = queries + aligned(block * width);
    output = scores + aligned(block * kKeyBlock);
    total = output + aligned(block * width);
  }
};

std::size_t attention_scratch(std::size_t length, std::size_t width) {
  return Layout(length, width).total;
}

/// The left side of a product: element (row, k) is data[row * row_stride + k * depth_stride].
struct Left {
  const float* data;
  std::size_t row_stride;
  std::size_t depth_stride;
};

/// A register tile: left [kHeight, depth] times right [depth, kWidth vectors], dense rows. Each
/// element starts as out.start() says, sums over depth in order, and goes to out.finish().
template <std::size_t kHeight, std::size_t kWidth, class Out>
HWY_INLINE void multiply_tile(Left left, const float* HWY_RESTRICT right, std::size_t depth,
                              std::size_t first_row, Out& out) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  Vector sums[kHeight][kWidth];
  VIRNUCPRO_UNROLL_VECTORS
  for (std::size_t row = 0; row < kHeight; ++row) {
    VIRNUCPRO_UNROLL_VECTORS
    for (std::size_t i = 0; i < kWidth; ++i) sums[row][i] = out.start(first_row + row, i);
  }
  const float* HWY_RESTRICT from = left.data + first_row * left.row_stride;
  for (std::size_t k = 0; k < depth; ++k, from += left.depth_stride, right += kWidth * lanes) {
    Vector factors[kWidth];
    VIRNUCPRO_UNROLL_VECTORS
    for (std::size_t i = 0; i < kWidth; ++i) factors[i] = hn::Load(d, right + i * lanes);
    VIRNUCPRO_UNROLL_VECTORS
    for (std::size_t row = 0; row < kHeight; ++row) {
      const Vector factor = hn::Set(d, from[row * left.row_stride]);
      VIRNUCPRO_UNROLL_VECTORS
      for (std::size_t i = 0; i < kWidth; ++i) {
        sums[row][i] = hn::MulAdd(factor, factors[i], sums[row][i]);
      }
    }
  }
  VIRNUCPRO_UNROLL_VECTORS
  for (std::size_t row = 0; row < kHeight; ++row) {
    VIRNUCPRO_UNROLL_VECTORS
    for (std::size_t i = 0; i < kWidth; ++i) out.finish(first_row + row, i, sums[row][i]);
  }
}

/// multiply_tile over `rows` rows, in tiles of equal height or one row less: a small last tile
/// would wait for its sums.
template <std::size_t kWidth, class Out>
HWY_INLINE void multiply(Left left, std::size_t rows, const float* right, std::size_t depth,
                         Out& out) {
  const std::size_t tiles = (rows + kRows - 1) / kRows;
  std::size_t next = 0;
  for (std::size_t tile = 0; tile < tiles; ++tile) {
    const std::size_t first = next;
    next = rows * (tile + 1) / tiles;
    switch (next - first) {
      case 1:
        multiply_tile<1, kWidth>(left, right, depth, first, out);
        break;
      case 2:
        multiply_tile<2, kWidth>(left, right, depth, first, out);
        break;
      case 3:
        multiply_tile<3, kWidth>(left, right, depth, first, out);
        break;
      case 4:
        multiply_tile<4, kWidth>(left, right, depth, first, out);
        break;
      case 5:
        multiply_tile<5, kWidth>(left, right, depth, first, out);
        break;
      case 6:
        multiply_tile<6, kWidth>(left, right, depth, first, out);
        break;
      case 7:
        multiply_tile<HWY_MIN(7, kRows), kWidth>(left, right, depth, first, out);
        break;
      default:
        multiply_tile<kRows, kWidth>(left, right, depth, first, out);
    }
  }
}

/// Scores of keys (rows) for queries (lanes): they start at the bias and are stored; the largest
/// score of each query is kept.
template <std::size_t kWidth>
struct Scores {
  float* to;
  bool is_biased;
  Vector slope;          // negative
  Vector first[kWidth];  // position of each query relative to the block's first key
  Vector largest[kWidth];

  HWY_INLINE Vector start(std::size_t key, std::size_t i) const {
    const Floats d;
    if (!is_biased) return hn::Zero(d);
    const Vector distance = hn::Sub(first[i], hn::Set(d, static_cast<float>(key)));
    return hn::Mul(slope, hn::Abs(distance));
  }
  HWY_INLINE void finish(std::size_t key, std::size_t i, Vector score) {
    const Floats d;
    hn::Store(score, d, to + (key * kWidth + i) * hn::Lanes(d));
    largest[i] = hn::Max(largest[i], score);
  }
};

/// Output elements (rows) of queries (lanes): start at what earlier blocks of keys left, times
/// `before`, and are stored times `after`.
template <std::size_t kWidth>
struct Outputs {
  float* to;
  bool is_first;
  Vector before[kWidth];
  Vector after[kWidth];

  HWY_INLINE Vector start(std::size_t element, std::size_t i) const {
    const Floats d;
    if (is_first) return hn::Zero(d);
    return hn::Mul(before[i], hn::Load(d, to + (element * kWidth + i) * hn::Lanes(d)));
  }
  HWY_INLINE void finish(std::size_t element, std::size_t i, Vector v) const {
    const Floats d;
    hn::Store(hn::Mul(after[i], v), d, to + (element * kWidth + i) * hn::Lanes(d));
  }
};

/// Turns the scores of kKeys keys into weights 2^(score - largest), and adds them to `sum`.
template <std::size_t kKeys, std::size_t kWidth>
HWY_INLINE void weigh(float* scores, const Vector (&largest)[kWidth], Vector (&sum)[kWidth]) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  Vector weights[kKeys * kWidth];
  VIRNUCPRO_UNROLL_VECTORS
  for (std::size_t i = 0; i < kKeys * kWidth; ++i) {
    weights[i] = hn::Sub(hn::Load(d, scores + i * lanes), largest[i % kWidth]);
  }
  exp2_bounded(d, weights);
  VIRNUCPRO_UNROLL_VECTORS
  for (std::size_t i = 0; i < kKeys * kWidth; ++i) {
    hn::Store(weights[i], d, scores + i * lanes);
    sum[i % kWidth] = hn::Add(sum[i % kWidth], weights[i]);
  }
}

/// `count` queries from `first` on, at most kWidth vectors of them, against all keys. Keys and
/// values are dense rows at their places in `scratch`.
template <std::size_t kWidth>
void attend_queries(const HeadTask& task, const Layout& at, std::size_t first, std::size_t count,
                    float* scratch) {
  const Floats d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t block = kWidth * lanes;
  const std::size_t width = task.width;
  float* const rows = scratch + at.rows;
  float* const queries = scratch + at.queries;
  positioned_rows(task, task.q, first, count, kLog2E * task.scale, rows);
  // Lanes after the last query are computed from zeros and dropped.
  std::fill(rows + count * width, rows + block * width, 0.0f);
  transpose(rows, width, block, width, queries, block);

  Scores<kWidth> scores;
  scores.to = scratch + at.scores;
  scores.is_biased = task.slope != 0.0f;
  scores.slope = hn::Set(d, -kLog2E * task.slope);
  Outputs<kWidth> output;
  output.to = scratch + at.output;
  Vector sum[kWidth];
  for (std::size_t i = 0; i < kWidth; ++i) {
    scores.largest[i] = hn::Neg(hn::Inf(d));
    sum[i] = hn::Zero(d);
  }
  for (std::size_t key = 0; key < task.length; key += kKeyBlock) {
    const std::size_t keys = HWY_MIN(kKeyBlock, task.length - key);
    Vector largest[kWidth];
    for (std::size_t i = 0; i < kWidth; ++i) {
      largest[i] = scores.largest[i];
      // Exact whole numbers, of either sign.
      const auto position = static_cast<float>(first + i * lanes) - static_cast<float>(key);
      scores.first[i] = hn::Iota(d, position);
    }
    multiply<kWidth>({scratch + key * width, width, 1}, keys, queries, width, scores);
    for (std::size_t i = 0; i < kWidth; ++i) {
      output.before[i] = hn::Sub(largest[i], scores.largest[i]);
    }
    exp2_bounded(d, output.before);
    for (std::size_t i = 0; i < kWidth; ++i) sum[i] = hn::Mul(sum[i], output.before[i]);
    std::size_t j = 0;
    for (; j + kUnrolledKeys <= keys; j += kUnrolledKeys) {
      weigh<kUnrolledKeys>(scores.to + j * block, scores.largest, sum);
    }
    for (; j < keys; ++j) weigh<1>(scores.to + j * block, scores.largest, sum);
    const bool is_last = key + keys == task.length;
    output.is_first = key == 0;
    for (std::size_t i = 0; i < kWidth; ++i) {
      const Vector one = hn::Set(d, 1.0f);
      output.after[i] = is_last ? hn::Div(one, sum[i]) : one;
    }
    multiply<kWidth>({scratch + at.values + key * width, 1, width}, width, scores.to, keys, output);
  }
  transpose(output.to, block, width, count, task.output + first * task.output_stride,
            task.output_stride);
}

/// Computes the task; `scratch` holds attention_scratch(length, width) floats, 64-byte aligned.
void attend_head(const HeadTask& task, float* scratch) {
  const std::size_t lanes = hn::Lanes(Floats());
  const Layout at(task.length, task.width);
  positioned_rows(task, task.k, 0, task.length, 1.0f, scratch);
  copy_rows(task, task.v, 0, task.length, 1.0f, scratch + at.values);
  for (std::size_t first = 0; first < task.length; first += kVectors * lanes) {
    const std::size_t count = HWY_MIN(kVectors * lanes, task.length - first);
    if (count <= lanes) {
      attend_queries<1>(task, at, first, count, scratch);
    } else {
      attend_queries<kVectors>(task, at, first, count, scratch);
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
  parallel_for(
      workers_, tasks,
      [&](std::size_t task, std::size_t worker) {
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
        for (std::int64_t i = length; i < op.sequences.row_length;
             ++i) {  // padding, none when packed
          std::fill_n(to + i * op.output.stride, width, 0.0f);
        }
      },
      stop());
}

void CpuBackend::do_attention_packed(const ops::Attention& op) { attend(op); }

void CpuBackend::do_attention_padded(const ops::Attention& op) { attend(op); }

}  // namespace virnucpro
#endif  // HWY_ONCE
