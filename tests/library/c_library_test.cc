// The C interface: codes, texts, and the same answers as the C++ one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "cli/test_inputs.h"
#include "virnucpro/virnucpro.h"
#include "virnucpro/virnucpro_c.h"

namespace virnucpro::test {
namespace {

using testing::HasSubstr;

struct Input {
  std::vector<TestRecord> records;
  std::size_t next = 0;
};

int next_of(void* user, virnucpro_sequence* to) {
  auto& input = *static_cast<Input*>(user);
  if (input.next == input.records.size()) return 0;
  const TestRecord& record = input.records[input.next++];
  *to = {record.id.data(), record.id.size(), record.bases.data(), record.bases.size()};
  return 1;
}

struct Kept {
  std::vector<float> p_virus;
  std::vector<double> p_calibrated;
  std::vector<std::string> ids;
  std::size_t rows = 0;
};

int keep_chunk(void* user, const virnucpro_chunk* chunk) {
  auto& kept = *static_cast<Kept*>(user);
  for (std::size_t i = 0; i < chunk->frame_count; ++i) {
    kept.p_virus.push_back(chunk->frames[i].p_virus);
    kept.p_calibrated.push_back(chunk->p_calibrated);
  }
  return 0;
}

int keep_call(void* user, const virnucpro_call* call) {
  static_cast<Kept*>(user)->ids.emplace_back(call->id, call->id_length);
  return 0;
}

int keep_block(void* user, const virnucpro_embedded_frame*, const float* values,
               std::size_t count) {
  auto& kept = *static_cast<Kept*>(user);
  kept.rows += count;
  EXPECT_TRUE(std::isfinite(values[0]));
  return 0;
}

/// Options for one thread of the CPU.
virnucpro_options* cpu_options() {
  virnucpro_options* options = virnucpro_options_new();
  EXPECT_EQ(virnucpro_options_set(options, "device", "cpu"), VIRNUCPRO_OK);
  EXPECT_EQ(virnucpro_options_set(options, "threads", "1"), VIRNUCPRO_OK);
  return options;
}

class CLibrary : public testing::Test {
 protected:
  void SetUp() override {
    options_ = cpu_options();
    ASSERT_EQ(virnucpro_predictor_new(options_, &predictor_), VIRNUCPRO_OK)
        << virnucpro_last_error();
  }
  void TearDown() override {
    virnucpro_predictor_free(predictor_);
    virnucpro_options_free(options_);
  }

  virnucpro_options* options_ = nullptr;
  virnucpro_predictor* predictor_ = nullptr;
};

TEST_F(CLibrary, GivesTheAnswersOfTheOtherInterface) {
  Input input{open_records(3, 250)};
  Kept kept;
  const virnucpro_receiver receiver = {&kept, keep_chunk, keep_call, nullptr};
  virnucpro_totals totals = {};
  ASSERT_EQ(virnucpro_predictor_run(predictor_, next_of, &input, &receiver, nullptr, &totals),
            VIRNUCPRO_OK);
  EXPECT_EQ(totals.sequences, 3u);
  EXPECT_EQ(kept.ids, (std::vector<std::string>{"r0", "r1", "r2"}));
  Predictor other({.device = "cpu", .threads = 1});
  std::vector<std::string> bases;
  for (const TestRecord& record : input.records) bases.push_back(record.bases);
  const std::vector<FrameScore> scores = other.predict(bases);
  ASSERT_EQ(scores.size(), kept.p_virus.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    EXPECT_EQ(scores[i].p_virus, kept.p_virus[i]);
    EXPECT_EQ(scores[i].p_calibrated, kept.p_calibrated[i]);
  }
}

TEST_F(CLibrary, EndsWhereACallbackAsks) {
  Input input{open_records(3, 250)};
  const auto stop_it = [](void*, const virnucpro_call*) { return 1; };
  const virnucpro_receiver receiver = {nullptr, nullptr, stop_it, nullptr};
  EXPECT_EQ(virnucpro_predictor_run(predictor_, next_of, &input, &receiver, nullptr, nullptr),
            VIRNUCPRO_INTERRUPTED);
  EXPECT_STREQ(virnucpro_last_error_name(), "Interrupted");
  const auto broken = [](void*, virnucpro_sequence*) { return -1; };
  const virnucpro_receiver silent = {};
  EXPECT_EQ(virnucpro_predictor_run(predictor_, broken, nullptr, &silent, nullptr, nullptr),
            VIRNUCPRO_INTERRUPTED);
  virnucpro_stop* stop = virnucpro_stop_new();
  virnucpro_stop_request(stop);
  input.next = 0;
  EXPECT_EQ(virnucpro_predictor_run(predictor_, next_of, &input, &silent, stop, nullptr),
            VIRNUCPRO_INTERRUPTED);
  virnucpro_stop_free(stop);
  input.next = 0;
  EXPECT_EQ(virnucpro_predictor_run(predictor_, next_of, &input, &silent, nullptr, nullptr),
            VIRNUCPRO_OK);
}

TEST_F(CLibrary, SaysWhatIsWrong) {
  EXPECT_EQ(virnucpro_options_set(options_, "colour", "blue"), VIRNUCPRO_USAGE);
  EXPECT_THAT(virnucpro_last_error(), HasSubstr("no option 'colour'"));
  EXPECT_EQ(virnucpro_options_set(options_, "threads", "two"), VIRNUCPRO_USAGE);
  EXPECT_EQ(virnucpro_options_set(nullptr, "threads", "2"), VIRNUCPRO_USAGE);
  EXPECT_EQ(virnucpro_options_set(options_, "bundle", "/nowhere"), VIRNUCPRO_OK);
  virnucpro_predictor* none = predictor_;
  EXPECT_EQ(virnucpro_predictor_new(options_, &none), VIRNUCPRO_MODEL);
  EXPECT_EQ(none, nullptr);
  EXPECT_STREQ(virnucpro_last_error_name(), "ModelError");
  EXPECT_THAT(virnucpro_last_error(), HasSubstr("/nowhere"));
  const char* const paths[] = {"/no.fa"};
  const virnucpro_receiver silent = {};
  EXPECT_EQ(virnucpro_predictor_run_files(predictor_, paths, 1, &silent, nullptr, nullptr),
            VIRNUCPRO_USAGE);
  EXPECT_STREQ(virnucpro_last_error_name(), "InputError");
}

TEST(CEmbedder, GivesBlocks) {
  virnucpro_options* options = cpu_options();
  virnucpro_embedder* embedder = nullptr;
  ASSERT_EQ(virnucpro_embedder_new(options, &embedder), VIRNUCPRO_OK) << virnucpro_last_error();
  EXPECT_EQ(virnucpro_embedder_dnabert_s_width(embedder), 128u);
  EXPECT_EQ(virnucpro_embedder_esm2_width(embedder), 128u);
  Input input{open_records(4, 250)};
  Kept kept;
  const virnucpro_embedding_receiver receiver = {&kept, keep_block, nullptr};
  virnucpro_totals totals = {};
  ASSERT_EQ(virnucpro_embedder_run(embedder, next_of, &input, &receiver, nullptr, &totals),
            VIRNUCPRO_OK);
  EXPECT_EQ(kept.rows, totals.frames);
  virnucpro_embedder_free(embedder);
  EXPECT_EQ(virnucpro_options_set(options, "calls", "relaxed"), VIRNUCPRO_OK);
  EXPECT_EQ(virnucpro_embedder_new(options, &embedder), VIRNUCPRO_USAGE);
  virnucpro_options_free(options);
}

}  // namespace
}  // namespace virnucpro::test
