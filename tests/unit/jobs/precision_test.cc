// The study of a precision: windows, limits, the frame at fault, and what is refused.
#include "jobs/precision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <set>

#include "base/errors.h"
#include "devices/devices.h"
#include "jobs/embedding_difference.h"
#include "pipeline/window_builder.h"
#include "sequence/reader.h"
#include "support/planted_weights.h"
#include "support/run_settings.h"
#include "unit/pipeline/fake_run.h"
#include "unit/report/temporary_folder.h"

namespace virnucpro {
namespace {

const std::string kParts = std::string(VIRNUCPRO_SOURCE_DIR) + "/tests/data/parity/pipeline/";

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
    const auto no_variables = [](const std::string&) { return std::optional<std::string>(); };
    const PrecisionChoice precision = studied_precision(settings, no_variables);
    const std::unique_ptr<Backend> backend = create_backend("cpu", 1);
    const LoadedModels studied = load_models(settings, precision.precision, true, {}, *backend);
    const LoadedModels exact = load_models(settings, Precision::kFp32, false, {}, *backend);
    tokenizer = studied.tokenizer;
    return study_precision(
        settings.inputs,
        {.studied = studied,
         .exact = exact,
         .precision = precision,
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
  testing_support::RunSettings settings;
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
    EXPECT_GT(row.cosine, 0.99);
    EXPECT_LT(row.cosine, 1.0);
  }
  f.limits = WindowLimits{.orfs = 4, .chunks = 2, .bases = 300};
  f.settings.batch_tokens = 90;
  const PrecisionReport small = f.study();
  EXPECT_EQ(f.rows, rows);
  EXPECT_TRUE(small.complete);
  for (std::size_t e = 0; e < 2; ++e) {
    EXPECT_EQ(small.encoders[e].lowest_cosine_frame, whole.encoders[e].lowest_cosine_frame);
    ASSERT_EQ(small.encoders[e].operations.size(), whole.encoders[e].operations.size());
    for (std::size_t i = 0; i < small.encoders[e].operations.size(); ++i) {
      EXPECT_EQ(small.encoders[e].operations[i].largest, whole.encoders[e].operations[i].largest);
      EXPECT_EQ(small.encoders[e].operations[i].largest_fp32,
                whole.encoders[e].operations[i].largest_fp32);
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
      EXPECT_EQ(f.rows, std::vector<Row>(all.begin(), all.begin() + static_cast<long>(limit)));
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
  EXPECT_EQ(report.nonfinite_frames, frames_with[guilty]);
  EXPECT_EQ(report.encoders[0].nonfinite, frames_with[guilty]);
  EXPECT_EQ(report.encoders[0].nonfinite_fp32, 0u);
  EXPECT_EQ(report.encoders[1].nonfinite, 0u);
  EXPECT_EQ(report.scored, healthy.size() - frames_with[guilty]);
  // The layer's FP32 figure is the planted weight, beyond what half precision holds.
  const OperationRange lookup = report.encoders[0].operations.front();
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

TEST(StudiedPrecision, IsThatOfTheRunUnlessItIsFp32) {
  const auto none = [](const std::string&) { return std::optional<std::string>(); };
  testing_support::RunSettings settings;
  EXPECT_EQ(studied_precision(settings, none).precision, Precision::kFp16);
  EXPECT_TRUE(studied_precision(settings, none).packed);
  settings.precision = Precision::kBf16;
  settings.no_packing = true;
  EXPECT_EQ(studied_precision(settings, none).precision, Precision::kBf16);
  EXPECT_FALSE(studied_precision(settings, none).packed);
  settings.precision = Precision::kFp32;
  EXPECT_THROW(studied_precision(settings, none), PrecisionError);
}

TEST(EmbeddingDifference, IsMeasuredInDouble) {
  const std::vector<float> exact = {3.0f, 0.0f, -4.0f};
  const EmbeddingDifference same = embedding_difference(exact, exact);
  EXPECT_DOUBLE_EQ(same.cosine, 1.0);
  EXPECT_EQ(same.largest, 0.0);
  const EmbeddingDifference other =
      embedding_difference(std::vector<float>{3.0f, 1.0f, 4.0f}, exact);
  EXPECT_DOUBLE_EQ(other.cosine, (9.0 - 16.0) / (5.0 * std::sqrt(26.0)));
  EXPECT_DOUBLE_EQ(other.largest, 8.0);
  EXPECT_DOUBLE_EQ(other.relative, 2.0);
  // Squares beyond float32.
  const std::vector<float> large = {3e30f, 4e30f};
  EXPECT_DOUBLE_EQ(embedding_difference(large, large).cosine, 1.0);
}

TEST(EmbeddingDifference, OfZeroVectors) {
  const std::vector<float> zero = {0.0f, 0.0f};
  const std::vector<float> one = {0.0f, 1.0f};
  EXPECT_EQ(embedding_difference(zero, zero).cosine, 1.0);
  EXPECT_EQ(embedding_difference(zero, zero).relative, 0.0);
  EXPECT_EQ(embedding_difference(one, zero).cosine, 0.0);
  EXPECT_EQ(embedding_difference(one, zero).relative, HUGE_VAL);
  EXPECT_EQ(embedding_difference(zero, one).relative, 1.0);
  EXPECT_THROW(embedding_difference(zero, std::vector<float>(3)), ContractError);
}

}  // namespace
}  // namespace virnucpro
