// Our own matrix product by itself, on every instruction set: whole numbers against loops, exactly;
// pairs of bfloat16 against double.
#include "backend/cpu/gemm_cpu.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "backend/cpu/host_memory.h"
#include "conformance/conformance.h"
#include "conformance/instruction_sets.h"
#include "hwy/highway.h"
#include "tensor/float16.h"

namespace virnucpro {
namespace {

class Gemm : public OnEachInstructionSet {
 protected:
  /// Below AVX2 arithmetic stands in for the instruction.
  bool may_run(bool takes) const {
    return takes || (GetParam() != HWY_AVX2 && GetParam() != HWY_AVX3);
  }
};

VIRNUCPRO_ON_EACH_INSTRUCTION_SET(Gemm);

struct Shape {
  std::size_t rows, depth, width;
};

// Tiles with and without edges on all sides, depths that fill no group, and more than one block.
constexpr Shape kShapes[] = {{1, 1, 1},     {5, 3, 7},     {6, 4, 16},    {12, 128, 128},
                             {13, 130, 33}, {48, 512, 96}, {7, 1285, 40}, {25, 66, 127}};

template <typename T>
T* space(Scratch& scratch, std::size_t elements) {
  static_assert(sizeof(T) <= sizeof(float));
  scratch.reserve(elements + kVectorRoom);
  return reinterpret_cast<T*>(scratch.data());
}

std::vector<std::int8_t> random_bytes(std::size_t count, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<std::int8_t> bytes(count);
  for (auto& byte : bytes) byte = static_cast<std::int8_t>(static_cast<int>(random() % 255) - 127);
  return bytes;
}

/// The working memory of one product and its result, whose rows are a few elements apart.
struct Work {
  explicit Work(const Shape& s)
      : padded(gemm_padded_width(s.width)), stride(s.width + 3), output(s.rows * stride, -7.0f) {
    sums_memory.reserve((s.rows + gemm_tile().rows) * padded);
    tail_memory.reserve(gemm_tile().rows * s.depth);
  }

  template <typename Element, typename Sum>
  GemmProduct<Element, Sum> product(const Shape& s, const std::vector<Element>& input,
                                    std::size_t groups, const Element* packed) {
    return {.input = input.data(),
            .input_stride = groups,
            .rows = s.rows,
            .depth = groups,
            .packed = packed,
            .padded_width = padded,
            .start = nullptr,
            .sums = reinterpret_cast<Sum*>(sums_memory.data()),
            .tail = reinterpret_cast<Element*>(tail_memory.data()),
            .finish = {.bias = nullptr,
                       .residual = nullptr,
                       .residual_stride = 0,
                       .output = output.data(),
                       .output_stride = stride,
                       .columns = s.width}};
  }

  void expect_gaps_untouched(const Shape& s) const {
    for (std::size_t r = 0; r < s.rows; ++r) {
      for (std::size_t c = s.width; c < stride; ++c) EXPECT_EQ(output[r * stride + c], -7.0f);
    }
  }

  std::size_t padded;
  std::size_t stride;
  std::vector<float> output;
  Scratch sums_memory, tail_memory;
};

/// Input rows of bytes as groups of `kCount` elements of `Held`, each with `offset`.
template <typename Held, std::size_t kCount>
std::vector<std::int32_t> grouped(const Shape& s, const std::vector<std::int8_t>& input,
                                  int offset) {
  const std::size_t groups = (s.depth + kCount - 1) / kCount;
  std::vector<std::int32_t> result(s.rows * groups);
  for (std::size_t r = 0; r < s.rows; ++r) {
    auto* held = reinterpret_cast<Held*>(result.data() + r * groups);
    for (std::size_t k = 0; k < s.depth; ++k) {
      held[k] = static_cast<Held>(input[r * s.depth + k] + offset);
    }
  }
  return result;
}

class WholeProduct {
 public:
  WholeProduct(const Shape& shape, std::size_t kept_depth)
      : s(shape),
        depth(kept_depth),
        input(random_bytes(s.rows * s.depth, 1)),
        weight(random_bytes(s.width * s.depth, 2)) {
    std::mt19937 random(3);
    std::uniform_real_distribution<float> value(-1, 1);
    const auto fill = [&](std::vector<float>& v, std::size_t count) {
      for (std::size_t i = 0; i < count; ++i) v.push_back(value(random));
    };
    fill(row_scales, s.rows);
    fill(column_scales, s.width);
    fill(kept, s.rows * depth);
    fill(kept_weight, s.width * depth);
    fill(bias, s.width);
  }

