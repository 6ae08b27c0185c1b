// rotary on every backend, against the reference.
#include "conformance/conformance.h"

namespace virnucpro {
namespace {

VIRNUCPRO_CONFORMANCE(RotaryTest);

// Tables rounded once from double, then two products and a sum of values around 1.
constexpr Tolerance kComputed{1e-6, 4e-7};

TEST_P(RotaryTest, AgreesForHeadWidthsAndPositions) {
  const std::vector<std::int32_t> lengths = {1, 2, 61, 7};
  const auto offsets = offsets_of(lengths);
  for (const DataType type : activation_types()) {
    for (const std::int64_t width : {2, 4, 6, 8, 10, 14, 16, 20, 24, 30, 32, 48, 64, 66, 80, 128}) {
      for (const std::int64_t heads : {1, 3, 20}) {
        Grid actual = Grid::random(offsets.back(), 3 * heads * width, 5, type);
        Grid expected = actual;
        backend->rotary({actual.view(), ops::Sequences::packed(ints(offsets)), heads, 0.25f});
        judge.rotary({expected.view(), ops::Sequences::packed(ints(offsets)), heads, 0.25f});
        expect_close(actual, expected, stored_as(type, kComputed),
                     fmt::format("{} heads {} width {}", name_of(type), heads, width));
      }
    }
  }
}

TEST_P(RotaryTest, AgreesAfterTheTableHasGrown) {
  for (const std::int32_t length : {5, 3, 1026, 40}) {
    const std::vector<std::int32_t> offsets = {0, length};
    Grid actual = Grid::random(length, 3 * 2 * 16, 5);
    Grid expected = actual;
    backend->rotary({actual.view(), ops::Sequences::packed(ints(offsets)), 2, 0.25f});
    judge.rotary({expected.view(), ops::Sequences::packed(ints(offsets)), 2, 0.25f});
    expect_close(actual, expected, kComputed, fmt::format("length {}", length));
  }
}

TEST_P(RotaryTest, PositionZeroOnlyScalesQueriesAndValuesStay) {
  const std::vector<std::int32_t> offsets = {0, 1, 3};
  const Grid before = Grid::random(3, 3 * 2 * 8, 5);
  Grid after = before;
  backend->rotary({after.view(), ops::Sequences::packed(ints(offsets)), 2, 0.5f});
  for (const std::int64_t row : {0, 1}) {
    for (std::int64_t c = 0; c < 16; ++c) {
      EXPECT_EQ(after.at(row, c), 0.5f * before.at(row, c));
      EXPECT_EQ(after.at(row, 16 + c), before.at(row, 16 + c));
    }
  }
  for (std::int64_t row = 0; row < 3; ++row) {
    for (std::int64_t c = 32; c < 48; ++c) EXPECT_EQ(after.at(row, c), before.at(row, c));
  }
}

TEST_P(RotaryTest, PaddedAndPackedSequencesGetTheSameBits) {
  const std::vector<std::int32_t> lengths = {4, 2};
  const auto offsets = offsets_of(lengths);
  Grid packed = Grid::random(6, 3 * 20, 5);
  Grid padded = Grid::random(8, 3 * 20, 6);
  for (std::int64_t c = 0; c < 60; ++c) {
    for (std::int64_t i = 0; i < 4; ++i) padded.set(i, c, packed.at(i, c));
    for (std::int64_t i = 0; i < 2; ++i) padded.set(4 + i, c, packed.at(4 + i, c));
  }
  backend->rotary({packed.view(), ops::Sequences::packed(ints(offsets)), 1, 0.5f});
  backend->rotary({padded.view(), ops::Sequences::padded(ints(lengths), 4), 1, 0.5f});
  expect_close(padded.rows_from(0, 6), packed, {0, 0}, "padded");
  padded.expect_guards_intact();
}

TEST_P(RotaryTest, RefusesOddHeadsAndWrongSequences) {
  Grid qkv = Grid::random(4, 3 * 2 * 3, 5);
  const std::vector<std::int32_t> offsets = {0, 4};
  const std::vector<std::int32_t> wrong = {0, 3};
  EXPECT_THROW(backend->rotary({qkv.view(), ops::Sequences::packed(ints(offsets)), 2, 1.0f}),
               ContractError);
  EXPECT_THROW(backend->rotary({qkv.view(), ops::Sequences::packed(ints(offsets)), 0, 1.0f}),
               ContractError);
  EXPECT_THROW(backend->rotary({qkv.view(), ops::Sequences::packed(ints(wrong)), 1, 1.0f}),
               ContractError);
  EXPECT_THROW(backend->rotary({qkv.view(), {}, 1, 1.0f}), ContractError);
}

}  // namespace
}  // namespace virnucpro
