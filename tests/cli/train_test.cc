// `virnucpro train`: a classifier of labelled records, in a bundle that the program takes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>

#include "cli/models_in_tree.h"
#include "cli/stored_runs.h"

namespace virnucpro::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::vector<std::string> kBundleFiles = {"bundle.json",
                                               "classifier_300.safetensors",
                                               "classifier_500.safetensors",
                                               "dnabert_s.safetensors",
                                               "esm2.safetensors",
                                               "tokenizer.json",
                                               "training.json",
                                               "training.tsv"};

/// Sense codons, many of them rich in GC or few.
std::string tilted_frame(bool is_rich, std::size_t codons, std::mt19937& random) {
  static constexpr const char* kRich[] = {"GCC", "CGC", "GGC", "CTG", "GTC", "CCG", "ATC"};
  static constexpr const char* kPoor[] = {"AAA", "TTA", "ATT", "AAT", "GAA", "TAT", "ATC"};
  std::string bases;
  for (std::size_t i = 0; i < codons; ++i) {
    const bool is_turned = random() % 4 == 0;
    const std::size_t pick = random() % 7;
    bases += is_rich != is_turned ? kRich[pick] : kPoor[pick];
  }
  return bases;
}

class Train : public StoredRunTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    std::mt19937 random(8);
    std::vector<TestRecord> records;
    std::string labels = "id\tlabel\tgroup\tsource\n";
    for (std::size_t i = 0; i < 24; ++i) {
      const bool is_virus = i % 2 == 0;
      records.push_back({"r" + std::to_string(i), tilted_frame(is_virus, 300, random)});
      labels += records.back().id + (is_virus ? "\tvirus\tv" : "\tother\to") +
                std::to_string(i / 4 % 2) + "\tg" + std::to_string(i / 4) +
                (is_virus ? "v\n" : "o\n");
    }
    write("a.fa", fasta(records));
    write("labels.tsv", labels);
  }

  ProgramResult train(const std::string& input, const std::string& output,
                      std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"train", input,  "--labels", "labels.tsv",
                                          "-o",    output, "--epochs", "8"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }

  void make_features(const std::string& name, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"embed", "a.fa", "-q", "-o", name};
    arguments.insert(arguments.end(), more.begin(), more.end());
    ASSERT_TRUE(ends_with(run(arguments), 0));
  }

  void expect_equal_bundles(const std::string& one, const std::string& other) const {
    for (const std::string& name : kBundleFiles) {
      EXPECT_EQ(read(one + "/" + name), read(other + "/" + name)) << name;
    }
  }
};

TEST_F(Train, MakesABundleThatIsWholePredictsAndIsGoodHere) {
  const ProgramResult result = train("a.fa", "made");
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_EQ(names_in("made"), kBundleFiles);
  EXPECT_EQ(result.out, read("made/training.tsv"));
  EXPECT_THAT(run({"models", "verify", "made"}).out, HasSubstr("all parts are whole"));
  const json card = json::parse(read("made/bundle.json"));
  EXPECT_EQ(card["name"], "mini-trained");
  EXPECT_EQ(card["license"], "MIT");
  EXPECT_EQ(card["classifiers"].size(), 2u);
  EXPECT_EQ(card["metrics"]["classifier_500"]["auroc"], 1.0);
  EXPECT_TRUE(card["metrics"]["base"].contains("dev_500"));
  const json report = json::parse(read("made/training.json"));
  EXPECT_EQ(report["settings"]["hidden"], 256) << "as the base's classifier";
  EXPECT_EQ(report["labels"]["sha256"], card["training_data"]["classifier_500"]["labels_sha256"]);
  EXPECT_EQ(report["validation"]["sources"], 4) << "one of each of four groups";
  EXPECT_EQ(report["training"]["sources"], 8);
  EXPECT_EQ(report["epochs"].size(), 8u);

  ASSERT_TRUE(ends_with(run({"predict", "a.fa", "-q", "--bundle", "made", "-o", "out"}), 0));
  EXPECT_EQ(json::parse(read("out/run.json"))["model"]["bundle"], "mini-trained");
  ASSERT_TRUE(
      ends_with(run({"evaluate", "out", "-q", "--labels", "labels.tsv", "-o", "judged"}), 0));
  const json judged = json::parse(read("judged/evaluation.json"));
  EXPECT_GT(judged["fragments"]["all"]["metrics"]["auroc"]["value"].get<double>(), 0.99);
}

