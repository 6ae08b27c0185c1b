// No command writes over what it reads: every output of every command with every input of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "cli/program_runner.h"
#include "cli/test_inputs.h"

namespace virnucpro::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

/// Something that a command reads.
struct Slot {
  std::string what;         ///< as messages call it
  std::string placeholder;  ///< in the call
  std::string file;         ///< of a folder the file in it; empty: the slot is a file
};

/// A command, what it reads and what it writes.
struct Case {
  std::string name;
  std::vector<std::string> call;  ///< "IN:<placeholder>" stands for a slot, "OUT" for the output
  std::vector<Slot> slots;
  /// A path in the folder OUT; empty: OUT is a file.
  std::vector<std::string> names;
};

const Slot kInput = {"the input", "input", ""};
const Slot kConfig = {"--config", "config", ""};
const Slot kLabels = {"--labels", "labels", ""};
const Slot kBundle = {"--bundle", "bundle", "bundle.json"};
const Slot kDnabert = {"--dnabert", "dnabert", "config.json"};
const Slot kEsm2 = {"--esm2", "esm2", ""};
const Slot kClassifier = {"--classifier", "classifier", ""};
const Slot kRun = {"the run", "run", "run.db"};

const std::vector<std::string> kPredictions = {"predictions.tsv",
                                               "contigs.tsv",
                                               "contig_tiers.tsv",
                                               "viral.fasta",
                                               "regions.bed",
                                               "regions.gff3",
                                               "viral_regions.fasta",
                                               "predictions.jsonl",
                                               "contigs.jsonl",
                                               "regions.jsonl",
                                               "report.html",
                                               "virnucpro_general_mqc.json",
                                               "virnucpro_records_mqc.json",
                                               "virnucpro_scores_mqc.json",
                                               "run.json",
                                               "prediction_results.txt",
                                               "prediction_results_highestscore.csv"};

std::vector<std::string> with_database(std::vector<std::string> names) {
  names.insert(names.end(), {"run.db", "run.db-wal", "run.db-shm"});
  return names;
}

const std::vector<Case> kCases = {
    {"predict",
     {"predict", "IN:input", "--config", "IN:config", "--dnabert", "IN:dnabert", "--esm2",
      "IN:esm2", "--classifier", "IN:classifier", "-o", "OUT", "--force"},
     {kInput, kConfig, kDnabert, kEsm2, kClassifier},
     with_database(kPredictions)},
    {"predict with a bundle",
     {"predict", "IN:input", "--bundle", "IN:bundle", "-o", "OUT", "--force"},
     {kBundle},
     with_database(kPredictions)},
    {"embed",
     {"embed", "IN:input", "--config", "IN:config", "--dnabert", "IN:dnabert", "--esm2", "IN:esm2",
      "-o", "OUT", "--force"},
     {kInput, kConfig, kDnabert, kEsm2},
     {}},
    {"embed with a bundle",
     {"embed", "IN:input", "--bundle", "IN:bundle", "-o", "OUT", "--force"},
     {kInput, kBundle},
     {}},
    {"precision",
     {"precision", "IN:input", "--config", "IN:config", "--dnabert", "IN:dnabert", "--esm2",
      "IN:esm2", "--classifier", "IN:classifier", "-o", "OUT", "--force"},
     {kInput, kConfig, kDnabert, kEsm2, kClassifier},
     {"sequences.tsv", "layers.tsv", "precision.json"}},
    {"train",
     {"train", "IN:input", "--config", "IN:config", "--labels", "IN:labels", "--frames",
      "IN:frames", "--bundle", "IN:bundle", "-o", "OUT", "--force"},
     {kInput, kConfig, kLabels, {"--frames", "frames", ""}, kBundle},
     {"bundle.json", "esm2.safetensors", "notes.txt"}},
    {"train on a run",
     {"train", "IN:run", "--labels", "IN:labels", "-o", "OUT", "--force"},
     {{"the input", "run", "run.db"}},
     {"run.db"}},
    {"dataset",
     {"dataset", "IN:input", "--labels", "IN:labels", "-o", "OUT", "--force"},
     {kInput, kLabels},
     {"train.fa", "validation.fa", "test.fa", "labels.tsv", "frames.tsv", "dataset.json"}},
    {"evaluate",
     {"evaluate", "IN:run", "--labels", "IN:labels", "-o", "OUT", "--force"},
     {kRun, kLabels},
     {"metrics.tsv", "curves.tsv", "calibration.tsv", "roc.svg", "precision_recall.svg",
      "calibration.svg", "evaluation.json"}},
    {"calibrate",
     {"calibrate", "IN:run", "--labels", "IN:labels", "--bundle", "IN:bundle", "-o", "OUT",
      "--force"},
     {kRun, kLabels, kBundle},
     {"bundle.json", "run.db"}},
    {"report",
     {"report", "IN:run", "--classifier", "IN:classifier", "-o", "OUT", "--force"},
     {kRun, kClassifier},
     kPredictions},
    {"report with a bundle",
     {"report", "IN:run", "--classifier", "IN:bundle", "-o", "OUT", "--force"},
     {{"--classifier", "bundle", "bundle.json"}},
     kPredictions},
    {"merge",
     {"merge", "IN:run", "-o", "OUT", "--force"},
     {{"the shard", "run", "run.db"}},
     with_database(kPredictions)},
    {"bench",
     {"bench", "IN:input", "--bundle", "IN:bundle", "--json", "OUT", "--force"},
     {kInput, kBundle},
     {}},
    {"models import",
     {"models", "import", "--dnabert", "IN:dnabert", "--esm2", "IN:esm2", "--classifier",
      "500=IN:classifier", "-o", "OUT", "--force"},
     {kDnabert, kEsm2, kClassifier},
     {"bundle.json", "classifier_500.safetensors"}},
    {"models export",
     {"models", "export", "IN:bundle", "-o", "OUT", "--force"},
     {{"the bundle", "bundle", "bundle.json"}},
     {}},
    {"models convert",
     {"models", "convert", "IN:bundle", "-o", "OUT", "--force"},
     {{"BUNDLE", "bundle", "bundle.json"}},
     {"bundle.json", "esm2.safetensors"}},
    {"shards plan",
     {"shards", "plan", "IN:input", "--config", "IN:config", "--bundle", "IN:bundle", "--shards",
      "2", "-o", "OUT"},
     {kInput, kConfig, kBundle},
     {}},
    {"label-reads",
     {"label-reads", "IN:input", "IN:labels", "--config", "IN:config", "-o", "OUT"},
     {{"the alignments", "input", ""}, {"the results", "labels", ""}, kConfig},
     {}},
    {"classify",
     {"classify", "IN:input", "OUT", "--virnucpro-path", "IN:bundle", "--no-gpu", "--config",
      "IN:config"},
     {kInput, kConfig},
     {}},
};

