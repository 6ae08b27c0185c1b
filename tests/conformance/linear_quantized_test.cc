// Weights whose rows were rounded before give the same bits as those that the backend rounds.
#include <cmath>
#include <cstdint>
#include <vector>

#include "conformance/conformance.h"
#include "tensor/host_tensor.h"
#include "tensor/kept_columns.h"
#include "tensor/quantize.h"

namespace virnucpro {
namespace {

VIRNUCPRO_CONFORMANCE(LinearQuantizedTest);

std::vector<std::int32_t> some_columns(std::int64_t k) {
  std::vector<std::int32_t> columns;
  for (std::int64_t c = 3; c < k; c += 7) columns.push_back(static_cast<std::int32_t>(c));
  return columns;
}

HostTensor half_weight(std::int64_t n, std::int64_t k, unsigned seed) {
  const float deviation = 1.0f / std::sqrt(static_cast<float>(k));
  return convert(make_float_tensor({n, k}, random_values(n * k, seed, deviation)),
                 DataType::kFloat16);
}

/// What a file would hold of `weight`.
QuantizedWeight rounded(const HostTensor& weight, DataType type,
                        const std::vector<std::int32_t>& columns) {
  SplitColumns split{weight, {}};
  if (!columns.empty()) split = split_columns(weight, columns);
  QuantizedRows rows = quantize_rows(split.rest, type);
  return {rows.values, make_float_tensor({weight.shape[0]}, rows.scales), split.kept};
}

ops::Linear operation(const Grid& input, const ops::LinearWeight& weight, Grid& output) {
  ops::Linear op;
  op.input = input.view();
  op.weight = &weight;
  op.output = output.view();
  return op;
}

void expect_same_bits(const Grid& actual, const Grid& expected, std::int64_t m, std::int64_t n,
                      const std::string& what) {
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      ASSERT_EQ(actual.at(i, j), expected.at(i, j)) << what << " at " << i << ", " << j;
    }
  }
}

TEST_P(LinearQuantizedTest, IsToTheBitWhatTheBackendRounds) {
  for (const auto& [m, k, n] : {std::tuple{1, 1, 1},
                                {2, 17, 33},
                                {65, 65, 129},
                                {130, 200, 67},
                                {70, 320, 320},
                                {9, 599, 257}}) {
    const HostTensor weight = half_weight(n, k, 4);
    for (const DataType type : activation_types()) {
      const Grid input = Grid::random(m, k, 1, type);
      for (const bool keeps : {false, true}) {
        const std::vector<std::int32_t> columns = keeps ? some_columns(k) : decltype(columns)();
        const auto made = backend->prepare_linear(weight, DataType::kInt8, columns);
        const QuantizedWeight part = rounded(weight, DataType::kInt8, columns);
        const auto stored = backend->prepare_quantized({&part, 1}, columns);
        EXPECT_EQ(stored->type(), DataType::kInt8);
        Grid expected(m, n, type);
        Grid actual(m, n, type);
        backend->linear(operation(input, *made, expected));
        backend->linear(operation(input, *stored, actual));
        expect_same_bits(actual, expected, m, n,
                         fmt::format("m {} k {} n {} {}", m, k, n, name_of(type)));
      }
    }
  }
}

TEST_P(LinearQuantizedTest, TakesPartsOneBelowTheOther) {
  constexpr std::int64_t kRows = 40, kInputs = 96, kOutputs = 30;
  const std::vector<std::int32_t> columns = some_columns(kInputs);
  std::vector<HostTensor> weights;
  std::vector<QuantizedWeight> parts;
  for (unsigned seed = 1; seed <= 3; ++seed) {
    weights.push_back(half_weight(kOutputs, kInputs, seed));
    parts.push_back(rounded(weights.back(), DataType::kInt8, columns));
  }
  const auto made = backend->prepare_linear(weights, DataType::kInt8, columns);
  const auto stored = backend->prepare_quantized(parts, columns);
  for (const DataType type : activation_types()) {
    const Grid input = Grid::random(kRows, kInputs, 7, type);
    Grid expected(kRows, 3 * kOutputs, type);
    Grid actual(kRows, 3 * kOutputs, type);
    backend->linear(operation(input, *made, expected));
    backend->linear(operation(input, *stored, actual));
    expect_same_bits(actual, expected, kRows, 3 * kOutputs, std::string(name_of(type)));
  }
}

TEST_P(LinearQuantizedTest, TakesFloatsOf8BitsWhereTheyAreOffered) {
  const HostTensor weight = half_weight(48, 80, 5);
  const QuantizedWeight part = rounded(weight, DataType::kFloat8E4M3, {});
  if (!backend->offers(Precision::kFp8)) {
    EXPECT_THROW(backend->prepare_quantized({&part, 1}), ContractError);
    return;
  }
  const auto made = backend->prepare_linear(weight, DataType::kFloat8E4M3);
  const auto stored = backend->prepare_quantized({&part, 1});
  for (const DataType type : activation_types()) {
    const Grid input = Grid::random(20, 80, 7, type);
    Grid expected(20, 48, type);
    Grid actual(20, 48, type);
    backend->linear(operation(input, *made, expected));
    backend->linear(operation(input, *stored, actual));
    expect_same_bits(actual, expected, 20, 48, std::string(name_of(type)));
  }
}

TEST_P(LinearQuantizedTest, RefusesPartsThatDoNotFit) {
  const std::vector<std::int32_t> columns = some_columns(40);
  const QuantizedWeight part = rounded(half_weight(8, 40, 5), DataType::kInt8, columns);
  QuantizedWeight wrong = part;
  wrong.scales = make_float_tensor({7}, random_values(7, 1));
  EXPECT_THROW(backend->prepare_quantized({&wrong, 1}, columns), ContractError);
  wrong = part;
  wrong.values = half_weight(8, 40, 5);
  EXPECT_THROW(backend->prepare_quantized({&wrong, 1}, columns), ContractError);
  const std::vector<std::int32_t> fewer(columns.begin() + 1, columns.end());
  EXPECT_THROW(backend->prepare_quantized({&part, 1}, fewer), ContractError);
  const std::vector<std::int32_t> falling(columns.rbegin(), columns.rend());
  EXPECT_THROW(backend->prepare_quantized({&part, 1}, falling), ContractError);
  EXPECT_THROW(backend->prepare_quantized({}), ContractError);
}

TEST(Dequantized, IsTheMatrixWithinItsRounding) {
  const HostTensor weight = half_weight(6, 50, 3);
  const std::vector<std::int32_t> columns = some_columns(50);
  for (const DataType type : {DataType::kInt8, DataType::kFloat8E4M3}) {
    const std::vector<std::int32_t> kept =
        type == DataType::kInt8 ? columns : std::vector<std::int32_t>();
    const HostTensor widened = dequantized(rounded(weight, type, kept), kept);
    for (std::int64_t i = 0; i < weight.shape.elements(); ++i) {
      const float value = float_at(weight, i);
      const bool is_kept = !kept.empty() && i % 50 % 7 == 3;
      const float step = type == DataType::kInt8 ? 0.6f / 127.0f : 0.07f * std::fabs(value) + 1e-3f;
      if (is_kept) {
        EXPECT_EQ(float_at(widened, i), value);
      }
      EXPECT_NEAR(float_at(widened, i), value, step) << i;
    }
  }
}

}  // namespace
}  // namespace virnucpro