TEST_F(Train, TakesTheFramesThatCountAlone) {
  std::string some = "id\tframe\n";
  for (std::size_t i = 0; i < 24; ++i) some += "r" + std::to_string(i) + "\tF1\n";
  write("some.tsv", some);
  make_features("f.h5");
  ASSERT_TRUE(ends_with(run({"predict", "a.fa", "-q", "--keep-embeddings", "-o", "kept"}), 0));
  ASSERT_TRUE(ends_with(train("f.h5", "all"), 0));
  ASSERT_TRUE(ends_with(train("f.h5", "first", {"--frames", "some.tsv"}), 0));
  ASSERT_TRUE(ends_with(train("a.fa", "sequences", {"--frames", "some.tsv"}), 0));
  ASSERT_TRUE(ends_with(train("kept", "run", {"--frames", "some.tsv"}), 0));
  const auto frames = [&](const std::string& bundle) {
    const json report = json::parse(read(bundle + "/training.json"));
    return report["training"]["frames"].get<int>() + report["validation"]["frames"].get<int>();
  };
  const std::string scored = read("kept/predictions.tsv");
  int first_frames = 0;
  for (std::size_t at = 0; (at = scored.find("\tF1\t", at)) != std::string::npos; ++at) {
    ++first_frames;
  }
  EXPECT_GE(first_frames, 24);
  EXPECT_EQ(frames("first"), first_frames) << "of both chunks of a record";
  EXPECT_GT(frames("all"), frames("first"));
  EXPECT_EQ(read("first/classifier_500.safetensors"), read("sequences/classifier_500.safetensors"));
  EXPECT_EQ(read("first/classifier_500.safetensors"), read("run/classifier_500.safetensors"));
  EXPECT_TRUE(json::parse(read("first/training.json"))["frames"].contains("sha256"));

  write("none.tsv", "id\tframe\nx\tF1\n");
  EXPECT_EQ(train("f.h5", "none", {"--frames", "none.tsv"}).exit_code, 2);
}

TEST_F(Train, GivesTheSameFromSequencesEmbeddingsAndARunAndForAnyThreads) {
  ASSERT_TRUE(ends_with(train("a.fa", "made", {"-t", "2"}), 0));
  ASSERT_TRUE(ends_with(train("a.fa", "again", {"-t", "1", "-q"}), 0));
  expect_equal_bundles("made", "again");
  make_features("features.anything");
  ASSERT_TRUE(ends_with(train("features.anything", "of_features"), 0));
  ASSERT_TRUE(ends_with(run({"predict", "a.fa", "-q", "--keep-embeddings", "-o", "kept"}), 0));
  ASSERT_TRUE(ends_with(train("kept", "of_run"), 0));
  for (const char* name : {"bundle.json", "classifier_500.safetensors", "training.tsv"}) {
    const std::string expected = read(std::string("made/") + name);
    EXPECT_EQ(read(std::string("of_features/") + name), expected) << name;
    EXPECT_EQ(read(std::string("of_run/") + name), expected) << name;
  }
}

TEST_F(Train, OfDamagedEmbeddingsIsTheSameOrRefused) {
  make_features("f.h5");
  ASSERT_TRUE(ends_with(train("f.h5", "whole", {"-q"}), 0));
  const std::string expected = read("whole/classifier_500.safetensors");
  const std::string whole = read("f.h5");
  std::mt19937 random(5);
  std::size_t refused = 0;
  const auto try_with = [&](const std::string& bytes) {
    write("f.h5", bytes);
    const ProgramResult result = train("f.h5", "made", {"-q", "--force"});
    if (result.exit_code == 0) {
      EXPECT_TRUE(read("made/classifier_500.safetensors") == expected);
      return;
    }
    ++refused;
    EXPECT_TRUE(ends_with(result, 2));
    EXPECT_THAT(result.err, HasSubstr("f.h5: "));
    EXPECT_THAT(result.err, HasSubstr("Make it again with 'virnucpro embed'.\n"));
  };
  for (int i = 0; i < 20; ++i) {
    std::string bytes = whole;
    for (std::size_t flips = std::size_t{1} << i % 7; flips > 0; --flips) {
      bytes[random() % bytes.size()] ^= static_cast<char>(1u << random() % 8);
    }
    try_with(bytes);
  }
  EXPECT_GE(refused, 5u);
  // Where HDF5 1.10 crashed on files of earlier versions, and what marks a file at either end.
  for (const auto& [at, bits] : {std::pair(std::size_t{1047}, 16), {2662, 1}, {0, 1}}) {
    std::string bytes = whole;
    bytes[at] ^= static_cast<char>(bits);
    try_with(bytes);
  }
  write("f.h5", "\x89HDF\r\n\x1a\nfrom another program");
  EXPECT_EQ(train("f.h5", "made", {"-q", "--force"}).err,
            "virnucpro: error: f.h5: does not end as a file of 'virnucpro embed' does: it was cut "
            "short or changed, or made by an earlier version or another program. Make it again "
            "with 'virnucpro embed'.\n");
}

