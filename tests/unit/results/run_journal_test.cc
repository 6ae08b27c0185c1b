// Runs that are interrupted and continued, as often as it takes, against an undisturbed one.
#include "results/run_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <limits>
#include <optional>
#include <random>

#include "base/errors.h"
#include "results/stored_sessions.h"
#include "unit/pipeline/fake_run.h"
#include "unit/report/temporary_folder.h"

namespace virnucpro {
namespace {

const std::vector<RunFact> kFakeWork = {{"input", "fake"}};

/// All rows of a database as text.
class Dump final : public StoredRunVisitor {
 public:
  explicit Dump(const RunDatabase& database) { database.visit(*this); }

  void begin_record(const StoredRecord& record) override {
    add({"record", std::to_string(record.ordinal), std::string(record.id),
         std::to_string(record.length), std::to_string(record.bases.size())});
  }
  void chunk(const StoredChunk& chunk, std::span<const StoredOrf> orfs) override {
    add({"chunk", std::to_string(chunk.number), std::to_string(chunk.record),
         std::to_string(chunk.start), std::to_string(chunk.end),
         std::string(name_of(chunk.outcome)), std::string(chunk.reason)});
    for (const StoredOrf& orf : orfs) {
      std::uint32_t bits = 0;
      std::memcpy(&bits, &orf.p_virus, sizeof(bits));
      add({"orf", std::to_string(orf.number), std::to_string(orf.frame), std::to_string(bits),
           orf.same_as ? std::to_string(*orf.same_as) : "own", std::string(orf.reason)});
    }
  }
  void end_record(Outcome outcome, std::string_view reason) override {
    add({"end", std::string(name_of(outcome)), std::string(reason)});
  }

  std::vector<std::string> lines;

