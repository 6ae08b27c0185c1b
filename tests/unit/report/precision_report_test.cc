// Sums, extremes, tables and the recommendation of a study of precisions.
#include "report/precision_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace virnucpro {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Frame F1 of the first chunk of `record`, with both encoders alike.
FrameComparison frame(std::string_view id, std::uint64_t record, double cosine) {
  FrameComparison frame;
  frame.record_id = id;
  frame.record = record;
  frame.frame = "F1";
  frame.encoders.fill({.tokens = 10,
                       .cosine = cosine,
                       .largest_difference = 1.0 - cosine,
                       .relative_difference = (1.0 - cosine) / 2.0});
  frame.p_virus = 0.4f;
  frame.p_virus_fp32 = 0.4f;
  return frame;
}

OperationRange range(const std::string& layer, const std::string& operation, float largest,
                     float largest_fp32, std::uint64_t nonfinite) {
  OperationRange range;
  range.layer = layer;
  range.operation = operation;
  range.largest = largest;
  range.frame = "of " + operation;
  range.largest_fp32 = largest_fp32;
  range.frame_fp32 = "fp32 of " + operation;
  range.nonfinite = nonfinite;
  return range;
}

PrecisionReport report_of(Precision precision) {
  PrecisionReport report;
  report.precisions.emplace_back().precision = precision;
  return report;
}

TEST(PrecisionReport, KeepsTheWorstFramesAndTheirNames) {
  PrecisionResult result;
  result.add(frame("a", 0, 1.0));
  result.add(frame("b", 1, 0.75));
  FrameComparison flipped = frame("c", 2, 0.875);
  flipped.p_virus = 0.625f;
  flipped.p_virus_fp32 = 0.375f;
  flipped.flip = true;
  result.add(flipped);
  EXPECT_EQ(result.encoders[1].lowest_cosine, 0.75);
  EXPECT_EQ(result.encoders[1].lowest_cosine_frame, "b_chunk_1F1");
  EXPECT_NEAR(result.encoders[1].median_cosine(), 0.875, 0.02 * 0.125);
  EXPECT_EQ(result.encoders[1].largest_difference, 0.25);
  EXPECT_EQ(result.encoders[1].largest_relative_difference, 0.125);
  EXPECT_EQ(result.encoders[1].tokens, 30u);
  EXPECT_EQ(result.flips, 1u);
  EXPECT_EQ(result.largest_drift, 0.25);
  EXPECT_EQ(result.largest_drift_frame, "c_chunk_1F1");
  EXPECT_DOUBLE_EQ(result.mean_drift(), 0.25 / 3.0);
  EXPECT_TRUE(result.examples.empty());
  // A fall counts by its size and keeps its sign.
  FrameComparison fallen = frame("d", 3, 1.0);
  fallen.p_virus = 0.0f;
  result.add(fallen);
  EXPECT_FLOAT_EQ(static_cast<float>(result.largest_drift), -0.4f);
}

TEST(PrecisionReport, CountsWhatIsNotFiniteAndComparesItNot) {
  PrecisionReport report = report_of(Precision::kFp16);
  PrecisionResult& result = report.precisions.front();
  for (int i = 0; i < 12; ++i) {
    FrameComparison broken = frame("x\ty", 0, 0.0);
    broken.encoders[0].finite = false;
    broken.encoders[0].first_nonfinite = "layer 3, linear 2";
    broken.p_virus.reset();
    result.add(broken);
  }
  // NaN on the way to a finite embedding: an example, but not a broken frame.
  FrameComparison passing = frame("z", 1, 1.0);
  passing.encoders[1].first_nonfinite = "layer 1, attention 1";
  result.add(passing);
  EXPECT_EQ(result.nonfinite_frames, 12u);
  EXPECT_EQ(result.encoders[0].nonfinite, 12u);
  EXPECT_EQ(result.encoders[0].compared, 1u);
  EXPECT_EQ(result.encoders[0].lowest_cosine, 1.0);
  EXPECT_EQ(result.encoders[1].compared, 13u);
  EXPECT_EQ(result.scored, 1u);
  EXPECT_EQ(result.examples.size(), PrecisionResult::kExamples);
  EXPECT_FALSE(result.is_good());
  const std::string text = precision_summary(report);
  EXPECT_THAT(text,
              HasSubstr("\nfp16\tx\\x09y_chunk_1F1\tdnabert_s\tlayer 3, linear 2\tnot finite\t"
                        "finite\n"));
  EXPECT_THAT(text, HasSubstr("\n... of 12 frames without a finite embedding; "));
  EXPECT_THAT(text, Not(HasSubstr("x\ty")));
}

