// `virnucpro merge`: shards become the run that was never split, or nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "cli/models_in_tree.h"
#include "cli/stored_runs.h"

namespace virnucpro::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

class Merge : public StoredRunTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    write_inputs();
  }

  /// Computes shards into folders such as "2of3" and gives the folders.
  std::vector<std::string> shards(int count, const std::vector<std::string>& options = {}) const {
    std::vector<std::string> folders;
    for (int i = 1; i <= count; ++i) {
      folders.push_back(std::to_string(i) + "of" + std::to_string(count));
      std::vector<std::string> all = options;
      all.insert(all.end(), {"-o", folders.back(), "--shard",
                             std::to_string(i) + "/" + std::to_string(count)});
      EXPECT_TRUE(ends_with(predict(all), 0));
    }
    return folders;
  }

  static std::vector<std::string> merging(const std::vector<std::string>& folders,
                                          const std::string& output,
                                          const std::vector<std::string>& options = {}) {
    std::vector<std::string> arguments = {"merge", "-q", "-o", output};
    arguments.insert(arguments.end(), options.begin(), options.end());
    arguments.insert(arguments.end(), folders.begin(), folders.end());
    return arguments;
  }

  json run_json(const std::string& folder) const { return json::parse(read(folder + "/run.json")); }
};

TEST_F(Merge, GivesTheBytesOfTheUnsplitRunForAnyNumberOfShards) {
  ASSERT_TRUE(ends_with(predict({"-o", "whole"}), 0));
  const std::vector<std::string> expected = tables_of("whole");
  // 15 records; of 20 shards some are empty.
  for (const int count : {1, 2, 3, 7, 20}) {
    std::vector<std::string> folders = shards(count);
    std::shuffle(folders.begin(), folders.end(), std::mt19937(1));
    const std::string output = "merged" + std::to_string(count);
    ASSERT_TRUE(ends_with(run(merging(folders, output)), 0));
    EXPECT_EQ(tables_of(output), expected) << count;
    const json whole = run_json("whole");
    const json merged = run_json(output);
    EXPECT_EQ(merged["inputs"][0]["records"], 10);
    EXPECT_EQ(merged["inputs"][1]["records"], 5);
    EXPECT_FALSE(merged.contains("shard"));
    for (const char* key : {"bases", "records", "chunks", "frames", "failed_frames", "viral_frames",
                            "viral_chunks", "viral_records", "repeated_ids"}) {
      EXPECT_EQ(merged["counts"][key], whole["counts"][key]) << key;
    }
    ASSERT_EQ(merged["merged_from"].size(), static_cast<std::size_t>(count));
    EXPECT_EQ(merged["sessions"].size(), static_cast<std::size_t>(count));
    std::uint64_t frames = 0;
    std::uint64_t embedded = 0;
    for (int i = 0; i < count; ++i) {
      const json& shard = merged["merged_from"][static_cast<std::size_t>(i)];
      EXPECT_EQ(shard["shard"], std::to_string(i + 1) + "/" + std::to_string(count));
      EXPECT_EQ(shard["sessions"].size(), 1u);
      frames += shard["frames"].get<std::uint64_t>();
      embedded += shard["frames_embedded"].get<std::uint64_t>();
    }
    EXPECT_EQ(frames, whole["counts"]["frames"]);
    EXPECT_EQ(embedded, merged["counts"]["frames_embedded"]);
    for (const auto& efficiency : merged["performance"]["packing_efficiency"]) {
      EXPECT_GT(efficiency, 0.0);
      EXPECT_LE(efficiency, 1.0);
    }
    // The whole run is the same work: it finds everything computed.
    const ProgramResult again = run({"predict", "a.fa", "b.fq", "-o", output, "-t", "1"});
    ASSERT_TRUE(ends_with(again, 0));
    EXPECT_THAT(again.err, HasSubstr("everything is computed"));
    EXPECT_EQ(tables_of(output), expected) << count;
  }
}