  /// What the contract says, of exact sums.
  void expect(const Work& work, const char* what) const {
    work.expect_gaps_untouched(s);
    for (std::size_t r = 0; r < s.rows; ++r) {
      for (std::size_t c = 0; c < s.width; ++c) {
        std::int32_t sum = 0;
        for (std::size_t k = 0; k < s.depth; ++k) {
          sum += input[r * s.depth + k] * weight[c * s.depth + k];
        }
        double expected =
            double{static_cast<float>(sum)} * double{row_scales[r] * column_scales[c]};
        double size = std::fabs(expected);
        for (std::size_t k = 0; k < depth; ++k) {
          const double product = double{kept[r * depth + k]} * kept_weight[c * depth + k];
          expected += product;
          size += std::fabs(product);
        }
        expected += bias[c];
        // A rounding for every kept column and a few more, each of half a unit of all parts
        // together.
        ASSERT_NEAR(work.output[r * work.stride + c], expected,
                    (size + 1) * std::ldexp(static_cast<double>(depth) + 4, -24))
            << what << " row " << r << " column " << c << " of depth " << s.depth;
      }
    }
  }

  void finish(GemmFinish& finish, const float* kept_packed) const {
    finish.bias = bias.data();
    finish.row_scales = row_scales.data();
    finish.column_scales = column_scales.data();
    finish.kept = kept.data();
    finish.kept_packed = kept_packed;
    finish.kept_depth = depth;
  }

  const Shape s;
  const std::size_t depth;
  const std::vector<std::int8_t> input, weight;
  std::vector<float> row_scales, column_scales, kept, kept_weight, bias;
};

TEST_P(Gemm, PairsAndQuadsOfBytesGiveExactSums) {
  const bool has_quads = may_run(gemm_takes_quads());
  for (const Shape& s : kShapes) {
    for (const std::size_t kept_depth : {std::size_t{0}, std::size_t{2}, std::size_t{400}}) {
      const WholeProduct p(s, kept_depth);
      Work pairs(s);
      Work quads(s);
      Scratch kept_memory, packed_memory, start_memory;
      auto* kept = space<float>(kept_memory, kept_depth * pairs.padded);
      gemm_pack(p.kept_weight.data(), DataType::kFloat32, kept_depth, s.width, kept);

      const std::size_t pair_count = (s.depth + 1) / 2;
      auto* packed = space<std::int32_t>(packed_memory, pair_count * pairs.padded);
      gemm_pack_pairs(p.weight.data(), s.depth, s.width, packed);
      const auto pair_input = grouped<std::int16_t, 2>(s, p.input, 0);
      auto product = pairs.product<std::int32_t, std::int32_t>(s, pair_input, pair_count, packed);
      p.finish(product.finish, kept);
      gemm_pairs(product);
      p.expect(pairs, "pairs");
      if (!has_quads) continue;

      const std::size_t quad_count = (s.depth + 3) / 4;
      auto* start = space<std::int32_t>(start_memory, quads.padded);
      gemm_pack_quads(p.weight.data(), s.depth, s.width, packed, start);
      const auto quad_input = grouped<std::uint8_t, 4>(s, p.input, kQuadOffset);
      product = quads.product<std::int32_t, std::int32_t>(s, quad_input, quad_count, packed);
      product.start = start;
      p.finish(product.finish, kept);
      gemm_quads(product);
      p.expect(quads, "quads");
      EXPECT_EQ(pairs.output, quads.output) << "depth " << s.depth;
    }
  }
  if (!has_quads) GTEST_SKIP() << "this processor has no products of four bytes: pairs alone";
}

TEST_P(Gemm, PairsOfBFloat16AreSummedInFloat32) {
  if (!may_run(gemm_takes_bfloat16())) GTEST_SKIP() << "this processor has none";
  for (const Shape& s : kShapes) {
    const std::size_t groups = (s.depth + 1) / 2;
    std::mt19937 random(5);
    std::normal_distribution<float> value(0, 1);
    std::vector<std::int32_t> input(s.rows * groups);
    std::vector<std::uint16_t> weight(s.width * s.depth);
    for (auto& bits : weight) bits = to_bfloat16(value(random)).bits;
    auto* rows = reinterpret_cast<std::uint16_t*>(input.data());
    for (std::size_t r = 0; r < s.rows; ++r) {
      for (std::size_t k = 0; k < s.depth; ++k) {
        rows[r * 2 * groups + k] = to_bfloat16(value(random)).bits;
      }
    }
    Work work(s);
    Scratch packed_memory;
    auto* packed = space<std::int32_t>(packed_memory, groups * work.padded);
    gemm_pack_bfloat16(weight.data(), s.depth, s.width, packed);
    gemm_bfloat16(work.product<std::int32_t, float>(s, input, groups, packed));
    work.expect_gaps_untouched(s);
    for (std::size_t r = 0; r < s.rows; ++r) {
      for (std::size_t c = 0; c < s.width; ++c) {
        double expected = 0;
        double size = 0;
        for (std::size_t k = 0; k < s.depth; ++k) {
          const double product = double{to_float(BFloat16{rows[r * 2 * groups + k]})} *
                                 to_float(BFloat16{weight[c * s.depth + k]});
          expected += product;
          size += std::fabs(product);
        }
        // Products of 8 bits each are exact in float32, and every sum is rounded once.
        ASSERT_NEAR(work.output[r * work.stride + c], expected, (size + 1) * 1e-6)
            << "row " << r << " column " << c << " of depth " << s.depth;
      }
    }
  }
}

}  // namespace
}  // namespace virnucpro
