// `virnucpro estimate` and `shards plan`: figures beside the run that they foresee, and lines that
// a shell takes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "cli/program_runner.h"
#include "cli/test_inputs.h"

namespace virnucpro::test {
namespace {

using testing::HasSubstr;

struct EstimatedRow {
  double expected = 0.0;
  double low = 0.0;
  double high = 0.0;
};

class EstimateCommand : public CliTest {
 protected:
  /// Contigs of 200 to 2000 bases, every second one of codons without stops.
  std::string contigs(std::size_t count) {
    std::mt19937 random(7);
    std::ofstream file(path("contigs.fa"));
    for (std::size_t i = 0; i < count; ++i) {
      file << ">contig" << i << '\n';
      const std::size_t bases = 200 + random() % 1800;
      for (std::size_t k = 0; k < bases; ++k) {
        file << (i % 2 == 0 && k % 3 == 0 ? "ACG"[random() % 3] : "ACGT"[random() % 4]);
      }
      file << '\n';
    }
    return path("contigs.fa");
  }

  std::map<std::string, EstimatedRow> rows(const std::string& table) {
    std::map<std::string, EstimatedRow> all;
    std::istringstream lines(table);
    std::string line;
    std::getline(lines, line);
    EXPECT_EQ(line, "quantity\texpected\tlow\thigh");
    while (std::getline(lines, line)) {
      std::istringstream words(line);
      std::string name;
      EstimatedRow row;
      words >> name >> row.expected >> row.low >> row.high;
      EXPECT_LE(row.low, row.expected) << name;
      EXPECT_GE(row.high, row.expected) << name;
      all[name] = row;
    }
    return all;
  }
};

TEST_F(EstimateCommand, CountsAsARunDoesAndNamesEveryQuantity) {
  const std::string input = contigs(120);
  const ProgramResult result =
      run({"estimate", input, "--seconds", "2", "--price", "2", "--device", "cpu", "--quiet"});
  ASSERT_TRUE(ends_with(result, 0));
  std::map<std::string, EstimatedRow> all = rows(result.out);
  ASSERT_EQ(all.size(), 9u);
  ASSERT_TRUE(ends_with(run({"predict", input, "-o", path("out"), "--device", "cpu"}), 0));
  const auto report = nlohmann::json::parse(read("out/run.json"));
  EXPECT_EQ(all["records"].expected, report["counts"]["records"]["total"]);
  EXPECT_EQ(all["bases"].expected, report["counts"]["bases"]);
  EXPECT_EQ(all["chunks"].expected, report["counts"]["chunks"]["total"]);
  const double frames = report["counts"]["frames"];
  EXPECT_NEAR(all["open_frames"].expected, frames, 0.2 * frames);
  EXPECT_GT(all["seconds"].low, 0.0);
  EXPECT_NEAR(all["device_hours"].expected, all["seconds"].expected / 3600.0, 1e-4);
  EXPECT_NEAR(all["price"].expected, 2.0 * all["device_hours"].expected, 2e-4);
  EXPECT_GT(all["memory_bytes"].low, 1e6);
  EXPECT_GT(all["disk_bytes"].low, 1e4);
}

TEST_F(EstimateCommand, ExtrapolatesWhatItHasNoTimeToRead) {
  const std::string input = contigs(20000);  // 22 MB, of which 0.03 seconds reach a part
  const ProgramResult result = run({"estimate", input, "--seconds", "0.03", "--device", "cpu"});
  ASSERT_TRUE(ends_with(result, 0));
  std::map<std::string, EstimatedRow> all = rows(result.out);
  EXPECT_NEAR(all["records"].expected, 20000.0, 4000.0) << result.err;
  EXPECT_LE(all["records"].low, 20000.0);
  EXPECT_GE(all["records"].high, 20000.0);
  EXPECT_NEAR(all["bases"].expected, 20000.0 * 1100.0, 0.2 * 20000.0 * 1100.0);
}

TEST_F(EstimateCommand, PlansShardsInLinesThatAShellTakes) {
  const std::string input = contigs(20);
  const std::string odd = path("it's odd.fa");
  std::rename(input.c_str(), odd.c_str());
  const ProgramResult result = run({"shards", "plan", odd, "--seconds", "1", "--device", "cpu",
                                    "--device-hours", "1", "--frames", "open", "--quiet"});
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_THAT(result.out, HasSubstr("# 1 shard of "));
  EXPECT_THAT(result.out, HasSubstr("sbatch --parsable --array=1-1 --cpus-per-task="));
  EXPECT_THAT(result.out, HasSubstr("virnucpro_merge.sh 1 virnucpro_out\n"));
  // A program of that name, which shows its words.
  std::ofstream(path("sbatch"))
      << "#!/bin/sh\nfor word; do echo \"<$word>\"; done >> words\necho 7\n";
  std::ofstream(path("lines.sh")) << result.out;
  const std::string command =
      "cd '" + path("") + "' && chmod +x sbatch && PATH=.:$PATH sh lines.sh";
  ASSERT_EQ(std::system(command.c_str()), 0);
  const std::string words = read("words");
  EXPECT_THAT(words, HasSubstr("<virnucpro_array.sh>\n<1>\n<virnucpro_out>\n<" + odd +
                               ">\n<-->\n<--frames>\n<open>\n"));
  EXPECT_THAT(words, HasSubstr("<--dependency=afterok:7>"));
}

TEST_F(EstimateCommand, SaysWhatItCannotDo) {
  const auto expect_error = [&](const std::vector<std::string>& arguments, const char* message) {
    const ProgramResult result = run(arguments);
    EXPECT_TRUE(ends_with(result, 2));
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr(message));
  };
  expect_error({"estimate", "-"}, "standard input ('-') can be read only once");
  expect_error({"shards", "plan", contigs(2)},
               "shards plan needs the device hours of a shard (--device-hours H) or their number "
               "(--shards N)");
  expect_error({"shards", "plan", contigs(2), "--device-hours", "0.00001", "--seconds", "0.1",
                "--device", "cpu"},
               "a shard takes");
  std::ofstream(path("empty.fa")).close();
  expect_error({"estimate", path("empty.fa"), "--device", "cpu"},
               "0 records without a base: there is nothing to estimate");
}

}  // namespace
}  // namespace virnucpro::test
