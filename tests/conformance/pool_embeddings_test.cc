// pool_embeddings on every backend: what mean_pool, count_nonfinite and a copy give, to the bit.
#include <cmath>
#include <cstring>

#include "conformance/conformance.h"

namespace virnucpro {
namespace {

VIRNUCPRO_CONFORMANCE_WITH_DEVICES(PoolEmbeddingsTest);

constexpr float kUntouched = -77.0f;
constexpr std::int32_t kUntouchedCount = -7;

/// Host memory for the results, with an element before and after that nothing may change.
struct Results {
  Results(std::int64_t sequences, std::int64_t width)
      : values(static_cast<std::size_t>(sequences * width) + 2, kUntouched),
        rows(static_cast<std::size_t>(sequences) + 2, kUntouchedCount) {}

  std::span<float> inner_values() { return std::span(values).subspan(1, values.size() - 2); }
  std::span<std::int32_t> inner_rows() { return std::span(rows).subspan(1, rows.size() - 2); }
  void expect_edges_intact() const {
    EXPECT_EQ(values.front(), kUntouched);
    EXPECT_EQ(values.back(), kUntouched);
    EXPECT_EQ(rows.front(), kUntouchedCount);
    EXPECT_EQ(rows.back(), kUntouchedCount);
  }

  std::vector<float> values;
  std::vector<std::int32_t> rows;
};

/// Equal bits, or NaN in both places: the payload of a NaN is not promised.
void expect_same(std::span<const float> actual, const Grid& expected, const std::string& what) {
  for (std::int64_t i = 0; i < expected.rows(); ++i) {
    for (std::int64_t j = 0; j < expected.columns(); ++j) {
      const float is = actual[static_cast<std::size_t>(i * expected.columns() + j)];
      const float should = expected.at(i, j);
      if (std::isnan(is) && std::isnan(should)) continue;
      ASSERT_EQ(std::memcmp(&is, &should, sizeof(is)), 0)
          << what << ": [" << i << ", " << j << "] is " << is << ", expected " << should;
    }
  }
}

void expect_the_three(Backend& backend, const Grid& input, const ops::Sequences& sequences,
                      const std::string& what) {
  const std::int64_t count = sequences.count();
  const std::int64_t width = input.columns();
  Grid pooled(count, width, DataType::kFloat32, 0);
  ops::MeanPool op{input.view(), sequences, 1, 1, 0, pooled.view()};
  backend.mean_pool(op);
  std::vector<std::int32_t> expected_rows(static_cast<std::size_t>(count));
  const auto expected = backend.count_nonfinite({pooled.view(), expected_rows});

  const auto check = [&](Matrix output, const std::string& where) {
    Results results(count, width);
    op.output = output;
    const auto actual = backend.pool_embeddings(op, results.inner_values(), results.inner_rows());
    const std::string text = what + ", output " + where;
    results.expect_edges_intact();
    expect_same(results.inner_values(), pooled, text);
    EXPECT_TRUE(std::ranges::equal(results.inner_rows(), expected_rows)) << text;
    EXPECT_EQ(actual.nan, expected.nan) << text;
    EXPECT_EQ(actual.infinite, expected.infinite) << text;
    EXPECT_EQ(actual.finite_min, expected.finite_min) << text;
    EXPECT_EQ(actual.finite_max, expected.finite_max) << text;
  };
  Grid grid(count, width, DataType::kFloat32, 0);
  check(grid.view(), "beside the input");
  grid.expect_guards_intact();
  expect_same_rows(grid, pooled, 0, what);
  // As the encoders call it: the output stays on the device.
  const Buffer buffer = backend.allocate(static_cast<std::size_t>(count * width) * sizeof(float));
  check({buffer.data(), DataType::kFloat32, count, width, width}, "in memory of the backend");
}

TEST_P(PoolEmbeddingsTest, GivesWhatTheThreeOperationsGive) {
  const std::vector<std::int32_t> lengths = {1, 2, 3, 40, 7, 170};
  const auto offsets = offsets_of(lengths);
  for (const DataType type : activation_types()) {
    for (const std::int64_t width : {1, 7, 16, 33, 320, 1280}) {
      const Grid input = Grid::random(offsets.back(), width, 5, type);
      expect_the_three(*backend, input, ops::Sequences::packed(ints(offsets)),
                       fmt::format("{} width {}", name_of(type), width));
    }
  }
}

TEST_P(PoolEmbeddingsTest, FindsNanAndInfinityInTheirSequences) {
  const std::vector<std::int32_t> lengths = {5, 40, 7, 61};
  const auto offsets = offsets_of(lengths);
  for (const DataType type : activation_types()) {
    Grid input = Grid::random(offsets.back(), 67, 5, type);
    input.set(7, 0, NAN);                   // sequence 1
    input.set(8, 66, INFINITY);             // sequence 1
    input.set(9, 33, INFINITY);             // with the next one: NaN
    input.set(10, 33, -INFINITY);           // sequence 1
    input.set(47, 5, -INFINITY);            // sequence 2
    input.set(0, 1, NAN);                   // <cls> of sequence 0: left out
    input.set(offsets.back() - 1, 1, NAN);  // <eos> of sequence 3: left out
    expect_the_three(*backend, input, ops::Sequences::packed(ints(offsets)),
                     fmt::format("{} planted", name_of(type)));
    Results results(4, 67);
    Grid output(4, 67, DataType::kFloat32, 0);
    const auto count = backend->pool_embeddings(
        {input.view(), ops::Sequences::packed(ints(offsets)), 1, 1, 0, output.view()},
        results.inner_values(), results.inner_rows());
    EXPECT_EQ(count.nan, 2);
    EXPECT_EQ(count.infinite, 2);
    EXPECT_THAT(results.inner_rows(), testing::ElementsAre(0, 3, 1, 0));
  }
}

TEST_P(PoolEmbeddingsTest, PaddingDoesNotCount) {
  const std::vector<std::int32_t> lengths = {2, 9, 3};
  Grid input = Grid::random(27, 40, 5);
  input.set(3, 7, NAN);  // padding of sequence 0
  expect_the_three(*backend, input, ops::Sequences::padded(ints(lengths), 9), "padded");
}

TEST_P(PoolEmbeddingsTest, TakesOneSequenceAndMany) {
  for (const std::size_t sequences : {1, 1000}) {
    const auto offsets = offsets_of(std::vector<std::int32_t>(sequences, 3));
    const Grid input = Grid::random(offsets.back(), 24, 5);
    expect_the_three(*backend, input, ops::Sequences::packed(ints(offsets)),
                     fmt::format("{} sequences", sequences));
  }
}

TEST_P(PoolEmbeddingsTest, RefusesResultsOfAnotherSizeAndAnOutputWithGaps) {
  const std::vector<std::int32_t> offsets = {0, 5};
  const Grid input = Grid::random(5, 8, 5);
  Grid output(1, 8, DataType::kFloat32, 0);
  Grid gaps(1, 8);
  std::vector<float> values(8);
  std::vector<std::int32_t> rows(1);
  const ops::MeanPool good{input.view(), ops::Sequences::packed(ints(offsets)), 0, 0, 0,
                           output.view()};
  backend->pool_embeddings(good, values, rows);
  EXPECT_THROW(backend->pool_embeddings(good, std::span(values).first(7), rows), ContractError);
  std::vector<std::int32_t> two(2);
  EXPECT_THROW(backend->pool_embeddings(good, values, two), ContractError);
  auto bad = good;
  bad.output = gaps.view();
  EXPECT_THROW(backend->pool_embeddings(bad, values, rows), ContractError);
}

}  // namespace
}  // namespace virnucpro