TEST_F(Merge, TakesEmbeddingsAlong) {
  const std::string other = kMini + "/classifier_300.safetensors";
  ASSERT_TRUE(ends_with(predict({"-o", "whole", "--keep-embeddings"}), 0));
  ASSERT_TRUE(ends_with(run({"report", "whole", "--classifier", other, "-o", "a"}), 0));
  ASSERT_TRUE(ends_with(run(merging(shards(3, {"--keep-embeddings"}), "merged")), 0));
  EXPECT_EQ(tables_of("merged"), tables_of("whole"));
  ASSERT_TRUE(ends_with(run({"report", "merged", "--classifier", other, "-o", "b"}), 0));
  EXPECT_EQ(tables_of("a"), tables_of("b"));
  EXPECT_NE(tables_of("a"), tables_of("whole"));
}

TEST_F(Merge, RefusesGapsAndOverlaps) {
  const std::vector<std::string> folders = shards(3);
  EXPECT_EQ(
      error_of(merging({"2of3"}, "out"), 2),
      "virnucpro: error: of 3 shards, 2 are missing: 1, 3. Name the folders of all of them.\n");
  EXPECT_EQ(error_of(merging({"1of3", "3of3"}, "out"), 2),
            "virnucpro: error: of 3 shards, one is missing: 2. Name the folders of all of them.\n");
  EXPECT_EQ(error_of(merging({"1of3", "2of3", "3of3/../1of3"}, "out"), 2),
            "virnucpro: error: 1of3 and 3of3/../1of3: the same folder. Name each shard once.\n");
  std::filesystem::copy(path("2of3"), path("copy"), std::filesystem::copy_options::recursive);
  EXPECT_EQ(error_of(merging({"1of3", "2of3", "copy", "3of3"}, "out"), 2),
            "virnucpro: error: 2of3 and copy: both hold shard 2/3. Name each shard once.\n");
  EXPECT_EQ(error_of(merging(folders, "2of3"), 2),
            "virnucpro: error: 2of3: is the shard '2of3', which this command reads, so nothing is "
            "written there. Name another folder with -o.\n");
  EXPECT_FALSE(exists("out"));
}

TEST_F(Merge, RefusesShardsOfOtherSplitsAndOtherWork) {
  shards(2);
  shards(3);
  EXPECT_EQ(error_of(merging({"1of2", "2of3"}, "out"), 2),
            "virnucpro: error: 1of2 is shard 1/2, 2of3 is shard 2/3: they are parts of different "
            "splits. Name shards of one split.\n");
  ASSERT_TRUE(ends_with(predict({"-o", "precise", "--shard", "2/2", "--precision", "bf16"}), 0));
  EXPECT_EQ(error_of(merging({"1of2", "precise"}, "out"), 2),
            "virnucpro: error: 1of2 and precise: shards of different work: precision: fp16 in "
            "1of2, bf16 in precise. Name shards of one run.\n");
  ASSERT_TRUE(ends_with(predict({"-o", "short", "--shard", "2/2", "--expected-length", "300"}), 0));
  EXPECT_THAT(error_of(merging({"1of2", "short"}, "out"), 2),
              AllOf(HasSubstr("expected length: 500 in 1of2, 300 in short"),
                    HasSubstr("classifier model: ")));
  write("b.fq", read("b.fq") + "@new\nACGTACGT\n+\nIIIIIIII\n");
  ASSERT_TRUE(ends_with(predict({"-o", "longer", "--shard", "2/2"}), 0));
  EXPECT_THAT(error_of(merging({"1of2", "longer"}, "out"), 2),
              AllOf(HasSubstr("input 2: sha256 "), testing::Not(HasSubstr("input 1"))));
  EXPECT_FALSE(exists("out"));
}

TEST_F(Merge, RefusesFoldersThatAreNoFinishedShards) {
  shards(2);
  EXPECT_EQ(error_of(merging({"1of2", "nowhere"}, "out"), 2),
            "virnucpro: error: nowhere: there is no run.db in this folder. Name the output folder "
            "of a run.\n");
  EXPECT_TRUE(ends_with(run({"merge", "1of2", "2of2"}), 2)) << "-o is needed";
  EXPECT_TRUE(ends_with(run({"merge", "-o", "out"}), 2));
  EXPECT_FALSE(exists("out"));
}

