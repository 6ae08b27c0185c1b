// `virnucpro predict`: what goes in, what comes out, and when it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/program_runner.h"
#include "cli/result_names.h"
#include "cli/test_inputs.h"

namespace virnucpro::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kPredictionsHeader =
    "id\trecord\tchunk\tstart\tend\tstrand\tframe\tp_virus\tp_calibrated\tcall\tread\n";
constexpr const char* kContigsHeader =
    "id\trecord\tlength\tchunks\tscored_chunks\tframes\tviral_chunks\tmean_p_virus\tmax_p_virus\t"
    "p_calibrated\tcall\tstatus\treason\n";
constexpr const char* kTiersHeader =
    "ID\tcall\ttier\tweighted_delta\tn_chunks\tn_confident_viral\tn_confident_nonviral\t"
    "n_ambiguous\tviral_proportion\tnonviral_proportion\n";
constexpr const char* kLegacyHeader = "Sequence_ID\tPrediction\tscore1\tscore2\n";
constexpr const char* kLegacyChunksHeader = "Modified_ID\tIs_Virus\tmax_score_0\tmax_score_1\n";

class Predict : public CliTest {
 protected:
  std::vector<std::string> tables_of(const std::string& folder) const {
    std::vector<std::string> contents;
    for (const std::string& name : kTables) contents.push_back(read(folder + "/" + name));
    return contents;
  }
};

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST_F(Predict, WritesEveryResultAndNothingToStandardOutput) {
  write("a.fa", fasta(open_records(3, 200)));
  const ProgramResult result = run({"predict", "a.fa", "-o", "out"});
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(names_in("out"), testing::UnorderedElementsAre(
                                   "contig_tiers.tsv", "contigs.tsv", "prediction_results.txt",
                                   "prediction_results_highestscore.csv", "predictions.tsv",
                                   "regions.bed", "regions.gff3", "report.html", "run.db",
                                   "run.json", "viral.fasta", "virnucpro_general_mqc.json",
                                   "virnucpro_records_mqc.json", "virnucpro_scores_mqc.json"));
  EXPECT_THAT(read("out/predictions.tsv"), StartsWith(kPredictionsHeader));
  EXPECT_THAT(read("out/contigs.tsv"), StartsWith(kContigsHeader));
  EXPECT_THAT(read("out/prediction_results.txt"), StartsWith(kLegacyHeader));
  EXPECT_THAT(read("out/prediction_results_highestscore.csv"), StartsWith(kLegacyChunksHeader));
  EXPECT_EQ(lines_in(read("out/contigs.tsv")), 4u);
  // 600 bases: two chunks each, every one with an open frame.
  EXPECT_EQ(lines_in(read("out/prediction_results_highestscore.csv")), 7u);
  EXPECT_GE(lines_in(read("out/predictions.tsv")), 7u);
  EXPECT_EQ(lines_in(read("out/predictions.tsv")), lines_in(read("out/prediction_results.txt")));
}

TEST_F(Predict, TellsDecisionsOnceAndEndsWithASummary) {
  write("a.fa", fasta(open_records(1, 100)));
  const ProgramResult result = run({"predict", "a.fa"});
  ASSERT_TRUE(ends_with(result, 0));
  for (const char* text :
       {"] cuda: not used (", "] device cpu: ", "] precision fp16, packed batches; ",
        "] models mini ", "expected length 500\n",
        "] 1 record, 1 chunk (1 scored, 0 without open frame, 0 too short), ",
        "] viral: ", "] results in virnucpro_out: "}) {
    EXPECT_THAT(result.err, HasSubstr(text));
  }
  EXPECT_THAT(result.err, testing::Not(HasSubstr("warning")));
}

TEST_F(Predict, GivesTheSameResultsForEveryFormat) {
  const std::vector<TestRecord> records = open_records(4, 120);
  write("a.fa", fasta(records));
  write("a.fq", fastq(records));
  write("a.sam", sam(records));
  write_gzip(path("gzip_named_plain.fa"), fasta(records));
  convert_to_bam(path("a.sam"), path("a.bam"));
  ASSERT_TRUE(ends_with(run({"predict", "a.fa", "-o", "expected"}), 0));
  const std::vector<std::string> expected = tables_of("expected");
  for (const std::string name : {"a.fq", "a.sam", "gzip_named_plain.fa", "a.bam"}) {
    ASSERT_TRUE(ends_with(run({"predict", name, "-o", "out_" + name}), 0));
    EXPECT_EQ(tables_of("out_" + name), expected) << name;
  }
  ASSERT_TRUE(ends_with(
      run({.arguments = {"predict", "-", "-o", "out_stdin"}, .input = fastq(records)}), 0));
  EXPECT_EQ(tables_of("out_stdin"), expected);
}

