// The study of a precision: windows, limits, the frame at fault, and what is refused.
#include "studies/precision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <set>

#include "base/errors.h"
#include "devices/devices.h"
#include "models/precision_policy.h"
#include "pipeline/window_builder.h"
#include "sequence/reader.h"
#include "studies/embedding_difference.h"
#include "support/planted_weights.h"
#include "unit/pipeline/fake_run.h"
#include "unit/report/temporary_folder.h"

namespace virnucpro {
namespace {

const std::string kParts = std::string(VIRNUCPRO_SOURCE_DIR) + "/tests/data/parity/pipeline/";

struct StudySettings : ModelRequest, PrecisionRequest {
  std::vector<std::string> inputs;
  std::size_t batch_tokens = 0;
};

/// What the test keeps of a frame.
struct Row {
  std::string id;
  std::string first_nonfinite;
  bool finite = true;
  double cosine = 0.0;
  std::optional<float> p_virus;
  std::optional<float> p_virus_fp32;

  bool operator==(const Row&) const = default;
};

struct Fixture {
  Fixture() {
    std::mt19937 random(5);
    std::string text;
    for (int i = 0; i < 6; ++i) {
      std::string bases = random_bases(200 + 200 * static_cast<std::size_t>(i), random);
      for (char& base : bases) base = base == 'T' && random() % 8 != 0 ? 'C' : base;
      text += ">s" + std::to_string(i) + "\n" + bases + "\n";
    }
    folder.write("in.fa", text + ">empty\n");
    settings.inputs = {folder.file("in.fa")};
    settings.dnabert = kParts + "dnabert_s";
    settings.esm2 = kParts + "esm2.pt";
    settings.classifier = kParts + "classifier.pth";
    settings.precision = Precision::kInt8;
  }

  void plant(const std::string& tensor, std::int64_t row = 0) {
    testing_support::plant_dnabert_s(kParts + "dnabert_s", folder.file("planted"), tensor, row,
                                     testing_support::kBeyondHalf);
    settings.dnabert = folder.file("planted");
    settings.precision = Precision::kFp16;
  }

  PrecisionReport study(std::stop_token stop = {}) {
    rows.clear();
    const Precision precision = settings.precision.value_or(Precision::kFp16);
    const std::unique_ptr<Backend> backend = create_backend("cpu", 1);
    const LoadedModels loaded = load_models(settings, precision, false, {}, *backend);
    const LoadedModels exact = load_models(settings, Precision::kFp32, true, {}, *backend);
    tokenizer = exact.tokenizer;
    const std::vector<StudiedModels> studied = {{loaded, precision}};
    return study_precision(
        settings.inputs,
        {.studied = studied,
         .exact = exact,
         .backend = *backend,
         .limit = limit,
         .batch_tokens = settings.batch_tokens,
         .limits = limits},
        [this](const FrameComparison& frame) { keep(frame); }, std::move(stop));
  }

  void keep(const FrameComparison& frame) {
    const EmbeddingComparison& dna = frame.encoders[0];
    rows.push_back({frame.id(), dna.first_nonfinite, dna.finite, dna.cosine, frame.p_virus,
                    frame.p_virus_fp32});
  }

