// Datasets whose input changes, or which are stopped, on the way.
#include "fitting/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <random>
#include <set>

#include "base/errors.h"
#include "support/work_steps.h"
#include "unit/report/temporary_folder.h"

namespace virnucpro {
namespace {

using testing::HasSubstr;

/// No stop in the first frame.
std::string open_bases(std::size_t codons, std::uint32_t seed) {
  constexpr std::string_view kCodons[] = {"GCT", "GAC", "AAA", "CGT", "ACC", "GTG", "CAG"};
  std::mt19937 random(seed);
  std::string bases;
  for (std::size_t i = 0; i < codons; ++i) bases += kCodons[random() % std::size(kCodons)];
  return bases;
}

class MakeDataset : public testing::Test {
 protected:
  void SetUp() override {
    write_genomes(0);
    std::string labels = "id\tlabel\n";
    for (int i = 0; i < 8; ++i) {
      labels += "r" + std::to_string(i) + (i < 4 ? "\tvirus\n" : "\tother\n");
    }
    folder_.write("labels.tsv", labels);
    request_.genomes = {folder_.file("a.fa")};
    request_.labels = folder_.file("labels.tsv");
    request_.output = folder_.file("out");
  }

  void write_genomes(std::uint32_t seed, std::uint32_t records = 8) const {
    std::string text;
    for (std::uint32_t i = 0; i < records; ++i) {
      text += ">r" + std::to_string(i) + "\n" + open_bases(500, seed + i) + "\n";
    }
    folder_.write("a.fa", text);
  }

  /// Calls `change` between the two readings, which is when the log says what was selected.
  std::string error_after(const std::function<void()>& change) const {
    const Log log([&change](LogLevel, std::string_view message) {
      if (message.starts_with("train: ")) change();
    });
    try {
      make_dataset(request_, log, stop_.get_token());
    } catch (const InputError& error) {
      return error.what();
    }
    return "no error";
  }
  std::set<std::string> results() const {
    std::set<std::string> names;
    if (folder_.names().count("out") == 0) return names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.file("out"))) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }

  TemporaryFolder folder_;
  DatasetRequest request_;
  std::stop_source stop_;
};

TEST_F(MakeDataset, NoticesInputThatChangesBetweenItsReadings) {
  EXPECT_THAT(error_after([this] { write_genomes(100); }),
              HasSubstr("a.fa: changed while the program worked on it: it had "));
  write_genomes(0);
  EXPECT_THAT(error_after([this] { write_genomes(0, 5); }),
              HasSubstr("a.fa: changed while the program worked on it: it had "));
  EXPECT_TRUE(results().empty());
  write_genomes(0);
  EXPECT_EQ(error_after([] {}), "no error");
  EXPECT_EQ(results().size(), 6U);
}

TEST_F(MakeDataset, TellsOfBothReadings) {
  test::WorkSteps steps;
  make_dataset(request_, Log(), {}, steps.progress());
  EXPECT_THAT(steps.ends(), testing::ElementsAre("finding fragments 8/0", "writing fragments 8/8"));
}

TEST_F(MakeDataset, StopsOnRequestInEitherReading) {
  EXPECT_THROW(error_after([this] { stop_.request_stop(); }), Interrupted);
  EXPECT_THROW(error_after([] {}), Interrupted);
  EXPECT_TRUE(results().empty());
}

}  // namespace
}  // namespace virnucpro