class Outputs : public CliTest, public testing::WithParamInterface<Case> {
 protected:
  /// The folder of the test is emptied and every slot filled anew.
  void fill() const {
    for (const auto& entry : fs::directory_iterator(path(""))) fs::remove_all(entry.path());
    for (const Slot& slot : {kInput, kConfig, kLabels, kBundle, kDnabert, kEsm2, kClassifier, kRun,
                             Slot{"--frames", "frames", ""}}) {
      write(place_of(slot), kContent);
    }
  }

  static std::string name_of(const Slot& slot) { return "the_" + slot.placeholder; }
  static std::string place_of(const Slot& slot) {
    return slot.file.empty() ? name_of(slot) : name_of(slot) + "/" + slot.file;
  }

  ProgramResult call(const std::string& placeholder, const std::string& input,
                     const std::string& output) const {
    std::vector<std::string> arguments = GetParam().call;
    for (std::string& argument : arguments) {
      if (argument == "OUT") argument = output;
      const std::size_t mark = argument.find("IN:");
      if (mark == std::string::npos) continue;
      const std::string wanted = argument.substr(mark + 3);
      argument = argument.substr(0, mark) + (wanted == placeholder ? input : "the_" + wanted);
    }
    return run(arguments);
  }

  /// Calls with `input` for `slot` and expects that `file` is unchanged.
  void expect_refused(const Slot& slot, const std::string& input, const std::string& output,
                      const std::string& file, const char* how) const {
    SCOPED_TRACE(GetParam().name + ", " + slot.what + ", " + file + ", " + how);
    const ProgramResult result = call(slot.placeholder, input, output);
    EXPECT_TRUE(ends_with(result, 2));
    EXPECT_THAT(result.err, HasSubstr(slot.what + " '" + input));
    EXPECT_THAT(result.err, HasSubstr("error: " + output));
    EXPECT_EQ(read(file), kContent);
    EXPECT_EQ(result.out, "");
  }

  /// Where the command writes: in OUT, or OUT itself.
  std::vector<std::string> written() const {
    if (GetParam().names.empty()) return {"out"};
    std::vector<std::string> files;
    for (const std::string& name : GetParam().names) files.push_back("out/" + name);
    return files;
  }

