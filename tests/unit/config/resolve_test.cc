// Which source wins, and the message of each mistake.
#include "config/resolve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/errors.h"
#include "unit/config/environment_of.h"

namespace virnucpro {
namespace {

using Variables = std::map<std::string, std::string>;

/// Some settings, as commands take them from what was given.
struct Settings {
  explicit Settings(const GivenOptions& given) {
    given.store(given.takes("output") ? "output" : "output-dir", output);
    given.store("bundle", bundle);
    given.store("dnabert", dnabert);
    given.store("esm2", esm2);
    if (given.takes("classifier")) given.store("classifier", classifier);
    given.store("expected-length", expected_length);
    given.store("device", device);
    given.store("gpus", gpus);
    given.store("threads", threads);
    given.store("batch-tokens", batch_tokens);
    if (!given.takes("fdr")) return;
    given.store("prevalence", prevalence);
    given.store("fdr", fdr);
    given.store("conservative", conservative);
    given.store("relaxed", relaxed);
    given.store("shard", shard);
  }

  std::string output, bundle, dnabert, esm2, classifier, device, gpus, shard;
  std::optional<int> expected_length;
  std::size_t threads = 0;
  std::size_t batch_tokens = 0;
  std::optional<double> prevalence, fdr;
  bool conservative = false;
  bool relaxed = false;
};

GivenOptions given(Command command, const FlagValues& flags, const Variables& variables = {}) {
  return resolve_options(command, flags, environment_of(variables));
}

Settings predict(const FlagValues& flags, const Variables& variables = {}) {
  return Settings(given(Command::kPredict, flags, variables));
}

std::string error_of(Command command, const FlagValues& flags, const Variables& variables = {}) {
  try {
    given(command, flags, variables);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

std::string predict_error(const FlagValues& flags, const Variables& variables = {}) {
  return error_of(Command::kPredict, flags, variables);
}

// Relative, so that messages can be pinned; tests of one program may run side by side.
std::string yaml_file(const std::string& text) {
  const std::string path =
      std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) + ".yaml";
  std::ofstream(path) << text;
  return path;
}

TEST(ResolveSettings, LetsTheStrongerSourceWin) {
  const std::string path = yaml_file("threads: 2\ndevice: reference\nbatch_tokens: 100\n");
  const Settings settings = predict({{"config", path}, {"threads", "4"}},
                                    {{"VIRNUCPRO_THREADS", "3"}, {"VIRNUCPRO_DEVICE", "cpu"}});
  EXPECT_EQ(settings.threads, 4u);
  EXPECT_EQ(settings.device, "cpu");
  EXPECT_EQ(settings.batch_tokens, 100u);
}

TEST(ResolveSettings, TellsWhatCameFromFileAndEnvironment) {
  const std::string path = yaml_file("device: reference\n");
  const auto result =
      resolve_options(Command::kPredict, {{"config", path}, {"bundle", "x"}},
                      environment_of({{"VIRNUCPRO_THREADS", "3"}, {"VIRNUCPRO_BUNDLE", "y"}}));
  EXPECT_THAT(result.origins, testing::ElementsAre("device = reference (from " + path + ", line 1)",
                                                   "threads = 3 (from VIRNUCPRO_THREADS)"));
}

TEST(ResolveSettings, TakesTheFileFromTheEnvironmentToo) {
  EXPECT_EQ(predict({}, {{"VIRNUCPRO_CONFIG", yaml_file("threads: 7\n")}}).threads, 7u);
}

TEST(ResolveSettings, TakesShardsThatExist) {
  EXPECT_EQ(predict({{"shard", "65536/65536"}}).shard, "65536/65536");
  for (const char* text :
       {"", "1", "/", "1/", "/2", "0/2", "3/2", "1/0", "-1/2", "1/2/3", "a/b", "1/65537", " 1/2"}) {
    EXPECT_THROW(predict({{"shard", text}}), ConfigError) << text;
  }
}

TEST(ResolveSettings, StartsOverOrGoesOnButNotBoth) {
  EXPECT_THROW(predict({{"force", "true"}, {"resume", "true"}}), ConfigError);
  EXPECT_THROW(predict({{"force", "true"}, {"repair", "true"}}), ConfigError);
}

TEST(ResolveSettings, TakesNumbersOfGpusAsDevices) {
  EXPECT_EQ(predict({{"gpus", "0,1"}}).gpus, "0,1");
  const Settings settings = predict({{"gpus", "2"}}, {{"VIRNUCPRO_DEVICE", "cpu"}});
  EXPECT_EQ(settings.gpus, "2");
  EXPECT_EQ(settings.device, "") << "which an earlier source has chosen";
  for (const char* text : {"", "cuda:0", "0-3", "0, 1", "all"}) {
    EXPECT_THROW(predict({{"gpus", text}}), ConfigError) << text;
  }
  EXPECT_THROW(predict({{"gpus", "0"}, {"device", "cpu"}}), ConfigError);
}

TEST(ResolveSettings, TakesAnEmptyVariableAsUnset) {
  EXPECT_EQ(predict({}, {{"VIRNUCPRO_THREADS", ""}}).threads, 0u);
}

TEST(ResolveSettings, TakesOneRuleForCalls) {
  const Settings settings = predict({{"prevalence", "0.25"}, {"conservative", "true"}});
  EXPECT_EQ(settings.prevalence, 0.25);
  EXPECT_TRUE(settings.conservative);
  EXPECT_EQ(predict_error({{"fdr", "0.05"}, {"relaxed", "true"}}),
            "--fdr, --conservative and --relaxed exclude each other; give one of the three");
  EXPECT_EQ(predict_error({{"fdr", "5%"}}),
            "--fdr: '5%' cannot be used; it takes a number above 0 and below 1");
}

TEST(ResolveSettings, RefusesTextsThatAreNoNumbersFromEverySource) {
  const std::vector<std::string> bad = {" 1",   "1 ",    "+1",  "-1",
                                        "0x10", "1e3",   "nan", "inf",
                                        "1_00", "1e999", "１",  "99999999999999999999"};
  const std::set<std::string> numbers = {"N", "P", "Q", "S", "T", "300|500", "I/N"};
  int looked_at = 0;
  for (const Option& option : options()) {
    if (!numbers.contains(std::string(option.value_name))) continue;
    SCOPED_TRACE(option.name);
    const Command command =
        *std::ranges::find_if(commands(), [&](Command each) { return option.belongs_to(each); });
    const std::string takes = " cannot be used; it takes " + option.values();
    for (const std::string& text : bad) {
      if (option.accepts(text)) continue;  // "1e3" of a number that may be so large
      const std::string refused = ": '" + text + "'" + takes;
      EXPECT_EQ(error_of(command, {{std::string(option.name), text}}),
                "--" + std::string(option.name) + refused);
      if (!option.variable().empty()) {
        EXPECT_EQ(error_of(command, {}, {{option.variable(), text}}), option.variable() + refused);
      }
      // YAML itself removes the blanks around a plain text.
      if (option.yaml_key().empty() || text.front() == ' ' || text.back() == ' ') continue;
      const std::string path = yaml_file(option.yaml_key() + ": " + text + "\n");
      EXPECT_EQ(error_of(command, {{"config", path}}),
                path + ": line 1: " + option.yaml_key() + refused);
    }
    ++looked_at;
  }
  EXPECT_GE(looked_at, 25);
}

TEST(ResolveSettings, ReadsLeadingZerosAsDecimal) {
  EXPECT_EQ(predict({{"threads", "010"}}).threads, 10u);
  EXPECT_EQ(predict({}, {{"VIRNUCPRO_THREADS", "010"}}).threads, 10u);
  EXPECT_EQ(predict({{"config", yaml_file("threads: 010\n")}}).threads, 10u) << "8 by YAML 1.1";
  EXPECT_EQ(predict({{"expected-length", "0300"}}).expected_length, 300);
}

TEST(ResolveSettings, LetsALaterSourceReplaceTheCallRuleOfAnEarlierOne) {
  const std::string path = yaml_file("fdr: 0.05\nprevalence: 0.1\n");
  Settings settings = predict({{"config", path}, {"conservative", "true"}});
  EXPECT_EQ(settings.fdr, std::nullopt);
  EXPECT_TRUE(settings.conservative);
  EXPECT_EQ(settings.prevalence, 0.1) << "which is no rule";
  settings = predict({{"config", path}}, {{"VIRNUCPRO_RELAXED", "1"}});
  EXPECT_EQ(settings.fdr, std::nullopt);
  EXPECT_TRUE(settings.relaxed);
  settings = predict({{"config", path}, {"fdr", "0.2"}}, {{"VIRNUCPRO_RELAXED", "1"}});
  EXPECT_EQ(settings.fdr, 0.2);
  EXPECT_FALSE(settings.relaxed);
  // A switch that is off chooses no rule, and cancels itself.
  settings = predict({{"config", path}, {"conservative", "false"}});
  EXPECT_EQ(settings.fdr, 0.05);
  settings = predict({{"conservative", "false"}}, {{"VIRNUCPRO_CONSERVATIVE", "1"}});
  EXPECT_FALSE(settings.conservative || settings.relaxed || settings.fdr);
}

TEST(ResolveSettings, RefusesTwoRulesOfOneSourceAndNamesBothPlaces) {
  EXPECT_EQ(predict_error({}, {{"VIRNUCPRO_FDR", "0.05"}, {"VIRNUCPRO_RELAXED", "1"}}),
            "VIRNUCPRO_FDR and VIRNUCPRO_RELAXED: --fdr, --conservative and --relaxed exclude each "
            "other; give one of the three");
  const std::string path = yaml_file("fdr: 0.05\nrelaxed: true\n");
  EXPECT_EQ(predict_error({{"config", path}, {"conservative", "true"}}),
            path + ": line 1: fdr and " + path +
                ": line 2: relaxed: --fdr, --conservative and --relaxed exclude each other; give "
                "one of the three")
      << "a later source mends no earlier one";
  EXPECT_EQ(predict({{"config", yaml_file("fdr: 0.05\nrelaxed: false\n")}}).fdr, 0.05);
}

TEST(ResolveSettings, TakesModelsAsOneChoice) {
  const std::string path = yaml_file("dnabert: d\nesm2: e\nclassifier: c\n");
  Settings settings = predict({{"config", path}, {"classifier", "other"}});
  EXPECT_EQ(settings.dnabert, "d");
  EXPECT_EQ(settings.classifier, "other");
  settings = predict({{"config", path}}, {{"VIRNUCPRO_BUNDLE", "x"}});
  EXPECT_EQ(settings.dnabert, "");
  EXPECT_EQ(settings.bundle, "x");
  EXPECT_EQ(predict_error({{"config", yaml_file("bundle: x\ndnabert: d\n")}}),
            "TakesModelsAsOneChoice.yaml: line 1: bundle and TakesModelsAsOneChoice.yaml: line 2: "
            "dnabert: --bundle and own parts (--dnabert, --esm2, --classifier) exclude each other; "
            "give one of the two");
}

TEST(ResolveSettings, EveryAlternativeIsAnOption) {
  for (const Alternatives& each : alternatives()) {
    for (const std::string_view names : each.choices) {
      if (names.empty()) continue;
      for (const std::string& name : split_list(names)) {
        EXPECT_TRUE(std::ranges::any_of(commands(), [&](Command command) {
          return find_option(command, name) != nullptr;
        })) << name;
      }
    }
  }
}

TEST(ResolveSettings, LetsAThresholdAndCallRulesReplaceEachOther) {
  const std::string path = yaml_file("threshold: 0.7\n");
  const GivenOptions by_file = given(Command::kReport, {{"config", path}});
  EXPECT_NE(by_file.find("threshold"), nullptr);
  const GivenOptions by_flag = given(Command::kReport, {{"config", path}, {"fdr", "0.1"}});
  EXPECT_EQ(by_flag.find("threshold"), nullptr);
  EXPECT_EQ(error_of(Command::kReport, {{"threshold", "0.7"}, {"relaxed", "true"}}),
            "--threshold calls by the score, --fdr, --conservative and --relaxed by p_calibrated; "
            "give one of them");
}

TEST(ResolveSettings, NamesTheOptionsThatAreMissing) {
  EXPECT_EQ(error_of(Command::kTrain, {{"output-dir", "b"}}), "--labels is required");
  EXPECT_EQ(error_of(Command::kTrain, {{"output-dir", "b"}}, {{"VIRNUCPRO_LABELS", "l.tsv"}}),
            "no error");
  EXPECT_EQ(error_of(Command::kMerge, {{"config", yaml_file("output_dir: whole\n")}}), "no error");
  EXPECT_EQ(error_of(Command::kMerge, {}), "--output-dir is required");
}

TEST(ResolveSettings, TakesAKeyOfSeveralCommandsByTheRulesOfTheOneThatRuns) {
  const std::string path = yaml_file("precision: fp16,bf16\n");
  EXPECT_EQ(error_of(Command::kBench, {{"config", path}}), "no error");
  EXPECT_EQ(error_of(Command::kMerge, {{"config", path}, {"output-dir", "whole"}}), "no error");
  EXPECT_EQ(predict_error({{"config", path}}),
            path +
                ": line 1: precision: 'fp16,bf16' cannot be used; it takes fp16, bf16, int8, fp8 "
                "or fp32");
  const std::string shares = yaml_file("validation_share: 0.95\n");
  const FlagValues needed = {{"config", shares}, {"labels", "l.tsv"}, {"output-dir", "out"}};
  EXPECT_EQ(error_of(Command::kDataset, needed), "no error");
  EXPECT_EQ(error_of(Command::kTrain, needed),
            shares +
                ": line 1: validation_share: '0.95' cannot be used; it takes a number from 0 "
                "to 0.9");
}

TEST(ResolveSettings, RefusesValuesThatSuitNoCommand) {
  const std::string path = yaml_file("epochs: many\n");
  EXPECT_EQ(predict_error({{"config", path}}),
            path +
                ": line 1: epochs: 'many' cannot be used; it takes a whole number from 1 to "
                "1048576");
}

TEST(ResolveSettings, EmbedNeedsAFile) {
  EXPECT_EQ(error_of(Command::kEmbed, {}), "embed needs the file to write: -o FEATURES.h5");
  EXPECT_EQ(Settings(given(Command::kEmbed, {{"output", "f.h5"}})).output, "f.h5");
}

TEST(ResolveSettings, PrecisionNeedsAClassifierAndNoFolder) {
  EXPECT_EQ(error_of(Command::kPrecision, {}), "no error");
  EXPECT_EQ(error_of(Command::kPrecision, {{"dnabert", "d"}, {"esm2", "e"}}),
            "own parts need --dnabert, --esm2 and --classifier together; missing: --classifier");
  EXPECT_EQ(error_of(Command::kPrecision, {{"limit", "-1"}}),
            "--limit: '-1' cannot be used; it takes a whole number from 0 (all) to 1099511627776");
}

TEST(ResolveSettings, NamesTheSourceOfAValueThatCannotBeUsed) {
  EXPECT_EQ(predict_error({{"threads", "many"}}),
            "--threads: 'many' cannot be used; it takes a whole number from 0 (all processors) to "
            "4096");
  EXPECT_EQ(predict_error({{"threads", "-1"}}),
            "--threads: '-1' cannot be used; it takes a whole number from 0 (all processors) to "
            "4096");
  EXPECT_EQ(predict_error({{"threads", "4097"}}),
            "--threads: '4097' cannot be used; it takes a whole number from 0 (all processors) to "
            "4096");
  EXPECT_EQ(predict_error({{"expected-length", "400"}}),
            "--expected-length: '400' cannot be used; it takes 300 or 500");
  EXPECT_EQ(predict_error({{"precision", "int4"}}),
            "--precision: 'int4' cannot be used; it takes fp16, bf16, int8, fp8 or fp32");
  EXPECT_EQ(predict_error({}, {{"VIRNUCPRO_QUIET", "perhaps"}}),
            "VIRNUCPRO_QUIET: 'perhaps' cannot be used; it takes true or false");
  const std::string path = yaml_file("device: cpu\nbatch_tokens: 12k\n");
  EXPECT_EQ(predict_error({{"config", path}}),
            path +
                ": line 2: batch_tokens: '12k' cannot be used; it takes a whole number from 0 "
                "(automatic) to 1073741824");
  EXPECT_EQ(predict_error({{"output-dir", "-"}}),
            "--output-dir: '-' cannot be used; it takes the path of a folder");
}

TEST(ResolveSettings, TakesAQuotedNumberInAFileAsText) {
  const std::string path = yaml_file("threads: \"4\"\n");
  EXPECT_EQ(predict_error({{"config", path}}),
            path +
                ": line 1: threads: \"4\" is a text; it takes a whole number from 0 (all "
                "processors) to 4096, without quotes");
}

TEST(ResolveSettings, SuggestsTheNearestKey) {
  const std::string path = yaml_file("device: cpu\nthread: 4\n");
  EXPECT_EQ(predict_error({{"config", path}}),
            path + ": line 2: unknown key 'thread'; did you mean 'threads'?");
}

TEST(ResolveSettings, ListsTheKeysWhenNoneIsNear) {
  const std::string path = yaml_file("colour: red\n");
  EXPECT_THAT(
      predict_error({{"config", path}}),
      testing::AllOf(testing::StartsWith(path + ": line 1: unknown key 'colour'; known"),
                     testing::HasSubstr("threads"), testing::Not(testing::HasSubstr(", ,"))));
}

TEST(ResolveSettings, ChecksKeysOfOtherCommandsWithoutUsingThem) {
  const std::string path = yaml_file("output: f.h5\n");
  EXPECT_EQ(predict({{"config", path}}).output, "");
}

TEST(ResolveSettings, RefusesABundleAndOwnPartsFromOneSource) {
  EXPECT_EQ(predict_error({{"bundle", "x"}, {"dnabert", "d"}, {"esm2", "e"}, {"classifier", "c"}}),
            "--bundle and own parts (--dnabert, --esm2, --classifier) exclude each other; give one "
            "of the two");
}

TEST(ResolveSettings, LetsOwnPartsWinOverABundleOfAWeakerSourceAndTheOtherWayRound) {
  const FlagValues parts = {{"dnabert", "d"}, {"esm2", "e"}, {"classifier", "c"}};
  EXPECT_EQ(predict(parts, {{"VIRNUCPRO_BUNDLE", "x"}}).dnabert, "d");
  EXPECT_EQ(predict(parts, {{"VIRNUCPRO_BUNDLE", "x"}}).bundle, "");
  const std::string path = yaml_file("dnabert: d\nesm2: e\nclassifier: c\n");
  const Settings settings = predict({{"config", path}, {"bundle", "x"}});
  EXPECT_EQ(settings.dnabert, "");
  EXPECT_EQ(settings.bundle, "x");
}

TEST(ResolveSettings, NamesTheMissingParts) {
  EXPECT_EQ(predict_error({{"esm2", "e"}}),
            "own parts need --dnabert, --esm2 and --classifier together; missing: --dnabert, "
            "--classifier");
  EXPECT_EQ(error_of(Command::kEmbed, {{"output", "f.h5"}, {"esm2", "e"}}),
            "own parts need --dnabert and --esm2 together; missing: --dnabert");
}

std::string error_of_inputs(const std::vector<std::string>& inputs) {
  try {
    require_inputs(inputs);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(RequireInputs, RefusesMissingEmptyAndRepeatedOnes) {
  EXPECT_EQ(error_of_inputs({}), "no input; name sequence files, or - for standard input");
  EXPECT_EQ(error_of_inputs({"a.fa", ""}), "an input path is empty");
  EXPECT_EQ(error_of_inputs({"-", "-"}), "standard input (-) can be read only once");
  EXPECT_EQ(error_of_inputs({"a.fa", "a.fa"}), "no error");
}

}  // namespace
}  // namespace virnucpro
