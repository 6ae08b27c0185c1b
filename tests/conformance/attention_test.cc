// attention_packed and attention_padded on every backend, against the reference.
#include <algorithm>
#include <cmath>

#include "conformance/conformance.h"

namespace virnucpro {
namespace {

VIRNUCPRO_CONFORMANCE(AttentionTest);

// Scores are float32 sums of up to 256 products, off by a few 1e-6; exp turns that into relative
// errors of the weights, and the weighted mean of values around 1 inherits them.
constexpr Tolerance kComputed{1e-5, 1e-5};

// On cuda, half types run on tensor cores: rotated queries and keys and the probabilities are
// rounded to the stored type, each by up to u, half a unit in the last place of 1. Computed so in
// double, with values of deviation 1, outputs are off by less than 1.9 u at every width and length
// of these tests.
Tolerance computed_by(const Backend& backend, DataType type) {
  if (!runs_on_cuda(backend) || type == DataType::kFloat32) return kComputed;
  const double u = std::ldexp(1.0, type == DataType::kFloat16 ? -11 : -8);
  return {3 * u, u};
}

enum class Positions { kNone, kAlibi, kRotary };

std::vector<float> slopes_of(std::int64_t heads) {
  std::vector<float> slopes;
  for (std::int64_t h = 0; h < heads; ++h) {
    slopes.push_back(std::exp2(-8.0f * static_cast<float>(h + 1) / static_cast<float>(heads)));
  }
  return slopes;
}

ops::Attention operation(const Grid& qkv, const std::vector<std::int32_t>& offsets,
                         std::int64_t heads, const std::vector<float>& slopes, Grid& output) {
  const double width = static_cast<double>(qkv.columns() / (3 * heads));
  return {qkv.view(),
          ops::Sequences::packed(ints(offsets)),
          heads,
          static_cast<float>(1.0 / std::sqrt(width)),
          slopes.empty() ? ConstFloats{} : floats(slopes),
          false,
          output.view()};
}

void compare(Backend& backend, Backend& judge, const std::vector<std::int32_t>& lengths,
             std::int64_t heads, std::int64_t width, Positions positions, DataType type) {
  const auto offsets = offsets_of(lengths);
  const Grid qkv = Grid::random(offsets.back(), 3 * heads * width, 7, type);
  const std::vector<float> slopes =
      positions == Positions::kAlibi ? slopes_of(heads) : std::vector<float>{};
  Grid actual(offsets.back(), heads * width, type);
  Grid expected(offsets.back(), heads * width, type);
  ops::Attention op = operation(qkv, offsets, heads, slopes, actual);
  op.rotary = positions == Positions::kRotary;
  backend.attention_packed(op);
  op.output = expected.view();
  judge.attention_packed(op);
  expect_close(actual, expected, stored_as(type, computed_by(backend, type)),
               fmt::format("{} heads {} width {} positions {} lengths {}", name_of(type), heads,
                           width, static_cast<int>(positions), testing::PrintToString(lengths)));
}

TEST_P(AttentionTest, AgreesForHeadWidthsAndCounts) {
  for (const DataType type : activation_types()) {
    for (const std::int64_t width : {1, 2, 3, 7, 8, 10, 16, 17, 20, 24, 32, 33, 48, 64, 67, 80}) {
      for (const std::int64_t heads : {1, 3}) {
        compare(*backend, judge, {1, 2, 19, 50}, heads, width,
                width % 2 == 0 ? Positions::kAlibi : Positions::kNone, type);
      }
    }
    compare(*backend, judge, {33, 5}, 20, 16, Positions::kNone, type);
    compare(*backend, judge, {33, 5}, 12, 64, Positions::kAlibi, type);
    compare(*backend, judge, {9, 30}, 2, 128, Positions::kAlibi, type);
    compare(*backend, judge, {9, 30}, 1, 256, Positions::kAlibi, type);
  }
}

TEST_P(AttentionTest, AgreesWithRotaryPositions) {
  for (const DataType type : activation_types()) {
    for (const std::int64_t width : {2, 4, 6, 8, 10, 14, 16, 20, 24, 30, 32, 48, 64, 66, 80, 128}) {
      for (const std::int64_t heads : {1, 3}) {
        compare(*backend, judge, {1, 2, 61, 7}, heads, width, Positions::kRotary, type);
      }
    }
    compare(*backend, judge, {33, 5}, 20, 64, Positions::kRotary, type);
  }
  for (const std::int32_t length : {5, 3, 1026, 40}) {  // the table of angles grows
    compare(*backend, judge, {length}, 2, 16, Positions::kRotary, DataType::kFloat32);
  }
}

TEST_P(AttentionTest, RotaryPositionsAreRelativeAndLeaveTheFirstTokenAlone) {
  // One token is at position 0 and attends to itself: its value, whatever the angles.
  const std::vector<std::int32_t> offsets = {0, 1, 3};
  Grid qkv = Grid::random(3, 3 * 2 * 8, 5);
  // Two equal tokens have equal scores only where nothing is rotated.
  for (std::int64_t c = 0; c < 32; ++c) qkv.set(2, c, qkv.at(1, c));
  Grid plain(3, 16);
  Grid rotated(3, 16);
  ops::Attention op = operation(qkv, offsets, 2, {}, plain);
  backend->attention_packed(op);
  op.output = rotated.view();
  op.rotary = true;
  backend->attention_packed(op);
  for (std::int64_t c = 0; c < 16; ++c) {
    EXPECT_FLOAT_EQ(rotated.at(0, c), qkv.at(0, 32 + c));
    EXPECT_NEAR(plain.at(1, c), (qkv.at(1, 32 + c) + qkv.at(2, 32 + c)) / 2, 1e-6);
    EXPECT_GT(std::abs(rotated.at(1, c) - plain.at(1, c)), 1e-4);
  }
}

TEST_P(AttentionTest, AgreesForLengthsAroundEveryBlock) {
  for (const std::int32_t length :
       {1,  3,  4,  5,  6,  7,  15,  16,  17,  23,  24,  25,  47,  48,
        49, 63, 64, 65, 96, 97, 127, 128, 129, 170, 191, 255, 257, 300}) {
    compare(*backend, judge, {length}, 2, 20,
            length % 2 == 0 ? Positions::kAlibi : Positions::kNone, DataType::kFloat32);
    compare(*backend, judge, {length}, 1, 16, Positions::kRotary, DataType::kFloat32);
  }
}

/// The head widths of published models, at lengths around the edges of every tile, all in one pack.
TEST_P(AttentionTest, AgreesForThePublishedHeadWidthsAroundTileEdgesInEveryType) {
  std::vector<std::int32_t> lengths = {1, 15, 16, 17, 63, 64, 65, 127, 128, 129};
  // Elsewhere other tests have long sequences, and the judge takes seconds for all of this.
  if (is_cuda()) lengths.insert(lengths.end(), {170, 257, 1026});
  const std::int64_t heads = is_cuda() ? 3 : 1;
  for (const DataType type : activation_types()) {
    for (const std::int64_t width : {16, 24, 32, 64, 128}) {
      for (const Positions positions : {Positions::kAlibi, Positions::kRotary}) {
        compare(*backend, judge, lengths, heads, width, positions, type);
      }
    }
  }
}

TEST_P(AttentionTest, AgreesForTheLongestSequence) {
  compare(*backend, judge, {1026}, 1, 64, Positions::kNone, DataType::kFloat32);
  compare(*backend, judge, {1026}, 1, 32, Positions::kAlibi, DataType::kFloat32);
  compare(*backend, judge, {1026}, 1, 64, Positions::kRotary, DataType::kFloat32);
}

TEST_P(AttentionTest, SurvivesScoresFarApart) {
  const std::vector<std::int32_t> offsets = {0, 300};
  const Grid qkv = Grid::random(300, 3 * 16, 3, DataType::kFloat32, 12.0f);
  Grid actual(300, 16);
  Grid expected(300, 16);
  backend->attention_packed(operation(qkv, offsets, 1, {}, actual));
  judge.attention_packed(operation(qkv, offsets, 1, {}, expected));
  // Scores reach several hundred and are rounded to 3e-5: that is the weights' relative error.
  expect_close(actual, expected, {2e-3, 2e-3}, "scores in the hundreds");
}

/// Sequences of one width in every arrangement, to the bit.
void expect_same_bits_in_every_arrangement(Backend& backend, DataType type, std::int64_t width,
                                           bool rotary) {
  const std::vector<std::int32_t> lengths = {3, 170, 1, 131, 50};
  const auto offsets = offsets_of(lengths);
  const std::int64_t heads = 3;
  const std::string what = fmt::format("{} width {} rotary {}", name_of(type), width, rotary);
  const Grid qkv = Grid::random(offsets.back(), 3 * heads * width, 11, type);
  const std::vector<float> slopes = rotary ? std::vector<float>{} : slopes_of(heads);
  const auto with_positions = [&](const Grid& tokens, const std::vector<std::int32_t>& at,
                                  Grid& output) {
    ops::Attention op = operation(tokens, at, heads, slopes, output);
    op.rotary = rotary;
    return op;
  };
  Grid packed(offsets.back(), heads * width, type);
  backend.attention_packed(with_positions(qkv, offsets, packed));
  for (std::size_t s = 0; s < lengths.size(); ++s) {
    const std::vector<std::int32_t> own = {0, lengths[s]};
    const Grid part = qkv.rows_from(offsets[s], lengths[s]);
    Grid alone(lengths[s], heads * width, type);
    backend.attention_packed(with_positions(part, own, alone));
    expect_same_rows(alone, packed, offsets[s], fmt::format("{}: sequence {} alone", what, s));
  }
  // In the order 4, 2, 0, 1, 3, twice over.
  std::vector<std::int32_t> other_lengths;
  std::vector<std::size_t> order;
  for (const std::size_t s : {4, 2, 0, 1, 3, 4, 2, 0, 1, 3}) {
    order.push_back(s);
    other_lengths.push_back(lengths[s]);
  }
  const auto other_offsets = offsets_of(other_lengths);
  Grid mixed(other_offsets.back(), qkv.columns(), type);
  for (std::size_t o = 0; o < order.size(); ++o) {
    mixed.copy_rows(qkv, offsets[order[o]], other_lengths[o], other_offsets[o]);
  }
  Grid reordered(other_offsets.back(), heads * width, type);
  backend.attention_packed(with_positions(mixed, other_offsets, reordered));
  for (std::size_t o = 0; o < order.size(); ++o) {
    expect_same_rows(reordered.rows_from(other_offsets[o], other_lengths[o]), packed,
                     offsets[order[o]], fmt::format("{}: place {} of another order", what, o));
  }
  const std::int32_t row_length = 171;
  // Noise in the padding.
  Grid padded_qkv = Grid::random(5 * row_length, 3 * heads * width, 12, type);
  Grid padded(5 * row_length, heads * width, type);
  for (std::size_t s = 0; s < lengths.size(); ++s) {
    padded_qkv.copy_rows(qkv, offsets[s], lengths[s], static_cast<std::int64_t>(s) * row_length);
  }
  ops::Attention op = with_positions(padded_qkv, offsets, padded);
  op.sequences = ops::Sequences::padded(ints(lengths), row_length);
  backend.attention_padded(op);
  padded.expect_guards_intact();
  for (std::size_t s = 0; s < lengths.size(); ++s) {
    const std::int64_t first = static_cast<std::int64_t>(s) * row_length;
    expect_same_rows(padded.rows_from(first, lengths[s]), packed, offsets[s],
                     fmt::format("{}: sequence {} padded", what, s));
    for (std::int64_t i = lengths[s]; i < row_length; ++i) {
      for (std::int64_t c = 0; c < heads * width; ++c) {
        ASSERT_EQ(padded.at(first + i, c), 0.0f) << "padding row " << i << " of sequence " << s;
      }
    }
  }
}

TEST_P(AttentionTest, ASequenceHasTheSameBitsAloneInAPackOfAnyOrderAndPadded) {
  for (const DataType type : activation_types()) {
    for (const bool rotary : {false, true}) {
      // On a GPU each of these widths has a kernel of its own.
      const std::vector<std::int64_t> widths = is_cuda()
                                                   ? std::vector<std::int64_t>{16, 24, 32, 64, 128}
                                                   : std::vector<std::int64_t>{40};
      for (const std::int64_t width : widths) {
        expect_same_bits_in_every_arrangement(*backend, type, width, rotary);
      }
    }
  }
}

TEST_P(AttentionTest, ASequenceHasTheSameBitsOnAnyThreads) {
  const auto offsets = offsets_of({3, 170, 1, 131, 50});
  for (const bool rotary : {false, true}) {
    const Grid qkv = Grid::random(offsets.back(), 3 * 3 * 40, 11);
    const std::vector<float> slopes = rotary ? std::vector<float>{} : slopes_of(3);
    Grid together(offsets.back(), 3 * 40);
    ops::Attention op = operation(qkv, offsets, 3, slopes, together);
    op.rotary = rotary;
    backend->attention_packed(op);
    for (const std::size_t threads : {1, 3}) {
      Grid again(offsets.back(), 3 * 40);
      op.output = again.view();
      make(threads)->attention_packed(op);
      expect_same_rows(again, together, 0, fmt::format("{} threads", threads));
    }
  }
}

TEST_P(AttentionTest, NanStaysInItsSequenceAndHead) {
  const std::vector<std::int32_t> offsets = {0, 30, 60};
  Grid qkv = Grid::random(60, 3 * 2 * 16, 5);
  qkv.set(40, 2 * 16 + 16, NAN);  // a key of sequence 1, head 1
  Grid output(60, 32);
  backend->attention_packed(operation(qkv, offsets, 2, {}, output));
  for (std::int64_t i = 0; i < 60; ++i) {
    for (std::int64_t c = 0; c < 32; ++c) {
      EXPECT_EQ(std::isnan(output.at(i, c)), i >= 30 && c >= 16) << i << ", " << c;
    }
  }
}

TEST_P(AttentionTest, ComputesNothingForNoTokens) {
  const std::vector<std::int32_t> offsets = {0};
  const Grid qkv(0, 3 * 16);
  Grid output(0, 16);
  backend->attention_packed(operation(qkv, offsets, 2, {}, output));
  output.expect_guards_intact();
}

TEST_P(AttentionTest, RefusesWrongShapesAndSequences) {
  const std::vector<std::int32_t> offsets = {0, 4, 10};
  const Grid qkv = Grid::random(10, 3 * 2 * 8, 5);
  Grid output(10, 16);
  Grid other(10, 17);
  const ops::Attention good = operation(qkv, offsets, 2, {}, output);
  backend->attention_packed(good);
  auto bad = good;
  bad.output = other.view();
  EXPECT_THROW(backend->attention_packed(bad), ContractError);
  bad = good;
  bad.heads = 16;  // of width 1
  backend->attention_packed(bad);
  bad.rotary = true;
  EXPECT_THROW(backend->attention_packed(bad), ContractError);
  bad = good;
  bad.heads = 5;
  EXPECT_THROW(backend->attention_packed(bad), ContractError);
  const std::vector<float> one_slope = {0.5f};
  bad = good;
  bad.alibi_slopes = floats(one_slope);
  EXPECT_THROW(backend->attention_packed(bad), ContractError);
  for (const std::vector<std::int32_t>& wrong :
       {std::vector<std::int32_t>{1, 10}, {0, 9}, {0, 4, 4, 10}, {0, 6, 3, 10}}) {
    bad = good;
    bad.sequences = ops::Sequences::packed(ints(wrong));
    EXPECT_THROW(backend->attention_packed(bad), ContractError) << testing::PrintToString(wrong);
  }
  EXPECT_THROW(backend->attention_padded(good), ContractError);
  bad = good;
  const std::vector<std::int32_t> lengths = {4, 5};
  bad.sequences = ops::Sequences::padded(ints(lengths), 5);
  EXPECT_THROW(backend->attention_packed(bad), ContractError);
  backend->attention_padded(bad);
  const std::vector<std::int32_t> too_long = {4, 6};
  bad.sequences = ops::Sequences::padded(ints(too_long), 5);
  EXPECT_THROW(backend->attention_padded(bad), ContractError);
}

}  // namespace
}  // namespace virnucpro