 private:
  void add(std::initializer_list<std::string> parts) {
    std::string line;
    for (const std::string& part : parts) line += part + " ";
    lines.push_back(line);
  }
};

struct Settings {
  std::size_t engines = 1;
  std::size_t window_orfs = 8;
  std::int64_t batch_tokens = 64;
  bool keep_embeddings = false;
  std::chrono::milliseconds interval{0};
};

/// The share of one process: until `batches` have begun, or to the end. Returns the number of
/// sequences that were computed; `finished` says whether the end was reached.
std::uint64_t work_on(const std::string& folder, const std::vector<Record>& records,
                      const Settings& settings, int batches, bool& finished) {
  RunDatabase database(folder, kFakeWork, RunDatabase::Existing::kContinue);
  database.begin_session({"now", "test", "fake", 0.0, 0});
  FakeRun run(records, settings.engines);
  run.plan.limits.orfs = settings.window_orfs;
  run.plan.batch_tokens = settings.batch_tokens;
  RunJournal journal(database, {.layout = {{{kFakeDnaWidth, kFakeProteinWidth}}},
                                .keep_embeddings = settings.keep_embeddings,
                                .interval = settings.interval});
  run.plan.journal = &journal;
  run.plan.take = [](const Window&) {};
  std::stop_source source;
  std::atomic<int> left = batches;
  std::atomic<std::uint64_t> computed = 0;
  for (FakeEngine& engine : run.engines) {
    engine.on_embed = [&](EncoderKind, const PackedBatch& batch) {
      if (left.fetch_sub(1) == 0) source.request_stop();
      computed += static_cast<std::uint64_t>(batch.sequences());
    };
  }
  finished = false;
  try {
    run.run(source.get_token());
    journal.finish();
    finished = true;
  } catch (const Interrupted&) {
  }
  return computed;
}

std::vector<std::string> rows_of(const std::string& folder) {
  return Dump(RunDatabase(folder)).lines;
}

TEST(RunJournal, StoresTheSameRowsHoweverOftenARunIsBrokenOff) {
  std::vector<Record> records = fake_records(40);
  for (std::size_t i = 0; i < 10; ++i) {
    records.push_back(records[i]);
    records.back().ordinal = records.size() - 1;
  }
  const TemporaryFolder whole;
  bool finished = false;
  const std::uint64_t sequences = work_on(whole.path(), records, {}, 1'000'000, finished);
  ASSERT_TRUE(finished);
  const std::vector<std::string> expected = rows_of(whole.path());
  ASSERT_GT(expected.size(), 100u);

  std::mt19937 random(2);
  for (const std::size_t engines : {1u, 3u}) {
    for (const int longest : {3, 30}) {
      const TemporaryFolder folder;
      std::uint64_t computed = 0;
      int processes = 0;
      do {
        // Every process has other windows and batches.
        const Settings settings{.engines = engines,
                                .window_orfs = 2 + random() % 20,
                                .batch_tokens = 20 + static_cast<std::int64_t>(random() % 100)};
        computed += work_on(folder.path(), records, settings,
                            static_cast<int>(random() % static_cast<unsigned>(longest)), finished);
        ASSERT_LT(++processes, 2000);
      } while (!finished);
      EXPECT_EQ(rows_of(folder.path()), expected) << engines << ' ' << longest;
      EXPECT_GT(processes, 1);
      // A stop lets the batches in progress finish: nothing is computed twice.
      EXPECT_EQ(computed, sequences) << engines << ' ' << longest;
      EXPECT_EQ(RunDatabase(folder.path()).sessions().size(), static_cast<std::size_t>(processes));
    }
  }
}

TEST(RunJournal, KeepsEmbeddingsOnlyWhenAsked) {
  const std::vector<Record> records = fake_records(30);
  for (const bool keep : {false, true}) {
    const TemporaryFolder folder;
    bool finished = false;
    work_on(folder.path(), records, {.keep_embeddings = keep}, 1'000'000, finished);
    std::uint64_t embeddings = 0;
    std::uint64_t own = 0;
    RunDatabase database(folder.path());
    database.read_orfs(0, database.extent().orfs,
                       [&](const StoredOrf& orf) { own += orf.same_as ? 0 : 1; });
    database.read_embeddings(0, database.extent().orfs,
                             [&](std::uint64_t, StoredEncoder encoder, std::span<const float> row) {
                               ++embeddings;
                               EXPECT_EQ(row.size(), encoder == StoredEncoder::kDnabertS
                                                         ? std::size_t{kFakeDnaWidth}
                                                         : std::size_t{kFakeProteinWidth});
                             });
    EXPECT_GT(own, 10u);
    EXPECT_EQ(embeddings, keep ? 2 * own : 0u);
  }
}

TEST(RunJournal, RefusesAnInputThatHasChanged) {
  std::vector<Record> records = fake_records(40);
  const TemporaryFolder folder;
  bool finished = false;
  work_on(folder.path(), records, {}, 30, finished);
  ASSERT_FALSE(finished);
  ASSERT_GT(RunDatabase(folder.path()).extent().records, 3u);
  const std::string bases = records[3].bases;
  for (const auto& change : std::vector<std::function<void(Record&)>>{
           [](Record& record) { record.bases.back() = record.bases.back() == 'A' ? 'C' : 'A'; },
           [](Record& record) { record.bases.pop_back(); },
           [](Record& record) { record.bases[0] = 'c'; },
           [](Record& record) { record.id += "x"; },
       }) {
    std::vector<Record> changed = records;
    change(changed[3]);
    try {
      work_on(folder.path(), changed, {}, 1'000'000, finished);
      FAIL() << "a changed record was taken";
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("record 4 ("));
      EXPECT_THAT(error.what(), testing::HasSubstr("it was another one while an earlier process"));
    }
  }
  const std::vector<Record> shorter(records.begin(), records.begin() + 2);
  EXPECT_THROW(work_on(folder.path(), shorter, {}, 1'000'000, finished), InputError);
  work_on(folder.path(), records, {}, 1'000'000, finished);
  EXPECT_TRUE(finished);
}

TEST(RunJournal, StoresFailuresWithTheirReasons) {
  const std::vector<Record> records = fake_records(20);
  const TemporaryFolder folder;
  RunDatabase database(folder.path(), kFakeWork, RunDatabase::Existing::kContinue);
  database.begin_session({"now", "test", "fake", 0.0, 0});
  FakeRun run(records);
  RunJournal journal(database, {.layout = {{{kFakeDnaWidth, kFakeProteinWidth}}}});
  run.plan.journal = &journal;
  run.plan.take = [](const Window&) {};
  run.engines[0].on_embed = [](EncoderKind encoder, const PackedBatch& batch) {
    if (encoder == EncoderKind::kEsm2 && batch.tokens[1] == 'P' - 'A') throw NonfiniteError("NaN");
  };
  run.engines[0].on_exact = [](EncoderKind, const PackedBatch&) { throw PrecisionError("NaN"); };
  run.run();
  journal.finish();
  const std::vector<std::string> lines = Dump(database).lines;
  const std::string reason = "ESM-2 gives NaN or infinity, also in FP32";
  EXPECT_THAT(lines, testing::Contains(
                         testing::AllOf(testing::StartsWith("orf"), testing::HasSubstr(reason))));
  EXPECT_THAT(lines, testing::Contains(testing::AllOf(testing::StartsWith("chunk"),
                                                      testing::HasSubstr("failed " + reason))));
  EXPECT_THAT(lines, testing::Contains(testing::AllOf(testing::StartsWith("end"),
                                                      testing::HasSubstr("failed " + reason))));
}

/// Frames of the chunks that failed.
class LeftOutFrames final : public StoredRunVisitor {
 public:
  explicit LeftOutFrames(const RunDatabase& database) { database.visit(*this); }
  void begin_record(const StoredRecord&) override {}
  void chunk(const StoredChunk& chunk, std::span<const StoredOrf> orfs) override {
    if (chunk.outcome == Outcome::kFailed) count += orfs.size();
  }
  void end_record(Outcome, std::string_view) override {}
  std::uint64_t count = 0;
};

TEST(RunJournal, KeepsTheFaultsOfEverySession) {
  std::vector<Record> records = fake_records(40);
  for (std::size_t i = 0; i < 20; ++i) {
    records.push_back(records[i]);
    records.back().ordinal = records.size() - 1;
  }
  std::optional<std::uint64_t> expected;
  for (const int longest : {1'000'000, 12, 4}) {
    const TemporaryFolder folder;
    std::size_t processes = 0;
    for (bool finished = false; !finished; ++processes) {
      ASSERT_LT(processes, 2000u);
      RunDatabase database(folder.path(), kFakeWork, RunDatabase::Existing::kContinue);
      database.begin_session({"now", "test", "fake", 0.0, 0});
      FakeRun run(records);
      RunJournal journal(database, {.layout = {{{kFakeDnaWidth, kFakeProteinWidth}}},
                                    .interval = std::chrono::milliseconds(0)});
      run.plan.journal = &journal;
      run.plan.take = [](const Window&) {};
      std::stop_source stop;
      int left = longest;
      run.engines[0].on_embed = [&](EncoderKind encoder, const PackedBatch& batch) {
        if (--left == 0) stop.request_stop();
        if (encoder != EncoderKind::kEsm2) return;
        for (const std::int32_t token : batch.tokens) {
          if (token == 'W' - 'A') throw NonfiniteError("NaN");
        }
      };
      run.engines[0].on_exact = [](EncoderKind, const PackedBatch&) {
        throw PrecisionError("NaN");
      };
      try {
        run.run(stop.get_token());
        journal.finish();
        finished = true;
      } catch (const Interrupted&) {
      }
    }
    const RunDatabase database(folder.path());
    const std::vector<SessionReport> sessions = stored_sessions(database);
    EXPECT_EQ(sessions.size(), processes);
    const std::uint64_t failed = faults_of(sessions).failed_frames;
    EXPECT_EQ(failed, LeftOutFrames(database).count) << longest;
    EXPECT_GT(failed, 0u);
    EXPECT_EQ(failed, expected.value_or(failed));
    expected = failed;
    if (processes > 1) {
      const auto with_failures = std::ranges::count_if(
          sessions, [](const SessionReport& each) { return each.faults.failed_frames > 0; });
      EXPECT_GT(with_failures, 1) << longest;
    }
  }
}

TEST(RunJournal, CommitsNothingOnceTheModelsHaveChanged) {
  const std::vector<Record> records = fake_records(40);
  const TemporaryFolder folder;
  std::uint64_t kept = 0;
  {
    RunDatabase database(folder.path(), kFakeWork, RunDatabase::Existing::kContinue);
    database.begin_session({"now", "test", "fake", 0.0, 0});
    FakeRun run(records);
    int saves = 0;
    RunJournal journal(database, {.layout = {{{kFakeDnaWidth, kFakeProteinWidth}}},
                                  .before_save =
                                      [&] {
                                        if (++saves == 3) throw ModelError("changed");
                                        kept = database.extent().orfs;
                                      },
                                  .interval = std::chrono::milliseconds(0)});
    run.plan.journal = &journal;
    run.plan.take = [](const Window&) {};
    EXPECT_THROW(run.run(), ModelError);
    EXPECT_EQ(saves, 3);
  }
  EXPECT_EQ(RunDatabase(folder.path()).extent().orfs, kept);
}

TEST(RunJournal, RefusesDamagedFaults) {
  const TemporaryFolder folder;
  RunDatabase database(folder.path(), kFakeWork, RunDatabase::Existing::kContinue);
  database.begin_session({"now", "test", "fake", 0.0, 0});
  FaultReport faults;
  faults.lost_devices = {"cuda:\xff"};
  faults.out_of_memory = 3;
  store_faults(database, 1, faults);
  EXPECT_EQ(stored_sessions(database).at(0).faults.out_of_memory, 3u);
  for (const char* text : {"", "{}", "[1", R"({"out_of_memory": "x"})"}) {
    database.set_text("faults of session 1", text);
    EXPECT_THROW(stored_sessions(database), InputError) << text;
  }
}

TEST(RunJournal, EndsARunWithoutAnyFiniteResultEachTime) {
  const std::vector<Record> records = fake_records(2);
  const TemporaryFolder folder;
  for (int process = 0; process < 2; ++process) {
    RunDatabase database(folder.path(), kFakeWork, RunDatabase::Existing::kContinue);
    database.begin_session({"now", "test", "fake", 0.0, 0});
    FakeRun run(records);
    RunJournal journal(database, {.layout = {{{kFakeDnaWidth, kFakeProteinWidth}}}});
    run.plan.journal = &journal;
    run.plan.take = [](const Window&) {};
    run.engines[0].on_score = [](std::span<const float>, std::span<float> scores) {
      scores[1] = std::numeric_limits<float>::infinity();
    };
    EXPECT_THROW(run.run(), PrecisionError) << process;
    EXPECT_FALSE(database.is_complete());
  }
}

}  // namespace
}  // namespace virnucpro
