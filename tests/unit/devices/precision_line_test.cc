// What a run says about its precision: only what was measured with these models.
#include "devices/precision_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace virnucpro {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

MeasuredAccuracy measured(Precision precision, double cosine, double speed) {
  return {.precision = precision,
          .expected_length = 500,
          .device = "Xeon",
          .frames = 1000,
          .dnabert_s_cosine = 0.99995,
          .esm2_cosine = cosine,
          .largest_score_change = 0.01,
          .flips = 1,
          .frames_per_second = speed};
}

const PrecisionChoice kFp16 = {.precision = Precision::kFp16, .packed = true, .warnings = {}};

TEST(PrecisionLine, SaysThatNothingIsKnown) {
  EXPECT_EQ(precision_line(kFp16, {}, "Xeon"),
            "precision fp16, packed batches; how exact it is with these models is unknown "
            "('virnucpro precision' measures it)");
  const std::vector<MeasuredAccuracy> other = {measured(Precision::kInt8, 0.995, 200.0)};
  EXPECT_THAT(precision_line(kFp16, other, "Xeon"), HasSubstr("unknown"));
  EXPECT_EQ(precision_line({.precision = Precision::kFp32, .packed = false, .warnings = {}}, other,
                           "Xeon"),
            "precision fp32, padded batches");
}

TEST(PrecisionLine, NamesTheMeasuredAccuracyAndWhatWasMuchFasterOnThisDevice) {
  std::vector<MeasuredAccuracy> known = {measured(Precision::kFp16, 0.99997, 100.0),
                                         measured(Precision::kBf16, 0.997, 119.0),
                                         measured(Precision::kInt8, 0.995, 160.0)};
  const std::string line = precision_line(kFp16, known, "Xeon");
  EXPECT_THAT(line,
              HasSubstr("measured with this bundle: centred cosines to FP32 of at least "
                        "0.999950 (DNABERT-S) and 0.999970 (ESM-2), 1 of 1000 calls changed"));
  EXPECT_THAT(line, HasSubstr("; int8 was 1.6 times as fast here, with centred cosines"));
  EXPECT_THAT(line, Not(HasSubstr("bf16")));
  // Speeds of another device say nothing here.
  EXPECT_THAT(precision_line(kFp16, known, "EPYC"), EndsWith("1 of 1000 calls changed"));
  known[2].esm2_cosine = 0.97;  // fast, and not as exact as it should be
  EXPECT_THAT(precision_line(kFp16, known, "Xeon"), Not(HasSubstr("int8")));
}

TEST(PrecisionLine, WarnsOfAPrecisionThatWasMeasuredToBeTooCoarse) {
  std::vector<MeasuredAccuracy> known = {measured(Precision::kInt8, 0.985, 160.0)};
  EXPECT_EQ(accuracy_warning(Precision::kInt8, known), "");
  EXPECT_EQ(accuracy_warning(Precision::kFp16, known), "");
  known[0].esm2_cosine = 0.64;
  EXPECT_THAT(accuracy_warning(Precision::kInt8, known), HasSubstr("0.640000 (ESM-2)"));
  known[0] = measured(Precision::kInt8, 0.99, 160.0);
  known[0].flips = 11;  // of 1000
  EXPECT_THAT(accuracy_warning(Precision::kInt8, known), HasSubstr("11 of 1000 calls changed"));
}

}  // namespace
}  // namespace virnucpro