TEST_F(Predict, TakesSeveralInputsAsOne) {
  const std::vector<TestRecord> records = open_records(4, 120);
  write("all.fa", fasta(records));
  write("first.fa", fasta({records[0], records[1]}));
  write("rest.fq", fastq({records[2], records[3]}));
  ASSERT_TRUE(ends_with(run({"predict", "all.fa", "-o", "one"}), 0));
  ASSERT_TRUE(ends_with(run({"predict", "first.fa", "rest.fq", "-o", "two"}), 0));
  EXPECT_EQ(tables_of("one"), tables_of("two"));
}

TEST_F(Predict, AnEmptyInputGivesHeadersOnly) {
  write("empty.fa", "");
  ASSERT_TRUE(ends_with(run({"predict", "empty.fa", "-o", "out"}), 0));
  EXPECT_EQ(tables_of("out"),
            (std::vector<std::string>{kPredictionsHeader, kContigsHeader, kTiersHeader, "", "",
                                      "##gff-version 3\n", kLegacyHeader, kLegacyChunksHeader}));
}

TEST_F(Predict, EveryRecordIsAccountedFor) {
  write("a.fa", ">short\nAC\n>none\n" + std::string(120, 'N') + "\n>empty\n>open\n" +
                    open_frame(50, 1) + "\n>stops\n" + std::string(20, 'T') +
                    "TAATTAATTAACTAACTAACTTAGTTAGTTAGCTAA\n");
  ASSERT_TRUE(ends_with(run({"predict", "a.fa", "-o", "out"}), 0));
  const std::string contigs = read("out/contigs.tsv");
  EXPECT_EQ(lines_in(contigs), 6u);
  EXPECT_THAT(contigs, HasSubstr("\nshort\t1\t2\t1\t0\t0\t0\tNA\tNA\tNA\tNA\ttoo_short\t"));
  EXPECT_THAT(contigs, HasSubstr("\nempty\t3\t0\t0\t"));
  EXPECT_THAT(contigs, HasSubstr("\nopen\t4\t150\t1\t1\t"));
}

TEST_F(Predict, KeepsBothRecordsOfOneId) {
  write("a.fa", ">same\n" + open_frame(60, 1) + "\n>same\n" + open_frame(60, 2) + "\n");
  const ProgramResult result = run({"predict", "a.fa", "-o", "out"});
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_THAT(result.err, HasSubstr("warning: 1 record has an id that an earlier record has"));
  EXPECT_THAT(read("out/contigs.tsv"), HasSubstr("\nsame\t1\t"));
  EXPECT_THAT(read("out/contigs.tsv"), HasSubstr("\nsame\t2\t"));
  EXPECT_THAT(read("out/prediction_results.txt"), HasSubstr("\nsame_chunk_1"));
  EXPECT_THAT(read("out/prediction_results.txt"), HasSubstr("\nsame_1_chunk_1"));
}

TEST_F(Predict, DoesNotDependOnThreadsOrBatches) {
  write("a.fa", fasta(open_records(12, 190)));
  ASSERT_TRUE(ends_with(run({"predict", "a.fa", "-o", "usual"}), 0));
  const std::vector<std::string> expected = tables_of("usual");
  const std::vector<std::vector<std::string>> variants = {
      {"--threads", "1"},           {"--threads", "2"},
      {"--batch-tokens", "1"},      {"--batch-tokens", "300"},
      {"--batch-tokens", "100000"}, {"--threads", "1", "--batch-tokens", "777"}};
  for (std::size_t i = 0; i < variants.size(); ++i) {
    const std::string folder = "variant_" + std::to_string(i);
    std::vector<std::string> arguments = {"predict", "a.fa", "-o", folder};
    arguments.insert(arguments.end(), variants[i].begin(), variants[i].end());
    ASSERT_TRUE(ends_with(run(arguments), 0));
    EXPECT_EQ(tables_of(folder), expected) << testing::PrintToString(variants[i]);
  }
}

TEST_F(Predict, ReplacesResultsOnlyWhenForced) {
  write("a.fa", fasta(open_records(2, 100)));
  write("b.fa", fasta(open_records(3, 100)));
  ASSERT_TRUE(ends_with(run({"predict", "a.fa", "-o", "out"}), 0));
  const std::vector<std::string> before = tables_of("out");
  const ProgramResult refused = run({"predict", "b.fa", "-o", "out"});
  EXPECT_TRUE(ends_with(refused, 2));
  EXPECT_THAT(
      last_line(refused.err),
      StartsWith("virnucpro: error: out/run.db: holds other work than what is asked for now "
                 "(input 1: sha256 "));
  EXPECT_EQ(tables_of("out"), before);
  std::filesystem::remove(path("out/run.db"));
  EXPECT_EQ(
      run({"predict", "b.fa", "-o", "out"}).err,
      "virnucpro: error: out: holds the results of an earlier run (predictions.tsv) and no "
      "run.db to go on with. Name another folder with -o, or pass --force to replace them.\n");
  EXPECT_EQ(tables_of("out"), before);
  ASSERT_TRUE(ends_with(run({"predict", "b.fa", "-o", "out", "--force"}), 0));
  EXPECT_EQ(lines_in(read("out/contigs.tsv")), 4u);
}