  // Also a settings file.
  const std::string kContent = "quiet: true\n";
};

INSTANTIATE_TEST_SUITE_P(OfEvery, Outputs, testing::ValuesIn(kCases), [](const auto& each) {
  std::string name = each.param.name;
  std::replace(name.begin(), name.end(), ' ', '_');
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST_P(Outputs, AreNoInputsByName) {
  for (const Slot& slot : GetParam().slots) {
    for (const std::string& file : written()) {
      const bool is_in_folder = !GetParam().names.empty();
      fill();
      if (slot.file.empty()) {
        write(file, kContent);
        expect_refused(slot, file, "out", file, "name");
        fill();
        fs::create_directories(path("link"));
        write("link/" + file, kContent);
        fs::create_symlink("link/out", path("out"));
        expect_refused(slot, "link/" + file, "out", file, "a name through a folder's link");
        expect_refused(slot, "./link/../" + file, "out", file, "another spelling");
      } else if (!is_in_folder) {
        expect_refused(slot, name_of(slot), place_of(slot), place_of(slot), "a file of a folder");
      } else if (slot.file != "run.db" || file == "out/run.db") {
        write("out/" + slot.file, kContent);
        expect_refused(slot, "out", "out", "out/" + slot.file, "the folder");
      }
    }
  }
}

TEST_P(Outputs, AreNoInputsByLink) {
  for (const Slot& slot : GetParam().slots) {
    for (const std::string& file : written()) {
      fill();
      fs::create_directories(fs::path(path(file)).parent_path());
      fs::create_hard_link(path(place_of(slot)), path(file));
      expect_refused(slot, name_of(slot), "out", place_of(slot), "hard link");
      fs::remove(path(file));
      fs::create_symlink(path(place_of(slot)), path(file));
      expect_refused(slot, name_of(slot), "out", place_of(slot), "symbolic link");
    }
  }
}

TEST_P(Outputs, AreNoInputsUnderTheirTemporaryNames) {
  for (const Slot& slot : GetParam().slots) {
    if (!slot.file.empty()) continue;
    for (const std::string& file : written()) {
      if (file.find("run.db") != std::string::npos) continue;  // has none
      fill();
      write(file + ".partial", kContent);
      expect_refused(slot, file + ".partial", "out", file + ".partial", "temporary name");
    }
  }
}

class Streams : public CliTest {};

TEST_F(Streams, AreComparedWithOutputsAndInputs) {
  // Standard input is a file, whose other name is that of a result.
  run(ProgramCall{.arguments = {"--version"}, .input = "x"});
  fs::create_directories(path("out"));
  fs::create_hard_link(path("").substr(0, path("").size() - 1) + ".stdin", path("out/viral.fasta"));
  const ProgramResult from_file =
      run(ProgramCall{.arguments = {"predict", "-", "-o", "out", "--force"}, .input = ">r\nAC\n"});
  EXPECT_TRUE(ends_with(from_file, 2));
  EXPECT_THAT(from_file.err, HasSubstr("out/viral.fasta: writing it would destroy the input "
                                       "(standard input), which is the same file"));
  EXPECT_EQ(read("out/viral.fasta"), ">r\nAC\n");

  write("a.fa", ">r\nACGT\n");
  const ProgramResult onto_input =
      run(ProgramCall{.arguments = {"validate", "a.fa"}, .out_path = path("a.fa")});
  EXPECT_TRUE(ends_with(onto_input, 2));
  EXPECT_THAT(onto_input.err, HasSubstr("standard output goes to the input 'a.fa', which"));
}

class Neighbours : public CliTest {};

TEST_F(Neighbours, OfInputsAreWritten) {
  write("data/a.fa", fasta(open_records(2, 200)));
  write("data/labels.tsv", "id\tlabel\n" + open_records(2, 200)[0].id + "\tvirus\n" +
                               open_records(2, 200)[1].id + "\tother\n");
  ASSERT_TRUE(ends_with(run({"predict", "data/a.fa", "-o", "data", "-q"}), 0));
  ASSERT_TRUE(ends_with(run({"report", "data", "-q"}), 0));
  ASSERT_TRUE(
      ends_with(run({"evaluate", "data", "--labels", "data/labels.tsv", "-o", "data", "-q"}), 0));
  ASSERT_TRUE(ends_with(run({"embed", "data/a.fa", "-o", "data/a.h5", "-q"}), 0));
  EXPECT_EQ(read("data/a.fa"), fasta(open_records(2, 200)));
}

/// Results of a run whose own input has the name of a result.
class RunInputs : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    write("p/viral.fasta", kInput);
    ASSERT_TRUE(ends_with(run({"predict", "p/viral.fasta", "-o", "out", "-q"}), 0));
  }
  void expect_refused(std::vector<std::string> call, const std::string& file,
                      const std::string& what) const {
    const std::string before = read(file);
    const ProgramResult result = run(std::move(call));
    EXPECT_TRUE(ends_with(result, 2)) << result.call;
    EXPECT_THAT(result.err, HasSubstr("error: " + file + ": writing it would destroy " + what));
    EXPECT_EQ(read(file), before) << result.call;
  }

  const std::string kInput = fasta(open_records(3, 200));
};

