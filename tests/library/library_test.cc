// The installed library: its calls are those of the program, and it ends as its header says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/errors.h"
#include "base/format.h"
#include "cli/program_runner.h"
#include "cli/tables.h"
#include "cli/terminal/failure.h"
#include "cli/test_inputs.h"
#include "virnucpro/virnucpro.h"

namespace virnucpro::test {
namespace {

using testing::HasSubstr;

const std::string kGenomes = VIRNUCPRO_SOURCE_DIR "/examples/genomes.fa";

PredictorOptions on_cpu() {
  PredictorOptions options;
  options.device = "cpu";
  options.threads = 2;
  return options;
}

/// Keeps copies of all it receives.
class KeptCalls final : public CallReceiver {
 public:
  void chunk(const ChunkCall& call) override {
    chunks.push_back(call);
    frames.insert(frames.end(), call.frames.begin(), call.frames.end());
  }
  void sequence(const SequenceCall& call) override { sequences.push_back(call); }

  std::vector<ChunkCall> chunks;  // their spans are void
  std::vector<FrameScore> frames;
  std::vector<SequenceCall> sequences;
};

NextSequence from(const std::vector<TestRecord>& records) {
  return [&records, at = std::size_t{0}](Sequence& to) mutable {
    if (at == records.size()) return false;
    to = {records[at].id, records[at].bases};
    ++at;
    return true;
  };
}

std::string text_of(float value) { return fmt::format("{}", value); }
std::string text_of(const std::optional<double>& value) {
  return value ? text_of(static_cast<float>(*value)) : "NA";
}
/// The number of a table, in the same form.
std::string text_of(const std::string& cell) {
  return cell == "NA" ? cell : text_of(std::strtof(cell.c_str(), nullptr));
}

class Library : public CliTest {
 protected:
  void expect_equal(const KeptCalls& kept, const std::string& folder) const {
    const Table frames = table_of(read(folder + "/predictions.tsv"));
    ASSERT_EQ(frames.size(), kept.frames.size() + 1);
    for (std::size_t i = 0; i < kept.frames.size(); ++i) {
      const FrameScore& frame = kept.frames[i];
      const std::vector<std::string>& row = frames[i + 1];
      const std::vector<std::string> wanted = {row[1],          row[2], row[3],
                                               row[4],          row[6], text_of(row[7]),
                                               text_of(row[8]), row[9], row[10]};
      const std::vector<std::string> found = {std::to_string(frame.sequence + 1),
                                              std::to_string(frame.chunk + 1),
                                              std::to_string(frame.read_start),
                                              std::to_string(frame.read_end),
                                              frame.frame,
                                              text_of(frame.p_virus),
                                              text_of(frame.p_calibrated),
                                              frame.is_virus ? "virus" : "others",
                                              frame.is_run ? "run" : "open"};
      ASSERT_EQ(found, wanted) << "row " << i;
    }
    const Table contigs = table_of(read(folder + "/contigs.tsv"));
    ASSERT_EQ(contigs.size(), kept.sequences.size() + 1);
    for (std::size_t i = 0; i < kept.sequences.size(); ++i) {
      const SequenceCall& call = kept.sequences[i];
      std::vector<std::string> wanted = contigs[i + 1];
      const bool has_frames = call.frames > 0;
      for (const std::size_t column : {7u, 8u, 9u}) wanted[column] = text_of(wanted[column]);
      const std::vector<std::string> found = {
          call.id,
          std::to_string(call.sequence + 1),
          std::to_string(call.length),
          std::to_string(call.chunks),
          std::to_string(call.scored_chunks),
          std::to_string(call.frames),
          std::to_string(call.viral_chunks),
          has_frames ? text_of(static_cast<float>(call.mean_p_virus)) : "NA",
          has_frames ? text_of(call.max_p_virus) : "NA",
          text_of(call.p_calibrated),
          has_frames ? (call.is_virus ? "virus" : "others") : "NA",
          status_name(call.status),
          call.reason.empty() ? "NA" : call.reason};
      ASSERT_EQ(found, wanted) << "row " << i;
    }
  }
};

TEST_F(Library, CallsFilesAsTheProgramDoes) {
  const std::string reads = VIRNUCPRO_SOURCE_DIR "/examples/reads.fq.gz";
  ASSERT_TRUE(ends_with(run({"predict", kGenomes, reads, "-o", "out"}), 0));
  Predictor predictor(on_cpu());
  KeptCalls kept;
  const RunTotals totals = predictor.run_files({kGenomes, reads}, kept);
  expect_equal(kept, "out");
  EXPECT_EQ(totals.sequences, kept.sequences.size());
  EXPECT_EQ(totals.chunks, kept.chunks.size());
  EXPECT_EQ(totals.frames, kept.frames.size());
  EXPECT_EQ(totals.failed_frames, 0u);
}

TEST_F(Library, TakesTheChoicesOfTheProgram) {
  const std::vector<TestRecord> records = open_records(40, 130);
  write("a.fa", fasta(records));
  struct Choice {
    std::vector<std::string> arguments;
    PredictorOptions options;
  };
  std::vector<Choice> choices(5, {{}, on_cpu()});
  choices[0].arguments = {"--calls", "published"};
  choices[0].options.calls = "published";
  choices[1].arguments = {"--conservative", "--prevalence", "0.1"};
  choices[1].options.calls = "conservative";
  choices[1].options.prevalence = 0.1;
  choices[2].arguments = {"--relaxed", "--expected-length", "300"};
  choices[2].options.calls = "relaxed";
  choices[2].options.expected_length = 300;
  choices[3].arguments = {"--precision", "bf16", "--frames", "longest-two"};
  choices[3].options.precision = "bf16";
  choices[3].options.frames = "longest-two";
  choices[4].arguments = {"--precision", "fp32", "--no-packing", "--genetic-code", "4"};
  choices[4].options.precision = "fp32";
  choices[4].options.genetic_code = 4;
  for (const Choice& choice : choices) {
    SCOPED_TRACE(choice.arguments.front() + " " + choice.arguments.back());
    std::vector<std::string> arguments = {"predict", "a.fa", "-o", "out", "--force"};
    arguments.insert(arguments.end(), choice.arguments.begin(), choice.arguments.end());
    ASSERT_TRUE(ends_with(run(arguments), 0));
    Predictor predictor(choice.options);
    KeptCalls kept;
    predictor.run(from(records), kept);
    expect_equal(kept, "out");
  }
}

TEST_F(Library, GivesTheSameInOneCallAndInAStream) {
  const std::vector<TestRecord> records = open_records(5, 400);
  Predictor predictor(on_cpu());
  KeptCalls kept;
  std::vector<std::string> bases;
  for (const TestRecord& record : records) bases.push_back(record.bases);
  predictor.run(from(records), kept);
  const std::vector<FrameScore> scores = predictor.predict(bases);
  ASSERT_EQ(scores.size(), kept.frames.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    EXPECT_EQ(scores[i].p_virus, kept.frames[i].p_virus);
    EXPECT_EQ(scores[i].p_calibrated, kept.frames[i].p_calibrated);
  }
}

TEST_F(Library, StopsWhenAskedAndWorksAgain) {
  class Stopping final : public CallReceiver {
   public:
    void chunk(const ChunkCall&) override { source.request_stop(); }
    std::stop_source source;
  };
  Predictor predictor(on_cpu());
  Stopping stopping;
  std::uint64_t given = 0;
  // Without an end, so that nothing but the request ends it.
  const NextSequence endless = [&](Sequence& to) {
    to = {"", open_frame(200, static_cast<std::uint32_t>(given++))};
    return true;
  };
  try {
    predictor.run(endless, stopping, {.stop = stopping.source.get_token()});
    FAIL() << "an endless run has ended";
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(error_kind(error), ErrorKind::kInterrupted);
    EXPECT_STREQ(error_name(error), "Interrupted");
  }
  EXPECT_FALSE(predictor.predict({open_frame(200, 1)}).empty());
}

TEST_F(Library, LetsErrorsOfCallbacksOut) {
  class Throwing final : public CallReceiver {
   public:
    void sequence(const SequenceCall&) override { throw std::logic_error("of the receiver"); }
  };
  Predictor predictor(on_cpu());
  Throwing throwing;
  KeptCalls kept;
  const std::vector<TestRecord> records = open_records(2, 200);
  EXPECT_THROW(predictor.run(from(records), throwing), std::logic_error);
  const NextSequence broken = [](Sequence&) -> bool { throw std::out_of_range("of the source"); };
  EXPECT_THROW(predictor.run(broken, kept), std::out_of_range);
  const auto progress = [](const Progress&) { throw std::range_error("of the progress"); };
  EXPECT_THROW(predictor.run(from(records), kept, {.stop = {}, .progress = progress}),
               std::range_error);
}

TEST_F(Library, RefusesARunInsideItsOwn) {
  Predictor predictor(on_cpu());
  KeptCalls kept;
  const NextSequence again = [&](Sequence&) {
    predictor.predict({"ATG"});
    return false;
  };
  try {
    predictor.run(again, kept);
    FAIL() << "a run began inside another";
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(error_kind(error), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("inside a callback"));
  }
}

TEST_F(Library, LetsThreadsTakeTurns) {
  Predictor predictor(on_cpu());
  const std::string bases = open_frame(300, 7);
  const float expected = predictor.predict({bases}).front().p_virus;
  std::atomic<int> equal = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int k = 0; k < 3; ++k) equal += predictor.predict({bases})[0].p_virus == expected;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(equal, 12);
}

TEST_F(Library, TellsHowFarItIs) {
  Predictor predictor(on_cpu());
  const std::vector<TestRecord> records = open_records(3, 200);
  KeptCalls kept;
  Progress last;
  predictor.run(from(records), kept,
                {.stop = {}, .progress = [&](const Progress& p) { last = p; }});
  EXPECT_GT(last.sequences_read, 0u);
  EXPECT_LE(last.sequences_finished, 3u);
}

TEST_F(Library, RefusesWhatItCannotUse) {
  const auto message = [](const PredictorOptions& options) -> std::string {
    try {
      const Predictor predictor(options);
      return "";
    } catch (const std::runtime_error& error) {
      return std::string(error_name(error)) + ": " + error.what();
    }
  };
  std::vector<std::pair<PredictorOptions, std::string>> cases(7, {on_cpu(), ""});
  cases[0].first.expected_length = 400;
  cases[0].second = "ConfigError: expected_length must be 300 or 500, not 400";
  cases[1].first.precision = "fp17";
  cases[1].second = "ConfigError: precision 'fp17': expected fp16";
  cases[2].first.frames = "all";
  cases[2].second = "ConfigError: frames 'all': expected open";
  cases[3].first.genetic_code = 7;
  cases[3].second = "ConfigError: genetic_code 7";
  cases[4].first.calls = "mine";
  cases[4].second = "ConfigError: calls 'mine': expected bundle";
  cases[5].first.prevalence = 1.0;
  cases[5].second = "ConfigError: prevalence 1";
  cases[6].first.device = "tpu";
  cases[6].second = "DeviceError: ";
  for (const auto& [options, text] : cases) EXPECT_THAT(message(options), HasSubstr(text));
}

TEST_F(Library, ComputesInThePrecisionThatABundleIsStoredIn) {
  ASSERT_TRUE(ends_with(run({"models", "convert", "mini", "--device", "cpu", "-o", "mini8"}), 0));
  PredictorOptions options = on_cpu();
  options.precision = "int8";
  const std::string bases = open_frame(300, 7);
  const float expected = Predictor(options).predict({bases}).front().p_virus;
  options.precision = "";
  options.bundle = path("mini8");
  EXPECT_EQ(Predictor(options).predict({bases}).front().p_virus, expected);
  options.precision = "fp16";
  EXPECT_THROW(Predictor{options}, std::runtime_error);
}

TEST_F(Library, FindsBundlesByTheNamesThatTheProgramFinds) {
  ASSERT_TRUE(
      ends_with(run({"models", "convert", "mini", "--device", "cpu", "-o", "named/own"}), 0));
  EXPECT_THROW(describe_bundle("own"), std::runtime_error);
  ::setenv("VIRNUCPRO_MODELS", path("named").c_str(), 1);
  EXPECT_EQ(describe_bundle("own").name, "mini");
  EXPECT_TRUE(bundle_problems("own").empty());
  ::unsetenv("VIRNUCPRO_MODELS");
}

TEST_F(Library, DescribesBundles) {
  ASSERT_EQ(embedded_bundles(), std::vector<std::string>{"mini"});
  const BundleDescription mini = describe_bundle("mini");
  EXPECT_EQ(mini.name, "mini");
  EXPECT_EQ(mini.expected_lengths, (std::vector<std::int64_t>{300, 500}));
  EXPECT_TRUE(bundle_problems("mini").empty());
}

TEST_F(Library, FindsPulledBundlesByTheirNames) {
  std::filesystem::create_directories(path("models/named"));
  write("models/named/bundle.json", "{}");
  ASSERT_EQ(::setenv("VIRNUCPRO_MODELS", path("models").c_str(), 1), 0);
  EXPECT_THAT(pulled_bundles(), testing::Contains("named"));
  std::string error;
  try {
    describe_bundle("named");
  } catch (const std::exception& caught) {
    error = caught.what();
  }
  ::unsetenv("VIRNUCPRO_MODELS");
  EXPECT_THAT(error, HasSubstr(path("models/named")));
}

/// What the program would end with, and the library's name for the same.
template <typename Type>
void expect_same_code(const char* name) {
  const Type error("text");
  EXPECT_EQ(static_cast<int>(error_kind(error)),
            cli::describe_failure(std::make_exception_ptr(error)).exit_code)
      << name;
  EXPECT_STREQ(error_name(error), name);
}

TEST(LibraryErrors, HaveTheExitCodesOfTheProgram) {
  expect_same_code<ConfigError>("ConfigError");
  expect_same_code<InputError>("InputError");
  expect_same_code<ChangedInput>("ChangedInput");
  expect_same_code<ModelError>("ModelError");
  expect_same_code<DeviceError>("DeviceError");
  expect_same_code<ResourceError>("ResourceError");
  expect_same_code<OutOfDeviceMemory>("OutOfDeviceMemory");
  expect_same_code<PrecisionError>("PrecisionError");
  expect_same_code<NonfiniteError>("NonfiniteError");
  expect_same_code<OutputError>("OutputError");
  expect_same_code<Interrupted>("Interrupted");
  expect_same_code<ContractError>("ContractError");
  EXPECT_STREQ(error_name(std::bad_alloc()), "ResourceError");
}

}  // namespace
}  // namespace virnucpro::test
