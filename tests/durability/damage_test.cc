// A database whose bits change: never another result, and --repair computes again what is damaged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>
#include <vector>

#include "durability/durability_test.h"
#include "support/sanitized.h"

namespace virnucpro::test {
namespace {

namespace fs = std::filesystem;

class Damage : public DurabilityTest {
 protected:
  void SetUp() override {
    DurabilityTest::SetUp();
    flips_ = form("VIRNUCPRO_DURABILITY_FLIPS", kSanitized ? 15 : 60);  // each starts a program
    seed_ = static_cast<std::uint32_t>(form("VIRNUCPRO_DURABILITY_SEED", 1));
    write("in.fa", mixed_input(20, seed_));
    expected_ = undisturbed();
  }

  void TearDown() override {
    std::cout << "flips (seed " << seed_ << "): " << refused_ << " refused, " << right_
              << " without effect\n";
  }

  /// Each flip of each test has its own bits, whatever came before it.
  void seed_flip(int flip) {
    const std::string test = testing::UnitTest::GetInstance()->current_test_info()->name();
    std::vector<std::uint32_t> seeds(test.begin(), test.end());
    seeds.push_back(seed_);
    seeds.push_back(static_cast<std::uint32_t>(flip));
    std::seed_seq sequence(seeds.begin(), seeds.end());
    random_.seed(sequence);
  }

  /// A fresh copy of a folder's databases, and of nothing else.
  void copy_database(const std::string& from, const std::string& to) const {
    fs::remove_all(path(to));
    fs::create_directories(path(to));
    for (const char* name : {"run.db", "run.db-wal"}) {
      const fs::path file = fs::path(path(from)) / name;
      if (fs::exists(file)) fs::copy_file(file, fs::path(path(to)) / name);
    }
  }

  /// 1 to 64 bits, all over the file or close together.
  void flip(const std::string& name) {
    std::string bytes = read(name);
    ASSERT_FALSE(bytes.empty());
    const std::size_t bits = std::size_t{1} << random_() % 7;
    const bool is_burst = random_() % 2 == 0;
    const std::size_t range = is_burst ? std::min<std::size_t>(200, bytes.size()) : bytes.size();
    const std::size_t first = random_() % (bytes.size() - range + 1);
    for (std::size_t i = 0; i < bits; ++i) {
      char& byte = bytes[first + random_() % range];
      byte = static_cast<char>(byte ^ (1 << random_() % 8));
    }
    write(name, bytes);
  }

  /// The database of `folder` was damaged: `call` must give the right results there, or none.
  bool judge(const ProgramCall& call, const std::string& folder) {
    const ProgramResult result = run(call);
    if (result.exit_code == 0) {
      ++right_;
      EXPECT_TRUE(same_results(expected_, results_in(path(folder)))) << result.call;
      return true;
    }
    ++refused_;
    EXPECT_EQ(result.exit_code, 2) << result.call << result.err;
    EXPECT_TRUE(results_in(path(folder)).empty()) << result.call;
    return false;
  }

  /// A refused run continues with --repair, or says that only --force helps.
  void repair(const std::string& folder) {
    ProgramCall call = predict(folder);
    call.arguments.push_back("--repair");
    ProgramResult result = run(call);
    if (result.exit_code != 0) {
      EXPECT_THAT(result.err, testing::HasSubstr("throw it away with --force"));
      call.arguments.back() = "--force";
      result = run(call);
    }
    ASSERT_TRUE(ends_with(result, 0));
    EXPECT_TRUE(same_results(expected_, results_in(path(folder)))) << result.call;
    EXPECT_FALSE(fs::exists(path(folder + "/run.db.damaged")));
  }