TEST_F(Merge, NamesAShardThatIsNotFinishedAsReportDoes) {
  // At least a second of work: the kill may come late where other programs work.
#ifdef VIRNUCPRO_SANITIZED
  const std::size_t enough = 200;  // several times as slow
#else
  const std::size_t enough = 1200;
#endif
  write("a.fa", fasta(open_records(enough, 120)));
  const std::vector<std::string> folders = shards(2);
  std::filesystem::remove_all(path("1of2"));
  const std::vector<std::string> again = {"predict", "a.fa", "b.fq", "-q",      "-t",
                                          "1",       "-o",   "1of2", "--shard", "1/2"};
  const auto kill_at_work = [&](int process) {
    for (int i = 0; i < 2000 && !exists("1of2/run.db-wal"); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));  // its first commit, no more
    ::kill(process, SIGKILL);
  };
  ASSERT_TRUE(ends_with(run({.arguments = again, .while_running = kill_at_work}), 128 + SIGKILL));
  EXPECT_THAT(error_of({"report", "1of2"}, 2),
              AllOf(HasSubstr("1of2/run.db: the run is not finished: "),
                    HasSubstr("Run the same 'virnucpro predict' again to go on with it")));
  EXPECT_THAT(error_of(merging(folders, "out"), 2),
              AllOf(HasSubstr("error: shards that are not finished: 1of2 (shard 1/2: "),
                    HasSubstr("Run the same 'virnucpro predict' again for each of them")));
  EXPECT_FALSE(exists("out"));
  ASSERT_TRUE(ends_with(run(again), 0));
  EXPECT_TRUE(ends_with(run(merging(folders, "out")), 0));
}

TEST_F(Merge, RefusesAFolderWithOtherResults) {
  const std::vector<std::string> folders = shards(2);
  ASSERT_TRUE(ends_with(predict({"-o", "whole"}), 0));
  EXPECT_EQ(error_of(merging(folders, "whole"), 2),
            "virnucpro: error: whole/run.db: holds this work already, computed by 'virnucpro "
            "predict' as a whole. Name another folder with -o, or throw away what is there with "
            "--force.\n");
  ASSERT_TRUE(ends_with(predict({"-o", "other", "--precision", "bf16"}), 0));
  EXPECT_THAT(error_of(merging(folders, "other"), 2), HasSubstr("holds other work"));
  write("old/contigs.tsv", "old");
  EXPECT_THAT(error_of(merging(folders, "old"), 2), HasSubstr("old: holds the results"));
  for (const char* folder : {"other", "old"}) {
    ASSERT_TRUE(ends_with(run(merging(folders, folder, {"--force"})), 0));
    EXPECT_EQ(tables_of(folder), tables_of("whole"));
  }
}

TEST_F(Merge, MergesAgainAfterAnEarlierMerge) {
  const std::vector<std::string> folders = shards(2);
  ASSERT_TRUE(ends_with(run(merging(folders, "out")), 0));
  const std::vector<std::string> expected = tables_of("out");
  for (const std::string& name : kTables) std::filesystem::remove(path("out/" + name));
  ASSERT_TRUE(ends_with(run(merging(folders, "out")), 0));
  EXPECT_EQ(tables_of("out"), expected);
}

TEST_F(Merge, GoesOnAfterBeingKilledAtAnyMoment) {
  const std::vector<std::string> folders = shards(3);
  ASSERT_TRUE(ends_with(predict({"-o", "whole"}), 0));
  int killed = 0;
  for (int i = 0; i < 12; ++i) {
    const auto kill_later = [i](int process) {
      std::this_thread::sleep_for(std::chrono::milliseconds(3 * i));
      ::kill(process, SIGKILL);
    };
    const ProgramResult broken =
        run({.arguments = merging(folders, "out"), .while_running = kill_later});
    killed += broken.exit_code == 128 + SIGKILL ? 1 : 0;
    if (broken.exit_code != 0 && exists("out/run.db")) {
      // Every file is whole, or says that it is not.
      const ProgramResult report = run({"report", "out", "-o", "seen", "--force", "-q"});
      if (report.exit_code == 0) {
        EXPECT_EQ(tables_of("seen"), tables_of("whole")) << i;
      } else {
        EXPECT_TRUE(ends_with(report, 2));
      }
    }
  }
  EXPECT_GT(killed, 0);
  ASSERT_TRUE(ends_with(run(merging(folders, "out")), 0));
  EXPECT_EQ(tables_of("out"), tables_of("whole"));
}

}  // namespace
}  // namespace virnucpro::test
