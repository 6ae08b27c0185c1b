// SIGKILL at any moment: the same command continues, with all files as in an undisturbed run.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <thread>

#include "durability/durability_test.h"

namespace virnucpro::test {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr int kKilled = 128 + SIGKILL;

/// Where a kill fell, by what it left.
struct Moments {
  int before_database = 0;
  int before_first_commit = 0;
  int half_way = 0;
  int complete = 0;
  int too_late = 0;

  friend std::ostream& operator<<(std::ostream& out, const Moments& moments) {
    return out << moments.before_database << " before the database, " << moments.before_first_commit
               << " before its first rows, " << moments.half_way << " half way, "
               << moments.complete << " while results were written, " << moments.too_late
               << " after the end";
  }
};

class Kill : public DurabilityTest {
 protected:
  void SetUp() override {
    DurabilityTest::SetUp();
    kills_ = form("VIRNUCPRO_DURABILITY_KILLS", 8);
    seed_ = static_cast<std::uint32_t>(form("VIRNUCPRO_DURABILITY_SEED", 1));
    random_.seed(seed_);
    write("in.fa", mixed_input(kills_ > 8 ? 100 : 20, seed_));
    expected_ = undisturbed();
  }

  void TearDown() override { std::cout << "kills (seed " << seed_ << "): " << moments_ << "\n"; }

  std::function<void(int)> after(Milliseconds delay) {
    return [delay](int process) {
      std::this_thread::sleep_for(delay);
      ::kill(process, SIGKILL);
    };
  }

  /// When a file of the name appears, and a moment later.
  std::function<void(int)> when(const std::string& file, Milliseconds delay) {
    return [this, file, delay](int process) {
      const Clock::time_point end = Clock::now() + std::chrono::minutes(1);
      while (!fs::exists(path(file)) && Clock::now() < end) {
        std::this_thread::sleep_for(std::chrono::microseconds(200));
      }
      std::this_thread::sleep_for(delay);
      ::kill(process, SIGKILL);
    };
  }

  Milliseconds within(Milliseconds longest) {
    return longest * std::uniform_real_distribution<double>(0.0, 1.0)(random_);
  }

  /// One process that is killed. False when it had ended before.
  bool killed(ProgramCall call, const std::string& folder, std::function<void(int)> kill) {
    call.while_running = std::move(kill);
    const ProgramResult result = run(call);
    if (result.exit_code == 0) {
      ++moments_.too_late;
      EXPECT_TRUE(same_results(expected_, results_in(path(folder)))) << result.call;
      return false;
    }
    EXPECT_TRUE(ends_with(result, kKilled));
    EXPECT_TRUE(only_whole_results(expected_, results_in(path(folder)))) << result.call;
    const StoredState state = state_of(path(folder));
    if (state.exists) {
      EXPECT_EQ(state.integrity, "ok") << result.call;
    }
    if (!state.exists) {
      ++moments_.before_database;
    } else if (state.is_complete) {
      ++moments_.complete;
    } else {
      ++(state.embedded == 0 ? moments_.before_first_commit : moments_.half_way);
    }
    return true;
  }

  /// The last process, which is not disturbed. With a count file: it computes what was missing, and
  /// nothing that was there.
  void finish(const ProgramCall& call, const std::string& folder, const std::string& count = {}) {
    const std::int64_t before = count.empty() ? 0 : counted(count);
    const StoredState state = state_of(path(folder));
    const ProgramResult result = run(call);
    ASSERT_TRUE(ends_with(result, 0));
    EXPECT_TRUE(same_results(expected_, results_in(path(folder)))) << result.call;
    for (const std::string& name : names_in(folder)) {
      EXPECT_EQ(name.find(".partial"), std::string::npos) << name << " in " << result.call;
    }
    if (!count.empty()) {
      EXPECT_EQ(counted(count) - before, sequences() - state.embedded);
    }
  }

