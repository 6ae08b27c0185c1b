// Ids that are hard to write, and ids of two records: in every table, and back again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/stored_runs.h"
#include "cli/tables.h"

namespace virnucpro::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

/// Backslashes (one like an escape), a quote, bytes that are no UTF-8; and beside
/// each how tables write it.
const std::vector<std::pair<std::string, std::string>> kHardIds = {
    {"a\\b", "a\\b"},        {"t\\x09", "t\\x09"}, {"\"q\"", "\"q\""},
    {"caf\xe9", "caf\\xe9"}, {"x\\x5c", "x\\x5c"}, {"λ\\\\", "λ\\\\"}};

class Ids : public StoredRunTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    std::vector<TestRecord> records = open_records(12, 250);
    for (std::size_t i = 0; i < kHardIds.size(); ++i) records[2 * i].id = kHardIds[i].first;
    write("a.fa", fasta(records));
    for (const TestRecord& record : records) ids_.push_back(record.id);
    write_labels(ids_);
  }

  /// A virus and another one in turn, each a source of its own.
  void write_labels(const std::vector<std::string>& ids) const {
    std::string labels = "id\tlabel\tsource\n";
    for (std::size_t i = 0; i < ids.size(); ++i) {
      labels += ids[i] + (i / 2 % 2 == 0 ? "\tvirus\tg" : "\tother\tg") + std::to_string(i) + "\n";
    }
    write("labels.tsv", labels);
  }

  std::vector<std::string> ids_;
};

TEST_F(Ids, AreWrittenInOneWayInEveryTable) {
  ASSERT_TRUE(ends_with(run({"predict", "a.fa", "-q", "-t", "1", "-o", "out"}), 0));
  ASSERT_TRUE(ends_with(run({"precision", "a.fa", "-q", "-o", "study"}), 0));
  ASSERT_TRUE(ends_with(run({"report", "out", "-q", "--threshold", "1e-9", "-o", "viral"}), 0));
  const std::string legacy = read("out/prediction_results.txt");
  const std::string chunks = read("out/prediction_results_highestscore.csv");
  const auto contigs = column(table_of(read("out/contigs.tsv")), "id");
  const auto frames = column(table_of(read("out/predictions.tsv")), "id");
  const auto studied = column(table_of(read("study/sequences.tsv")), "id");
  for (const auto& [id, written] : kHardIds) {
    EXPECT_THAT(contigs, testing::Contains(written));
    EXPECT_THAT(frames, testing::Contains(written));
    EXPECT_THAT(studied, testing::Contains(written));
    EXPECT_THAT(legacy, HasSubstr("\n" + written + "_chunk_1"));
    EXPECT_THAT(read("viral/viral.fasta"), HasSubstr(">" + written + "\n"));
    if (written.find('"') == std::string::npos) {
      EXPECT_THAT(chunks, HasSubstr("\n" + written + "_chunk_1\t"));
    }
  }
  EXPECT_THAT(chunks, HasSubstr("\n\"\"\"q\"\"_chunk_1\"\t")) << "as pandas writes a quote";
}