TEST_F(Train, EveryOptionChangesSomething) {
  make_features("f.h5");
  ASSERT_TRUE(ends_with(train("f.h5", "plain"), 0));
  const std::string classifier = read("plain/classifier_500.safetensors");
  const std::vector<std::vector<std::string>> options = {{"--validation-share", "0.6"},
                                                         {"--optimizer", "sgd"},
                                                         {"--schedule", "step"},
                                                         {"--schedule", "constant"},
                                                         {"--learning-rate", "0.002"},
                                                         {"--weight-decay", "0.3"},
                                                         {"--batch", "8"},
                                                         {"--hidden", "20"},
                                                         {"--dropout", "0"},
                                                         {"--seed", "2"},
                                                         {"--epochs", "3"}};
  for (const std::vector<std::string>& option : options) {
    std::vector<std::string> more = option;
    more.insert(more.end(), {"--force", "-q"});
    if (option[0] == "--epochs") {
      ASSERT_TRUE(ends_with(run({"train", "f.h5", "--labels", "labels.tsv", "-o", "other",
                                 "--force", "--epochs", "3"}),
                            0));
    } else {
      ASSERT_TRUE(ends_with(train("f.h5", "other", more), 0));
    }
    EXPECT_NE(read("other/classifier_500.safetensors"), classifier) << option[0] << option[1];
  }
  ASSERT_TRUE(ends_with(train("f.h5", "named", {"--name", "phages"}), 0));
  EXPECT_EQ(json::parse(read("named/bundle.json"))["name"], "phages");
  const ProgramResult none = train("f.h5", "none", {"--validation-share", "0"});
  ASSERT_TRUE(ends_with(none, 0));
  EXPECT_THAT(none.out, HasSubstr("\tNA\tNA\tNA\tNA\tNA\tyes\n"));
  EXPECT_EQ(train("f.h5", "quiet", {"-q"}).err, "");
  EXPECT_THAT(train("f.h5", "logged", {"--json-log"}).err, HasSubstr("\"message\":\"epoch 1: "));
}

TEST_F(Train, BalancesWhatIsUneven) {
  std::string labels = read("labels.tsv");
  for (std::size_t at = 0; (at = labels.find("\tv1\t", at)) != std::string::npos; ++at) {
    if (at % 3 != 0) labels.replace(at, 4, "\tv0\t");
  }
  write("labels.tsv", labels);
  make_features("f.h5");
  std::vector<std::string> classifiers;
  for (const char* balance : {"groups", "classes", "none"}) {
    ASSERT_TRUE(ends_with(train("f.h5", balance, {"--balance", balance}), 0));
    classifiers.push_back(read(std::string(balance) + "/classifier_500.safetensors"));
  }
  EXPECT_NE(classifiers[0], classifiers[1]);
}

TEST_F(Train, StopsEarlyWhenNothingGetsBetter) {
  // Labels without information: sooner or later no epoch is better.
  std::string labels = "id\tlabel\tsource\n";
  for (std::size_t i = 0; i < 24; ++i) {
    labels += "r" + std::to_string(i) + (i % 3 == 0 ? "\tvirus\tg" : "\tother\tg") +
              std::to_string(i) + "\n";
  }
  write("labels.tsv", labels);
  make_features("f.h5");
  const ProgramResult result =
      run({"train", "f.h5", "--labels", "labels.tsv", "-o", "made", "--epochs", "200", "--patience",
           "4", "--learning-rate", "0.02"});
  ASSERT_TRUE(ends_with(result, 0));
  const json report = json::parse(read("made/training.json"));
  EXPECT_LT(report["epochs"].size(), 200u);
  EXPECT_EQ(report["epochs"].size(), report["best_epoch"].get<std::size_t>() + 4);
}