  /// Until a run has committed a few transactions.
  void wait_for_rows(const std::string& folder) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    const std::string log = path(folder + "/run.db-wal");
    std::error_code error;
    while (!(fs::file_size(log, error) > 100'000 && !error) &&
           std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  /// A run that was killed half way, with its log.
  void make_killed(const std::string& folder) {
    ProgramCall call = predict(folder, "workers=2;slow=250");
    call.while_running = [&](int process) {
      wait_for_rows(folder);
      ::kill(process, SIGKILL);
    };
    EXPECT_TRUE(ends_with(run(call), 128 + SIGKILL));
    ASSERT_TRUE(fs::exists(path(folder + "/run.db-wal")));
  }

  /// A run that was asked to stop half way: all that it has is in run.db itself.
  void make_stopped(const std::string& folder) {
    ProgramCall call = predict(folder, "workers=2;slow=500;count=" + path("count"));
    call.while_running = [&](int process) {
      const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
      // More than the first batches, which may still be at work.
      while (counted("count") < 20 && std::chrono::steady_clock::now() < end) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
      ::kill(process, SIGTERM);
    };
    ASSERT_TRUE(ends_with(run(call), 75));
    ASSERT_FALSE(fs::exists(path(folder + "/run.db-wal")));
    const StoredState state = state_of(path(folder));
    ASSERT_FALSE(state.is_complete);
    ASSERT_GT(state.embedded, 0);
  }

  int flips_ = 0;
  std::uint32_t seed_ = 1;
  std::mt19937 random_;
  Results expected_;
  int right_ = 0;
  int refused_ = 0;
};

TEST_F(Damage, OfAFinishedRunNeverGivesAnotherReport) {
  for (int i = 0; i < flips_; ++i) {
    SCOPED_TRACE(i);
    seed_flip(i);
    copy_database("undisturbed", "out");
    flip("out/run.db");
    if (!judge({.arguments = {"report", "out", "-q"}}, "out") && i % 10 == 0) repair("out");
  }
  EXPECT_GT(refused_, 0);
}

TEST_F(Damage, OfAFinishedRunNeverGivesAnotherPrediction) {
  for (int i = 0; i < flips_; ++i) {
    SCOPED_TRACE(i);
    seed_flip(i);
    copy_database("undisturbed", "out");
    flip("out/run.db");
    if (!judge(predict("out"), "out")) repair("out");
  }
  EXPECT_GT(refused_, 0);
}

TEST_F(Damage, OfAKilledRunNeverGivesAnotherPrediction) {
  make_killed("killed");
  for (int i = 0; i < flips_; ++i) {
    SCOPED_TRACE(i);
    seed_flip(i);
    copy_database("killed", "out");
    flip(i % 3 == 0 ? "out/run.db" : "out/run.db-wal");
    if (!judge(predict("out"), "out")) repair("out");
  }
}

TEST_F(Damage, OfAStoppedRunNeverGivesAnotherPrediction) {
  make_stopped("stopped");
  for (int i = 0; i < flips_; ++i) {
    SCOPED_TRACE(i);
    seed_flip(i);
    copy_database("stopped", "out");
    flip("out/run.db");
    if (!judge(predict("out"), "out")) repair("out");
  }
  EXPECT_GT(refused_, 0);
}

TEST_F(Damage, ThatOnlyWritingMeetsIsRepaired) {
  make_stopped("stopped");
  copy_database("stopped", "out");
  std::string bytes = read("out/run.db");
  // Bytes 32 to 39 of the header: the first free page, and how many there are.
  bytes.replace(32, 8, std::string("\x00\x00\x27\x0f\x00\x00\x00\x03", 8));
  write("out/run.db", bytes);
  EXPECT_FALSE(judge(predict("out"), "out"));
  ProgramCall call = predict("out");
  call.arguments.push_back("--repair");
  ASSERT_TRUE(ends_with(run(call), 0));
  EXPECT_TRUE(same_results(expected_, results_in(path("out"))));
  EXPECT_FALSE(exists("out/run.db.damaged"));
}

TEST_F(Damage, OfAShardNeverGivesAnotherMerge) {
  for (const char* shard : {"1/2", "2/2"}) {
    ProgramCall call = predict(std::string("shard") + shard[0]);
    call.arguments.insert(call.arguments.end(), {"--shard", shard});
    ASSERT_TRUE(ends_with(run(call), 0));
  }
  ASSERT_TRUE(ends_with(run({"merge", "shard1", "shard2", "-o", "merged", "-q"}), 0));
  expected_ = results_in(path("merged"));
  for (int i = 0; i < flips_; ++i) {
    SCOPED_TRACE(i);
    seed_flip(i);
    copy_database("shard1", "a");
    copy_database("shard2", "b");
    flip(i % 2 == 0 ? "a/run.db" : "b/run.db");
    fs::remove_all(path("out"));
    ProgramCall call{.arguments = {"merge", "a", "b", "-o", "out", "-q"}};
    const ProgramResult result = run(call);
    if (result.exit_code == 0) {
      ++right_;
      Results found = results_in(path("out"));
      // Names its shards.
      found.erase("run.json");
      Results expected = expected_;
      expected.erase("run.json");
      EXPECT_EQ(found, expected) << result.call;
    } else {
      ++refused_;
      EXPECT_EQ(result.exit_code, 2) << result.err;
      EXPECT_FALSE(fs::exists(path("out"))) << "half a merge";
    }
  }
  EXPECT_GT(refused_, 0);
}

/// Changes that a check of single values would not find.
TEST_F(Damage, BySqlIsRefusedAndRepaired) {
  for (const char* sql :
       {"UPDATE orfs SET p_virus = 1.0, p_others = 1.0 WHERE number = 3",
        "UPDATE chunks SET start = start + 1 WHERE number = 2",
        "UPDATE records SET id = CAST('other' AS BLOB) WHERE ordinal = 1",
        "UPDATE bases SET packed = (SELECT packed FROM bases WHERE record = 1) WHERE record = 2",
        "DELETE FROM work WHERE position = 2", "UPDATE texts SET text = text || ' '",
        "DELETE FROM orfs WHERE number = 5", "DELETE FROM records WHERE ordinal = 7",
        "UPDATE progress SET complete = 0", "DELETE FROM sessions",
        "UPDATE outcomes SET name = 'viral' WHERE code = 0"}) {
    SCOPED_TRACE(sql);
    copy_database("undisturbed", "out");
    const std::string command =
        "sqlite3 '" + path("out/run.db") + "' \"" + sql + "\" > /dev/null 2>&1";
    if (std::system(command.c_str()) != 0) GTEST_SKIP() << "the program sqlite3 is not installed";
    EXPECT_FALSE(judge({.arguments = {"report", "out", "-q"}}, "out"));
    EXPECT_FALSE(judge(predict("out"), "out"));
    repair("out");
  }
}

TEST_F(Damage, IsToldWithTheRecordAndRepairedByComputingThatAlone) {
  copy_database("undisturbed", "out");
  const std::string command = "sqlite3 '" + path("out/run.db") +
                              "' 'UPDATE orfs SET p_virus = 0.5 WHERE chunk = 4' > /dev/null 2>&1";
  if (std::system(command.c_str()) != 0) GTEST_SKIP() << "the program sqlite3 is not installed";
  const ProgramResult refused = run({"report", "out"});
  EXPECT_THAT(
      refused.err,
      testing::ContainsRegex("record [0-9]+ \\('r[0-9]+'\\) damaged: table chunks, row 4: another "
                             "checksum than it was stored with. The same 'virnucpro predict' with "
                             "--repair computes again what is damaged"));
  const std::string count = path("count");
  ProgramCall call = predict("out", "count=" + count);
  call.arguments.push_back("--repair");
  // A kill on the way loses no sound row.
  ASSERT_TRUE(ends_with(run(call), 0));
  EXPECT_TRUE(same_results(expected_, results_in(path("out"))));
  EXPECT_GT(counted("count"), 0);
  EXPECT_LE(counted("count"), 12) << "more than the frames of one chunk";
  const ProgramResult again = run(call);
  EXPECT_TRUE(ends_with(again, 0));
  EXPECT_THAT(again.err, testing::HasSubstr("nothing is damaged, nothing to repair"));
}

TEST_F(Damage, RepairGoesOnAfterAKill) {
  copy_database("undisturbed", "out");
  const std::string command =
      "sqlite3 '" + path("out/run.db") +
      "' 'UPDATE orfs SET p_virus = 0.5 WHERE number % 2 = 0' > /dev/null 2>&1";
  if (std::system(command.c_str()) != 0) GTEST_SKIP() << "the program sqlite3 is not installed";
  ProgramCall call = predict("out", "workers=1;slow=200");
  call.arguments.push_back("--repair");
  call.while_running = [&](int process) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!fs::exists(path("out/run.db-wal")) && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1200));
    ::kill(process, SIGKILL);
  };
  ASSERT_TRUE(ends_with(run(call), 128 + SIGKILL));
  const ProgramResult refused = run(predict("out"));
  EXPECT_TRUE(ends_with(refused, 2));
  EXPECT_THAT(refused.err, testing::HasSubstr(
                               "a repair of its run was interrupted (run.db.damaged is there). "
                               "Continue it with --repair, or throw all of it away with --force."));
  repair("out");
}

}  // namespace
}  // namespace virnucpro::test
