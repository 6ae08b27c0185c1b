#include "devices/precision_advice.h"

#include <gtest/gtest.h>

#include <vector>

namespace virnucpro {
namespace {

std::vector<PrecisionCost> costs(double bf16, double int8) {
  return {{.precision = Precision::kFp16, .expected_speed = 1.0},
          {.precision = Precision::kBf16, .expected_speed = bf16},
          {.precision = Precision::kInt8, .expected_speed = int8}};
}

TEST(PrecisionAdvice, NamesWhatIsMuchFasterAndItsAccuracy) {
  EXPECT_EQ(precision_advice(costs(1.9, 3.7), Precision::kFp16),
            "expected on this device beside fp16 (worst cosine 0.99999): bf16 about 1.9 times as "
            "fast (worst cosine 0.999), int8 about 3.7 times as fast (worst cosine 0.99); see "
            "--precision");
  EXPECT_EQ(precision_advice(costs(1.0, 1.5), Precision::kFp16),
            "expected on this device beside fp16 (worst cosine 0.99999): int8 about 1.5 times as "
            "fast (worst cosine 0.99); see --precision");
}

TEST(PrecisionAdvice, ComparesWithThePrecisionInUse) {
  EXPECT_EQ(precision_advice(costs(1.9, 3.8), Precision::kBf16),
            "expected on this device beside bf16 (worst cosine 0.999): int8 about 2.0 times as "
            "fast (worst cosine 0.99); see --precision");
}

TEST(PrecisionAdvice, IsSilentWhereNothingIs) {
  EXPECT_EQ(precision_advice(costs(1.0, 1.49), Precision::kFp16), "");
  EXPECT_EQ(precision_advice(costs(1.9, 2.7), Precision::kBf16), "");
  EXPECT_EQ(precision_advice(costs(1.9, 3.7), Precision::kInt8), "");
  EXPECT_EQ(precision_advice({}, Precision::kFp16), "");
  EXPECT_EQ(precision_advice(costs(1.9, 3.7), Precision::kFp32), "");  // unknown beside others
}

}  // namespace
}  // namespace virnucpro