TEST_F(Predict, SaysWhatResumeFinds) {
  write("a.fa", fasta(open_records(2, 100)));
  const ProgramResult first = run({"predict", "a.fa", "-o", "out", "--resume"});
  EXPECT_TRUE(ends_with(first, 0));
  EXPECT_THAT(first.err, HasSubstr("warning: out: no run to go on with; a new one begins\n"));
  const std::vector<std::string> before = tables_of("out");
  const ProgramResult second = run({"predict", "a.fa", "-o", "out", "--resume"});
  EXPECT_TRUE(ends_with(second, 0));
  EXPECT_THAT(second.err,
              HasSubstr("out/run.db: everything is computed; the results are written again\n"));
  EXPECT_EQ(tables_of("out"), before);
  EXPECT_TRUE(ends_with(run({"predict", "a.fa", "-o", "out", "--resume", "--force"}), 2));
}

TEST_F(Predict, AMissingInputIsAnErrorBeforeAnythingIsWritten) {
  const ProgramResult result = run({"predict", "missing.fa", "-o", "out"});
  EXPECT_TRUE(ends_with(result, 2));
  EXPECT_THAT(result.err, StartsWith("virnucpro: error: missing.fa: "));
  EXPECT_FALSE(exists("out"));
}

TEST_F(Predict, ADamagedInputLeavesNoResults) {
  write("cut.fq", fastq(open_records(2, 50)) + "@r2\nACGT\n+\nII");
  const ProgramResult result = run({"predict", "cut.fq", "-o", "out"});
  EXPECT_TRUE(ends_with(result, 2));
  EXPECT_THAT(last_line(result.err), StartsWith("virnucpro: error: cut.fq: record 3 ('r2'"));
  EXPECT_FALSE(exists("out"));
}

TEST_F(Predict, AFullDiskIsAnErrorAndLeavesNoResults) {
  write("a.fa", fasta(open_records(40, 200)));
  const ProgramResult result =
      run({.arguments = {"predict", "a.fa", "-o", "out"}, .file_blocks = 4});
  EXPECT_TRUE(ends_with(result, 74));
  EXPECT_THAT(last_line(result.err), StartsWith("virnucpro: error: out/"));
  for (const std::string& name : kTables) EXPECT_FALSE(exists("out/" + name)) << name;
  EXPECT_FALSE(exists("out/run.json"));
}

TEST_F(Predict, AFolderThatCannotBeMadeIsAnError) {
  write("a.fa", fasta(open_records(1, 50)));
  EXPECT_TRUE(ends_with(run({"predict", "a.fa", "-o", "/proc/virnucpro"}), 74));
  EXPECT_TRUE(ends_with(run({"predict", "a.fa", "-o", "a.fa"}), 2));
}

TEST_F(Predict, ShowsControlCharactersOfIdsEscaped) {
  write("a.fq", "@bad\x1b[2Jid\nACGT\n+\nII");
  const ProgramResult result = run({"predict", "a.fq"});
  EXPECT_TRUE(ends_with(result, 2));
  EXPECT_EQ(result.err.find('\x1b'), std::string::npos);
  EXPECT_THAT(result.err, HasSubstr("bad"));
}

TEST_F(Predict, StopsAtASignalWithoutResults) {
  write("a.fa", fasta(open_records(3000, 160)));
  const ProgramResult result =
      run({.arguments = {"predict", "a.fa", "-o", "out", "--device", "reference"},
           .while_running = [this](int process) {
             EXPECT_TRUE(wait_for_message("] models mini "));
             ::kill(process, SIGTERM);
           }});
  EXPECT_TRUE(ends_with(result, 75));
  EXPECT_THAT(result.err, HasSubstr("warning: stopping; a second signal ends the program at once"));
  EXPECT_FALSE(exists("out/run.json"));
}

TEST_F(Predict, EndsAtOnceAtTheSecondSignal) {
  write("a.fa", fasta(open_records(3000, 160)));
  const ProgramResult result =
      run({.arguments = {"predict", "a.fa", "-o", "out", "--device", "reference"},
           .while_running = [this](int process) {
             EXPECT_TRUE(wait_for_message("] models mini "));
             ::kill(process, SIGINT);
             ::kill(process, SIGTERM);
           }});
  EXPECT_TRUE(ends_with(result, 75));
}

TEST_F(Predict, RunsWithoutStandardStreams) {
  write("a.fa", fasta(open_records(1, 100)));
  EXPECT_TRUE(
      ends_with(run({.arguments = {"predict", "a.fa", "-o", "out"}, .out_path = "closed"}), 0));
  EXPECT_TRUE(exists("out/run.json"));
}

}  // namespace
}  // namespace virnucpro::test