TEST_F(Ids, OfATableFindTheirLabelsAsThoseOfTheInputDo) {
  ASSERT_TRUE(ends_with(run({"predict", "a.fa", "-q", "-t", "1", "-o", "out"}), 0));
  const auto evaluation = [&](const std::string& folder) {
    const ProgramResult result = run({"evaluate", "out", "--labels", "labels.tsv", "-o", folder});
    EXPECT_TRUE(ends_with(result, 0));
    EXPECT_THAT(result.err, Not(HasSubstr("label"))) << "all of them are found";
    return read(folder + "/metrics.tsv");
  };
  const std::string by_input = evaluation("input");
  write_labels(column(table_of(read("out/contigs.tsv")), "id"));
  EXPECT_EQ(evaluation("table"), by_input);

  // The same through the files of a dataset, and for the frames that count.
  ASSERT_TRUE(ends_with(run({"dataset", "a.fa", "-q", "--labels", "labels.tsv", "-o", "set",
                             "--validation-share", "0", "--test-share", "0"}),
                        0));
  const std::string set_ids = read("set/labels.tsv");
  for (const auto& [id, written] : kHardIds) EXPECT_THAT(set_ids, HasSubstr("\n" + written + ":"));
  ASSERT_TRUE(ends_with(run({"embed", "set/train.fa", "-q", "-o", "set.h5"}), 0));
  for (const char* input : {"set/train.fa", "set.h5"}) {
    const ProgramResult trained = run({"train", input, "--labels", "set/labels.tsv", "--frames",
                                       "set/frames.tsv", "-o", "made", "--force", "--epochs", "1"});
    ASSERT_TRUE(ends_with(trained, 0));
    EXPECT_THAT(trained.err, Not(HasSubstr("no label")));
    EXPECT_THAT(trained.err, Not(HasSubstr("labels are of records")));
    const json report = json::parse(read("made/training.json"));
    EXPECT_EQ(report["training"]["frames"].get<std::size_t>() +
                  report["validation"]["frames"].get<std::size_t>(),
              table_of(read("set/frames.tsv")).size() - 1)
        << input;
  }
}

TEST_F(Ids, OfSeveralRecordsGetNoLabel) {
  std::vector<TestRecord> records = open_records(6, 200);
  records[2].id = records[0].id;
  records[3].id = records[0].id + "_1";
  write("twice.fa", fasta(records));
  ASSERT_TRUE(ends_with(run({"predict", "twice.fa", "-q", "--keep-embeddings", "-o", "kept"}), 0));
  ASSERT_TRUE(ends_with(run({"embed", "twice.fa", "-q", "-o", "twice.h5"}), 0));
  write("labels.tsv", "id\tlabel\nr0\tvirus\nr0_1\tother\nr1\tother\nr4\tvirus\nr5\tother\n");
  const std::vector<std::string> labels = {"--labels", "labels.tsv"};
  const auto expect_refused = [&](std::vector<std::string> call, const std::string& message) {
    call.insert(call.end(), labels.begin(), labels.end());
    EXPECT_THAT(error_of(call, 2), HasSubstr(message));
  };
  const std::string record =
      ": record 3: an earlier record has the id 'r0' too, and a label stands for one record. Name "
      "each input once, and give records ids of their own.\n";
  expect_refused({"evaluate", "kept"}, "kept/run.db" + record);
  expect_refused({"calibrate", "kept", "-o", "made"}, "kept/run.db" + record);
  expect_refused({"train", "kept", "-o", "made"}, "kept/run.db" + record);
  expect_refused({"train", "twice.fa", "-o", "made"}, "twice.fa" + record);
  expect_refused({"train", "twice.h5", "-o", "made"}, "twice.h5" + record);
  expect_refused({"dataset", "twice.fa", "-o", "made"}, "twice.fa" + record);
  EXPECT_FALSE(exists("made"));

  // Without a label for that id nothing is ambiguous: r0_1 is record 4, in whatever way it comes.
  write("labels.tsv", "id\tlabel\nr0_1\tother\nr1\tvirus\nr4\tvirus\nr5\tother\n");
  std::string expected;
  for (const char* input : {"twice.fa", "twice.h5", "kept"}) {
    const ProgramResult result = run({"train", input, "--labels", "labels.tsv", "-o", "made",
                                      "--force", "--epochs", "2", "--validation-share", "0"});
    ASSERT_TRUE(ends_with(result, 0));
    EXPECT_THAT(result.err, HasSubstr("2 records have no label and are left out, such as 'r0'"));
    const std::string classifier = read("made/classifier_500.safetensors");
    if (expected.empty()) expected = classifier;
    EXPECT_TRUE(classifier == expected) << input;
  }
  // Two inputs that have one record both.
  write("one.fa", fasta({records[4]}));
  EXPECT_THAT(
      error_of({"train", "twice.h5", "one.fa", "--labels", "labels.tsv", "-o", "made", "--force"},
               2),
      HasSubstr("one.fa: record 1: an earlier record has the id 'r4' too"));
}

}  // namespace
}  // namespace virnucpro::test