TEST(PrecisionReport, ALayerIsTheLargestOfItsOperations) {
  PrecisionReport report = report_of(Precision::kFp16);
  PrecisionResult& result = report.precisions.front();
  result.encoders[0].operations = {range("embedding", "layer_norm 1", 1.0f, 2.0f, 0),
                                   range("layer 0", "linear 1", 8.0f, 4.0f, 1),
                                   range("layer 0", "linear 2", 5.0f, 131008.0f, 2),
                                   range("layer 1", "linear 1", 0.0f, 3.0f, 5)};
  const std::vector<OperationRange> layers = result.encoders[0].layers();
  ASSERT_EQ(layers.size(), 3u);
  EXPECT_EQ(layers[1].largest, 8.0f);
  EXPECT_EQ(layers[1].frame, "of linear 1");
  EXPECT_EQ(layers[1].largest_fp32, 131008.0f);
  EXPECT_EQ(layers[1].frame_fp32, "fp32 of linear 2");
  EXPECT_EQ(layers[1].operation, "linear 2");
  EXPECT_EQ(layers[1].nonfinite, 3u);
  EXPECT_EQ(layers[2].nonfinite, 5u);
  EXPECT_EQ(result.share_of_half(), 8.0 / kLargestHalf);
  EXPECT_THAT(
      layer_table(report),
      HasSubstr("\nfp16\tdnabert_s\tlayer 0\t131008.0\t2.000000\tlinear 2\tfp32 of linear 2\t"
                "8.0\tof linear 1\t0\t3\n"));
  const auto json = nlohmann::json::parse(precision_json(report))["precisions"][0];
  EXPECT_EQ(json["encoders"]["dnabert_s"]["operations"].size(), 4u);
  EXPECT_EQ(json["encoders"]["dnabert_s"]["operations"][2]["share_of_fp16_limit"], 2.0);
  EXPECT_TRUE(json["encoders"]["dnabert_s"]["centred_cosine_worst"].is_null());
}

TEST(PrecisionReport, SaysHowMuchOfTheInputWasLookedAt) {
  PrecisionReport report = report_of(Precision::kInt8);
  report.precisions.emplace_back().precision = Precision::kBf16;
  report.run.packed = false;
  report.run.intake.records = 9;
  report.complete = true;
  EXPECT_EQ(describe_coverage(report),
            "int8, bf16 padded against fp32 padded: all 0 frames of 9 records");
  report.complete = false;
  report.frames = 5;
  report.last_record = 2;
  EXPECT_EQ(describe_coverage(report),
            "int8, bf16 padded against fp32 padded: the first 5 frames, up to record 2; what "
            "follows was not looked at (--limit 0 takes all)");
  EXPECT_THAT(precision_summary(report),
              StartsWith(describe_coverage(report) + "\n\nprecision\tdnabert_s_worst\t"));
}

TEST(PrecisionReport, RecommendsTheFastestThatIsCloseEnough) {
  PrecisionReport report;
  report.frames = 100;
  const auto add = [&](Precision precision, double cosine, double speed) -> PrecisionResult& {
    PrecisionResult& result = report.precisions.emplace_back();
    result.precision = precision;
    for (int i = 0; i < 100; ++i) result.add(frame("a", 0, cosine));
    result.frames_per_second = speed;
    return result;
  };
  add(Precision::kInt8, 0.99, 150.0);
  add(Precision::kFp16, 0.99999, 100.0);
  EXPECT_EQ(report.recommended()->precision, Precision::kInt8);
  // Within a tenth the more exact one wins, in whatever order they are.
  report.precisions.front().frames_per_second = 109.0;
  EXPECT_EQ(report.recommended()->precision, Precision::kFp16);
  report.precisions.front().frames_per_second = 150.0;
  report.precisions.front().flips = 2;  // of 100, where one is allowed
  EXPECT_EQ(report.recommended()->precision, Precision::kFp16);
  EXPECT_THAT(precision_summary(report), HasSubstr("\nrecommended: fp16\n"));
  report.precisions.back().encoders[0].lowest_cosine = 0.9998;
  EXPECT_EQ(report.recommended(), nullptr);
  EXPECT_THAT(precision_summary(report), HasSubstr("\nrecommended: none of these; "));
  EXPECT_TRUE(nlohmann::json::parse(precision_json(report))["recommended"].is_null());
}

TEST(CosineQuantiles, AreWithinTwoPercentOfTheDistance) {
  CosineQuantiles quantiles;
  EXPECT_EQ(quantiles.quantile(0.5), 1.0);
  for (int i = 1; i <= 1000; ++i) quantiles.add(1.0 - i * 1e-6);
  EXPECT_NEAR(1.0 - quantiles.quantile(0.5), 500e-6, 0.02 * 500e-6);
  EXPECT_NEAR(1.0 - quantiles.quantile(0.01), 990e-6, 0.02 * 990e-6);
  quantiles.add(-1.0);
  EXPECT_NEAR(quantiles.quantile(0.0), -1.0, 0.04);
  CosineQuantiles ones;
  for (const double cosine : {1.0, 1.0, 0.5}) ones.add(cosine);
  EXPECT_EQ(ones.quantile(0.5), 1.0);
}

}  // namespace
}  // namespace virnucpro