TEST_F(Train, KeepsTheOtherLengthsOfTheBase) {
  ASSERT_TRUE(ends_with(train("a.fa", "made", {"--expected-length", "300"}), 0));
  const std::string mini = kMini;
  std::filesystem::copy(mini, path("mini"));
  EXPECT_EQ(read("made/classifier_500.safetensors"), read("mini/classifier_500.safetensors"));
  EXPECT_NE(read("made/classifier_300.safetensors"), read("mini/classifier_300.safetensors"));
  // And goes on from what it made.
  make_features("f.h5", {"--bundle", "made"});
  ASSERT_TRUE(ends_with(train("f.h5", "both", {"--bundle", "made"}), 0));
  EXPECT_EQ(read("both/classifier_300.safetensors"), read("made/classifier_300.safetensors"));
  EXPECT_EQ(json::parse(read("both/bundle.json"))["name"], "mini-trained-trained");
}

TEST_F(Train, SaysWhatIsLeftOut) {
  std::string labels = read("labels.tsv");
  labels = labels.substr(0, labels.rfind('\n', labels.size() - 2) + 1) + "absent\tvirus\tx\ty\n" +
           "r23\tother\talone\tz\n";
  labels.replace(labels.find("r0\t"), 2, "s0");
  write("labels.tsv", labels);
  const ProgramResult result = train("a.fa", "made");
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_THAT(result.err, HasSubstr("1 record has no label and is left out, such as 'r0'"));
  EXPECT_THAT(result.err, HasSubstr("2 labels are of records that the inputs do not have"));
  EXPECT_THAT(result.err,
              HasSubstr("1 group is in training only, since they have one source: alone"));
}

TEST_F(Train, RefusesWhatItCannotTrainOn) {
  make_features("f.h5");
  const auto error = [&](const std::string& input, std::vector<std::string> more = {}) {
    const ProgramResult result = train(input, "made", more);
    EXPECT_TRUE(ends_with(result, 2));
    EXPECT_FALSE(exists("made"));
    return result.err;
  };
  EXPECT_THAT(error_of({"train", "f.h5", "-o", "made"}, 2), HasSubstr("--labels"));
  EXPECT_THAT(error_of({"train", "f.h5", "--labels", "labels.tsv"}, 2), HasSubstr("--output-dir"));
  EXPECT_THAT(error("none.fa"), HasSubstr("none.fa"));
  EXPECT_THAT(error("."), HasSubstr("there is no run.db in this folder"));
  EXPECT_THAT(error("f.h5", {"--dropout", "1"}), HasSubstr("--dropout"));
  EXPECT_THAT(error("f.h5", {"--balance", "all"}), HasSubstr("--balance"));
  EXPECT_THAT(error("f.h5", {"--expected-length", "300"}),
              HasSubstr("f.h5: its chunks have 500 bases, expected 300"));
  EXPECT_THAT(error("f.h5", {"--learning-rate", "1e8", "--optimizer", "sgd"}),
              HasSubstr("Use a smaller --learning-rate"));
  ASSERT_TRUE(ends_with(run({"predict", "a.fa", "-q", "-o", "bare"}), 0));
  EXPECT_THAT(error("bare"), HasSubstr("--keep-embeddings"));
  write("cut.h5", read("f.h5").substr(0, 3000));
  EXPECT_THAT(error("cut.h5"), HasSubstr("cut.h5: "));
  const std::string parts = VIRNUCPRO_TEST_DATA "/parity/pipeline/";
  make_features("own.h5", {"--dnabert", parts + "dnabert_s", "--esm2", parts + "esm2.pt"});
  EXPECT_THAT(error("own.h5"), HasSubstr("but the encoders of the bundle 'mini' give 128 and 128"));

  const std::string labels = read("labels.tsv");
  write("labels.tsv", "id\tlabel\nr0\tvirus\nr2\tvirus\n");
  EXPECT_THAT(error("f.h5"), HasSubstr("training needs some of both kinds"));
  write("labels.tsv", "id\tlabel\tsource\nr0\tvirus\ta\nr2\tvirus\tb\nr1\tother\tc\n");
  EXPECT_THAT(error("f.h5"), HasSubstr("or --validation-share 0"));
  write("labels.tsv", "id\tlabel\nsomebody\tvirus\n");
  EXPECT_THAT(error("f.h5"),
              HasSubstr("no frame of the inputs has a label, such as those of 'r0'"));
  write("labels.tsv", labels);

  ASSERT_TRUE(ends_with(train("f.h5", "made"), 0));
  const ProgramResult again = train("f.h5", "made");
  EXPECT_TRUE(ends_with(again, 2));
  EXPECT_THAT(again.err, HasSubstr("made: exists already"));
  EXPECT_TRUE(ends_with(train("f.h5", "made", {"--force"}), 0));
}

}  // namespace
}  // namespace virnucpro::test