  /// Runs until `kills` have hit, each process at a random moment of what is left to do; a run that
  /// has ended gives way to a new one.
  void kill_at_random(int kills, const std::string& faults, Milliseconds longest) {
    const Milliseconds start_and_report(300);
    int folders = 0;
    while (kills > 0 && !HasFailure()) {
      const std::string folder = "out" + std::to_string(folders);
      // A batch of NaN is computed again, and would be counted twice.
      const bool counts = !faults.empty() && faults.find("nan=") == std::string::npos;
      const std::string count = counts ? "count" + std::to_string(folders) : "";
      const ProgramCall call = predict(folder, counts ? faults + ";count=" + path(count) : faults);
      ++folders;
      bool is_running = true;
      while (is_running && kills > 0 && !HasFailure()) {
        const double missing = 1.0 - static_cast<double>(state_of(path(folder)).embedded) /
                                         static_cast<double>(sequences());
        is_running = killed(call, folder, after(within(missing * longest + start_and_report)));
        if (is_running) --kills;
      }
      if (is_running) finish(call, folder, count);
      fs::remove_all(path(folder));
    }
  }

  int kills_ = 0;
  std::uint32_t seed_ = 0;
  std::mt19937 random_;
  Results expected_;
  Moments moments_;
};

constexpr const char* kThreeSlowWorkers = "workers=3;slow=300";

Milliseconds duration_of(const std::function<void()>& action) {
  const Clock::time_point start = Clock::now();
  action();
  return Clock::now() - start;
}

TEST_F(Kill, AtRandomMomentsOfASlowRun) {
  const Milliseconds longest = duration_of([&] {
    ASSERT_TRUE(ends_with(run(predict("out", kThreeSlowWorkers)), 0));
    EXPECT_TRUE(same_results(expected_, results_in(path("out"))));
  });
  kill_at_random(kills_, kThreeSlowWorkers, longest);
}

TEST_F(Kill, AtRandomMomentsOfTheRealProgram) {
  const Milliseconds longest = duration_of([&] { run(predict("out")); });
  kill_at_random(kills_ / 2, "", longest);
}

TEST_F(Kill, WithDevicesThatFail) {
  const std::string faults = "workers=3;slow=150;lost=1@20;room=600;nan=9";
  const Milliseconds longest = duration_of([&] { run(predict("out", faults)); });
  kill_at_random(kills_ / 2, faults, longest);
}

TEST_F(Kill, WhenFilesAppear) {
  const char* files[] = {"run.db",      "run.db-wal",  "predictions.tsv.partial",
                         "contigs.tsv", "viral.fasta", "run.json.partial",
                         "run.json"};
  const int kills = std::max(kills_ / 2, static_cast<int>(std::size(files)));
  for (int i = 0; i < kills; ++i) {
    const std::string folder = "out" + std::to_string(i);
    const std::string file = folder + "/" + files[static_cast<std::size_t>(i) % std::size(files)];
    const ProgramCall call = predict(folder);
    if (killed(call, folder, when(file, within(Milliseconds(2))))) finish(call, folder);
  }
}

// A complete run whose files are written again, at any moment of that.
TEST_F(Kill, WhileResultsAreWrittenAgain) {
  const ProgramCall call = predict("undisturbed");
  const Milliseconds longest = duration_of([&] { ASSERT_TRUE(ends_with(run(call), 0)); });
  for (int i = 0; i < kills_ / 2; ++i) killed(call, "undisturbed", after(within(longest)));
  finish(call, "undisturbed");
}

// Starting over throws an old run away: afterwards there is that one, none, or the new one.
TEST_F(Kill, WhileARunStartsOver) {
  ProgramCall call = predict("undisturbed");
  const Milliseconds longest = duration_of([&] { ASSERT_TRUE(ends_with(run(call), 0)); });
  ProgramCall again = call;
  again.arguments.push_back("--force");
  for (int i = 0; i < kills_ / 4; ++i) {
    killed(again, "undisturbed", after(within(longest)));
    finish(call, "undisturbed");
  }
}

}  // namespace
}  // namespace virnucpro::test