  TemporaryFolder folder;
  StudySettings settings;
  std::uint64_t limit = 0;
  std::optional<WindowLimits> limits;
  std::optional<DnaTokenizer> tokenizer;
  std::vector<Row> rows;
};

TEST(PrecisionStudy, DoesNotDependOnWindowsOrBatches) {
  Fixture f;
  const PrecisionReport whole = f.study();
  const std::vector<Row> rows = f.rows;
  EXPECT_TRUE(whole.complete);
  EXPECT_EQ(whole.frames, rows.size());
  EXPECT_EQ(whole.run.intake.records, 7u);
  ASSERT_GT(rows.size(), 12u);
  for (const Row& row : rows) {
    EXPECT_GT(row.cosine, 0.98);
    EXPECT_LT(row.cosine, 1.0);
  }
  f.limits = WindowLimits{.orfs = 4, .chunks = 2, .bases = 300};
  f.settings.batch_tokens = 90;
  const PrecisionReport small = f.study();
  EXPECT_EQ(f.rows, rows);
  EXPECT_TRUE(small.complete);
  for (std::size_t e = 0; e < 2; ++e) {
    const EncoderSummary& one = small.precisions.front().encoders[e];
    const EncoderSummary& other = whole.precisions.front().encoders[e];
    EXPECT_EQ(one.lowest_cosine_frame, other.lowest_cosine_frame);
    ASSERT_EQ(one.operations.size(), other.operations.size());
    for (std::size_t i = 0; i < one.operations.size(); ++i) {
      EXPECT_EQ(one.operations[i].largest, other.operations[i].largest);
      EXPECT_EQ(one.operations[i].largest_fp32, other.operations[i].largest_fp32);
    }
  }
}

TEST(PrecisionStudy, StopsAtTheLimitWithinAWindowAndBetweenTwo) {
  Fixture f;
  f.study();
  const std::vector<Row> all = f.rows;
  for (const std::size_t orfs : {std::size_t{1}, std::size_t{4}, std::size_t{512}}) {
    f.limits = WindowLimits{.orfs = orfs};
    for (const std::size_t limit : {std::size_t{1}, std::size_t{4}, std::size_t{9}}) {
      f.limit = limit;
      const PrecisionReport some = f.study();
      EXPECT_FALSE(some.complete);
      EXPECT_EQ(some.frames, limit);
      ASSERT_EQ(f.rows.size(), limit);
      for (std::size_t i = 0; i < limit; ++i) {
        // The cosines are centred on other frames.
        f.rows[i].cosine = all[i].cosine;
        EXPECT_EQ(f.rows[i], all[i]);
      }
      EXPECT_TRUE(some.centre.of_reference);
    }
  }
  f.limit = all.size() + 1;
  EXPECT_TRUE(f.study().complete);
}

TEST(PrecisionStudy, BlamesTheFramesThatHoldTheGuiltyTokenAndNoOthers) {
  Fixture f;
  f.study();
  const std::vector<Row> healthy = f.rows;
  // A token that only some frames hold, so that faulty and healthy ones share batches.
  std::vector<std::set<std::int32_t>> tokens;
  DnaTokenizer::Scratch scratch;
  SequenceReader reader({f.settings.inputs});
  WindowBuilder builder([&](Record& record) { return reader.next(record); }, 500, {});
  Window window;
  ASSERT_TRUE(builder.fill(window));
  ASSERT_EQ(window.read.orfs.size(), healthy.size());
  std::map<std::int32_t, std::size_t> frames_with;
  for (std::size_t i = 0; i < window.read.orfs.size(); ++i) {
    std::vector<std::int32_t> ids;
    f.tokenizer->encode(window.read.text_of(EncoderKind::kDnabertS, i), scratch, ids);
    tokens.emplace_back(ids.begin(), ids.end());
    for (const std::int32_t id : tokens.back()) ++frames_with[id];
  }
  std::int32_t guilty = -1;
  for (const auto& [id, count] : frames_with) {
    if (count >= 3 && count + 3 <= tokens.size()) guilty = id;
  }
  ASSERT_GE(guilty, 0);
  f.plant("embeddings.word_embeddings.weight", guilty);
  const PrecisionReport report = f.study();
  ASSERT_EQ(f.rows.size(), healthy.size());
  for (std::size_t i = 0; i < f.rows.size(); ++i) {
    const bool holds = tokens[i].contains(guilty);
    EXPECT_EQ(f.rows[i].finite, !holds) << f.rows[i].id;
    EXPECT_EQ(f.rows[i].first_nonfinite, holds ? "embedding, embedding_lookup 1" : "");
    EXPECT_EQ(f.rows[i].p_virus.has_value(), !holds);
    EXPECT_TRUE(f.rows[i].p_virus_fp32.has_value());
  }
  EXPECT_EQ(report.precisions.front().nonfinite_frames, frames_with[guilty]);
  EXPECT_EQ(report.precisions.front().encoders[0].nonfinite, frames_with[guilty]);
  EXPECT_EQ(report.precisions.front().encoders[0].nonfinite_fp32, 0u);
  EXPECT_EQ(report.precisions.front().encoders[1].nonfinite, 0u);
  EXPECT_EQ(report.precisions.front().scored, healthy.size() - frames_with[guilty]);
  // The layer's FP32 figure is the planted weight, beyond what half precision holds.
  const OperationRange lookup = report.precisions.front().encoders[0].operations.front();
  EXPECT_NEAR(lookup.largest_fp32, testing_support::kBeyondHalf, 2.0f);
  EXPECT_LT(lookup.largest, 10.0f);
  EXPECT_GT(lookup.nonfinite, 0u);
}

TEST(PrecisionStudy, EndsOnAStopRequest) {
  Fixture f;
  std::stop_source source;
  source.request_stop();
  EXPECT_THROW(f.study(source.get_token()), Interrupted);
}

TEST(PrecisionStudy, ComparesSeveralPrecisionsInOneRunAsItDoesEachAlone) {
  Fixture f;
  const PrecisionReport alone = f.study();
  const std::unique_ptr<Backend> backend = create_backend("cpu", 1);
  const LoadedModels exact = load_models(f.settings, Precision::kFp32, true, {}, *backend);
  const LoadedModels bf16 = load_models(f.settings, Precision::kBf16, false, {}, *backend);
  const LoadedModels int8 = load_models(f.settings, Precision::kInt8, false, {}, *backend);
  const std::vector<StudiedModels> studied = {{bf16, Precision::kBf16}, {int8, Precision::kInt8}};
  std::vector<Precision> passed;
  const PrecisionReport both =
      study_precision(f.settings.inputs, {.studied = studied, .exact = exact, .backend = *backend},
                      [&](const FrameComparison& frame) { passed.push_back(frame.precision); });
  ASSERT_EQ(both.precisions.size(), 2u);
  EXPECT_EQ(passed.size(), 2 * alone.frames);
  EXPECT_EQ(passed[0], Precision::kBf16);
  EXPECT_EQ(passed[1], Precision::kInt8);
  for (std::size_t e = 0; e < 2; ++e) {
    const EncoderSummary& one = alone.precisions.front().encoders[e];
    const EncoderSummary& other = both.precisions.back().encoders[e];
    EXPECT_EQ(one.lowest_cosine, other.lowest_cosine);
    EXPECT_EQ(one.lowest_cosine_frame, other.lowest_cosine_frame);
    EXPECT_GT(both.precisions.front().encoders[e].lowest_cosine, one.lowest_cosine);
  }
  for (const PrecisionResult& result : both.precisions) EXPECT_GT(result.frames_per_second, 0.0);
  EXPECT_GT(both.fp32_frames_per_second, 0.0);
}

TEST(StudiedPrecisions, AreThoseWantedUnlessOneIsFp32) {
  const auto none = [](const std::string&) { return std::optional<std::string>(); };
  EXPECT_THAT(studied_precisions({}, none), testing::ElementsAre(Precision::kFp16));
  EXPECT_THAT(studied_precisions({Precision::kInt8, Precision::kBf16}, none),
              testing::ElementsAre(Precision::kInt8, Precision::kBf16));
  EXPECT_THROW(studied_precisions({Precision::kInt8, Precision::kFp32}, none), PrecisionError);
  const auto disabled = [](const std::string& name) {
    return name == "VIRNUCPRO_DISABLE_FP16" ? std::optional<std::string>("1") : std::nullopt;
  };
  EXPECT_THROW(studied_precisions({Precision::kInt8}, disabled), PrecisionError);
}

TEST(EmbeddingDifference, IsMeasuredInDouble) {
  const std::vector<float> exact = {3.0f, 0.0f, -4.0f};
  const std::vector<double> zero(3, 0.0);
  const EmbeddingDifference same = embedding_difference(exact, exact, zero);
  EXPECT_DOUBLE_EQ(same.cosine, 1.0);
  EXPECT_EQ(same.largest, 0.0);
  const EmbeddingDifference other =
      embedding_difference(std::vector<float>{3.0f, 1.0f, 4.0f}, exact, zero);
  EXPECT_DOUBLE_EQ(other.cosine, (9.0 - 16.0) / (5.0 * std::sqrt(26.0)));
  EXPECT_DOUBLE_EQ(other.largest, 8.0);
  EXPECT_DOUBLE_EQ(other.relative, 2.0);
  // Squares beyond float32.
  const std::vector<float> large = {3e30f, 4e30f};
  EXPECT_DOUBLE_EQ(embedding_difference(large, large, std::vector<double>(2, 0.0)).cosine, 1.0);
}

TEST(EmbeddingDifference, IsCentred) {
  // One dimension that all embeddings share hides that the others are opposite.
  const std::vector<float> exact = {100.0f, 1.0f};
  const std::vector<float> studied = {100.0f, -1.0f};
  EXPECT_GT(embedding_difference(studied, exact, std::vector<double>{0.0, 0.0}).cosine, 0.999);
  EXPECT_DOUBLE_EQ(embedding_difference(studied, exact, std::vector<double>{100.0, 0.0}).cosine,
                   -1.0);
  EmbeddingMean mean(2);
  EXPECT_THAT(mean.mean(), testing::ElementsAre(0.0, 0.0));
  mean.add(exact);
  mean.add(std::vector<float>{NAN, 5.0f});
  mean.add(std::vector<float>{200.0f, 3.0f});
  EXPECT_EQ(mean.count(), 2u);
  EXPECT_THAT(mean.mean(), testing::ElementsAre(150.0, 2.0));
}

TEST(EmbeddingDifference, OfZeroVectors) {
  const std::vector<float> zero = {0.0f, 0.0f};
  const std::vector<float> one = {0.0f, 1.0f};
  const std::vector<double> centre = {0.0, 0.0};
  EXPECT_EQ(embedding_difference(zero, zero, centre).cosine, 1.0);
  EXPECT_EQ(embedding_difference(zero, zero, centre).relative, 0.0);
  EXPECT_EQ(embedding_difference(one, zero, centre).cosine, 0.0);
  EXPECT_EQ(embedding_difference(one, zero, centre).relative, HUGE_VAL);
  EXPECT_EQ(embedding_difference(zero, one, centre).relative, 1.0);
  EXPECT_THROW(embedding_difference(zero, std::vector<float>(3), centre), ContractError);
  EXPECT_THROW(embedding_difference(zero, one, std::vector<double>(3)), ContractError);
}

}  // namespace
}  // namespace virnucpro