TEST_F(RunInputs, AreNotWrittenOverByLaterCommands) {
  const std::string of_run = "an input of the run 'p/viral.fasta'";
  expect_refused({"report", "out", "-o", "p", "--force"}, "p/viral.fasta", of_run);
  expect_refused(
      {"report", "out", "-o", "again", "--write", "viral", "--write-to", "p/viral.fasta"},
      "p/viral.fasta", of_run);
  EXPECT_FALSE(exists("again")) << "refused before anything is written";
  ASSERT_TRUE(ends_with(run({"predict", "p/viral.fasta", "-o", "s1", "--shard", "1/2"}), 0));
  ASSERT_TRUE(ends_with(run({"predict", "p/viral.fasta", "-o", "s2", "--shard", "2/2"}), 0));
  expect_refused({"merge", "s1", "s2", "-o", "p", "--force"}, "p/viral.fasta",
                 "an input of the shard 'p/viral.fasta'");
  write("reads.sam", "@SQ\tSN:r0\tLN:600\n");
  expect_refused({"label-reads", "reads.sam", "out", "-o", "p/viral.fasta"}, "p/viral.fasta",
                 "an input of the results 'p/viral.fasta'");
  // The name of an input that was somewhere else, or is another file by now, is free.
  fs::rename(path("p"), path("elsewhere"));
  EXPECT_TRUE(ends_with(run({"report", "out", "-o", "p", "-q"}), 0));
  EXPECT_TRUE(ends_with(run({"report", "out", "-o", "p", "-q", "--force"}), 0));
}

TEST_F(RunInputs, AreNoResultsThatACommandWritesBesideItsOwn) {
  write("reads.sam", "@SQ\tSN:r0\tLN:600\n");
  for (const char* name : {"run.db", "contigs.tsv", "viral.fasta"}) {
    const std::string file = std::string("out/") + name;
    expect_refused({"label-reads", "reads.sam", "out", "-o", file}, file,
                   "the results '" + file + "'");
  }
  for (const std::string name : {"contigs.tsv", "run.db"}) {
    const ProgramResult result = run(
        {"predict", "p/viral.fasta", "-o", "new", "--write", "viral", "--write-to", "new/" + name});
    EXPECT_TRUE(ends_with(result, 2)) << result.call;
    EXPECT_THAT(result.err, HasSubstr("error: new/" + name +
                                      ": writing it would destroy the "
                                      "results"));
    EXPECT_FALSE(exists("new"));
  }
  write("b.fa", kInput);
  const ProgramResult twice = run({"predict", "p/viral.fasta", "b.fa", "-o", "new", "--write",
                                   "viral", "--write-to", "same.fa,./same.fa"});
  EXPECT_TRUE(ends_with(twice, 2));
  EXPECT_THAT(twice.err, HasSubstr("error: ./same.fa: writing it would destroy another file of "
                                   "--write-to 'same.fa', which is the same file. Name another "
                                   "place with --write-to."));
}

class BenchFile : public CliTest {};

TEST_F(BenchFile, IsReplacedOnlyWithForce) {
  write("bench.json", "mine");
  const std::vector<std::string> call = {"bench", "--seconds", "0.001",
                                         "-q",    "--json",    "bench.json"};
  const ProgramResult refused = run(call);
  EXPECT_TRUE(ends_with(refused, 2));
  EXPECT_EQ(refused.err,
            "virnucpro: error: bench.json: exists already. Name another file with --json, or pass "
            "--force to replace it.\n");
  EXPECT_EQ(read("bench.json"), "mine");
  std::vector<std::string> forced = call;
  forced.emplace_back("--force");
  EXPECT_TRUE(ends_with(run(forced), 0));
  EXPECT_THAT(read("bench.json"), HasSubstr("{"));
}

}  // namespace
}  // namespace virnucpro::test
