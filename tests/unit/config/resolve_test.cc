// Which source wins, what each option changes, and the message of each mistake.
#include "config/resolve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base/errors.h"
#include "unit/config/environment_of.h"

namespace virnucpro {
namespace {

using Variables = std::map<std::string, std::string>;

RunSettings resolved(Command command, const FlagValues& flags, const Variables& variables = {},
                     std::vector<std::string> inputs = {"a.fa"}) {
  return resolve_settings(command, std::move(inputs), flags, environment_of(variables)).settings;
}

RunSettings predict(const FlagValues& flags, const Variables& variables = {}) {
  return resolved(Command::kPredict, flags, variables);
}

std::string error_of(Command command, const FlagValues& flags, const Variables& variables = {},
                     std::vector<std::string> inputs = {"a.fa"}) {
  try {
    resolved(command, flags, variables, std::move(inputs));
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

TEST(ResolveSettings, HasTheDocumentedDefaults) {
  const RunSettings settings = predict({});
  EXPECT_EQ(settings.inputs, std::vector<std::string>{"a.fa"});
  EXPECT_EQ(settings.output, "virnucpro_out");
  EXPECT_EQ(settings.bundle, "mini");
  EXPECT_FALSE(settings.has_own_parts());
  EXPECT_EQ(settings.expected_length, std::nullopt);
  EXPECT_EQ(settings.precision, std::nullopt);
  EXPECT_EQ(settings.device, "auto");
  EXPECT_EQ(settings.threads, 0u);
  EXPECT_EQ(settings.batch_tokens, 0u);
  EXPECT_FALSE(settings.force || settings.no_packing || settings.quiet || settings.no_progress ||
               settings.json_log);
}

TEST(ResolveSettings, LetsTheStrongerSourceWin) {
  const std::string path = yaml_file("threads: 2\ndevice: reference\nbatch_tokens: 100\n");
  const RunSettings settings = predict({{"config", path}, {"threads", "4"}},
                                       {{"VIRNUCPRO_THREADS", "3"}, {"VIRNUCPRO_DEVICE", "cpu"}});
  EXPECT_EQ(settings.threads, 4u);
  EXPECT_EQ(settings.device, "cpu");
  EXPECT_EQ(settings.batch_tokens, 100u);
}

TEST(ResolveSettings, TellsWhatCameFromFileAndEnvironment) {
  const std::string path = yaml_file("device: reference\n");
  const auto result =
      resolve_settings(Command::kPredict, {"a.fa"}, {{"config", path}, {"bundle", "x"}},
                       environment_of({{"VIRNUCPRO_THREADS", "3"}, {"VIRNUCPRO_BUNDLE", "y"}}));
  EXPECT_THAT(result.origins, testing::ElementsAre("device = reference (from " + path + ", line 1)",
                                                   "threads = 3 (from VIRNUCPRO_THREADS)"));
}

TEST(ResolveSettings, TakesTheFileFromTheEnvironmentToo) {
  EXPECT_EQ(predict({}, {{"VIRNUCPRO_CONFIG", yaml_file("threads: 7\n")}}).threads, 7u);
}

TEST(ResolveSettings, TakesShardsThatExist) {
  const RunSettings settings = predict({{"shard", "65536/65536"}});
  EXPECT_EQ(settings.shard, 65536u);
  EXPECT_EQ(settings.shards, 65536u);
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
  EXPECT_EQ(predict({{"gpus", "0,1"}}).device, "cuda:0,1");
  EXPECT_EQ(predict({{"gpus", "2"}}, {{"VIRNUCPRO_DEVICE", "cpu"}}).device, "cuda:2");
  for (const char* text : {"", "cuda:0", "0-3", "0, 1", "all"}) {
    EXPECT_THROW(predict({{"gpus", text}}), ConfigError) << text;
  }
  EXPECT_THROW(predict({{"gpus", "0"}, {"device", "cpu"}}), ConfigError);
}

TEST(ResolveSettings, TakesAnEmptyVariableAsUnset) {
  EXPECT_EQ(predict({}, {{"VIRNUCPRO_THREADS", ""}}).threads, 0u);
}

// One value per option that differs from its default.
const std::map<std::string, std::string> kOtherValues = {
    {"prevalence", "estimate"},
    {"fdr", "0.05"},
    {"conservative", "true"},
    {"relaxed", "yes"},
    {"output-dir", "elsewhere"},
    {"output", "f.h5"},
    {"force", "true"},
    {"bundle", "other"},
    {"expected-length", "300"},
    {"precision", "fp32"},
    {"no-packing", "true"},
    {"device", "cpu"},
    {"gpus", "0,1"},
    {"threads", "3"},
    {"batch-tokens", "99"},
    {"quiet", "true"},
    {"no-progress", "true"},
    {"json-log", "true"},
    {"dnabert", "d"},
    {"esm2", "e"},
    {"classifier", "c"},
    {"report-dir", "there"},
    {"limit", "0"},
    {"resume", "true"},
    {"repair", "true"},
    {"shard", "2/3"},
    {"keep-embeddings", "true"},
};

std::string fingerprint(const RunSettings& s) {
  std::string text = s.output + "|" + s.bundle + "|" + s.dnabert + "|" + s.esm2 + "|" +
                     s.classifier + "|" + s.precision.value_or("-") + "|" + s.device;
  for (const std::size_t value :
       {static_cast<std::size_t>(s.force), static_cast<std::size_t>(s.no_packing), s.threads,
        s.batch_tokens, static_cast<std::size_t>(s.quiet), static_cast<std::size_t>(s.no_progress),
        static_cast<std::size_t>(s.json_log), s.frame_limit, static_cast<std::size_t>(s.resume),
        static_cast<std::size_t>(s.repair), static_cast<std::size_t>(s.shard),
        static_cast<std::size_t>(s.shards), static_cast<std::size_t>(s.keep_embeddings),
        static_cast<std::size_t>(s.expected_length.value_or(0))}) {
    text += "|" + std::to_string(value);
  }
  text += "|" + text_of(s.calls);
  return text;
}

TEST(ResolveSettings, EveryOptionChangesSomethingFromEverySource) {
  for (const Option& option : options()) {
    if (option.assign == nullptr) continue;
    const std::string name(option.name);
    SCOPED_TRACE(name);
    ASSERT_TRUE(kOtherValues.contains(name)) << "give it a value in this test";
    const std::string& value = kOtherValues.at(name);
    const Command command = option.belongs_to(Command::kPredict) ? Command::kPredict
                            : option.belongs_to(Command::kEmbed) ? Command::kEmbed
                                                                 : Command::kPrecision;
    FlagValues base;
    if (command == Command::kEmbed) base["output"] = "plain.h5";
    std::string parts_yaml;
    if (name == "dnabert" || name == "esm2" || name == "classifier") {
      for (const char* part : {"dnabert", "esm2", "classifier"}) {
        if (name == part) continue;
        base[part] = "part";
        parts_yaml += std::string(part) + ": part\n";
      }
    }
    FlagValues flags = base;
    if (name == "dnabert" || name == "esm2" || name == "classifier") base[name] = "part";
    const std::string before = fingerprint(resolved(command, base));
    flags[name] = value;
    EXPECT_NE(fingerprint(resolved(command, flags)), before);
    flags.erase(name);
    if (!option.yaml_key.empty()) {
      FlagValues with_file = flags;
      with_file["config"] = yaml_file(std::string(option.yaml_key) + ": " + value + "\n");
      EXPECT_NE(fingerprint(resolved(command, with_file)), before);
    }
    if (!option.variable.empty()) {
      EXPECT_NE(fingerprint(resolved(command, flags, {{std::string(option.variable), value}})),
                before);
    }
  }
}

TEST(ResolveSettings, TakesOneRuleForCalls) {
  const RunSettings settings = predict({{"prevalence", "0.25"}, {"conservative", "true"}});
  EXPECT_EQ(settings.calls.prevalence, 0.25);
  EXPECT_TRUE(settings.calls.conservative);
  EXPECT_EQ(predict_error({{"fdr", "0.05"}, {"relaxed", "true"}}),
            "--fdr, --conservative and --relaxed exclude each other; give one of the three");
  EXPECT_EQ(predict_error({{"fdr", "5%"}}),
            "--fdr: '5%' cannot be used; it takes a number above 0 and below 1");
}

TEST(ResolveSettings, RefusesTextsThatAreNoNumbersFromEverySource) {
  const std::vector<std::string> bad = {" 1",   "1 ",    "+1",  "-1",
                                        "0x10", "1e3",   "nan", "inf",
                                        "1_00", "1e999", "１",  "99999999999999999999"};
  const std::set<std::string> numbers = {"N", "P", "Q", "300|500", "I/N"};
  int looked_at = 0;
  for (const Option& option : options()) {
    if (!numbers.contains(std::string(option.value_name))) continue;
    SCOPED_TRACE(option.name);
    const Command command =
        option.belongs_to(Command::kPredict) ? Command::kPredict : Command::kPrecision;
    const std::string takes = " cannot be used; it takes " + std::string(option.values);
    for (const std::string& text : bad) {
      const std::string refused = ": '" + text + "'" + takes;
      EXPECT_EQ(error_of(command, {{std::string(option.name), text}}),
                "--" + std::string(option.name) + refused);
      if (!option.variable.empty()) {
        EXPECT_EQ(error_of(command, {}, {{std::string(option.variable), text}}),
                  std::string(option.variable) + refused);
      }
      // YAML itself removes the blanks around a plain text.
      if (option.yaml_key.empty() || text.front() == ' ' || text.back() == ' ') continue;
      const std::string path = yaml_file(std::string(option.yaml_key) + ": " + text + "\n");
      EXPECT_EQ(error_of(command, {{"config", path}}),
                path + ": line 1: " + std::string(option.yaml_key) + refused);
    }
    ++looked_at;
  }
  EXPECT_GE(looked_at, 7);
}

TEST(ResolveSettings, ReadsLeadingZerosAsDecimal) {
  EXPECT_EQ(predict({{"threads", "010"}}).threads, 10u);
  EXPECT_EQ(predict({}, {{"VIRNUCPRO_THREADS", "010"}}).threads, 10u);
  EXPECT_EQ(predict({{"config", yaml_file("threads: 010\n")}}).threads, 10u) << "8 by YAML 1.1";
  EXPECT_EQ(predict({{"gpus", "01,2"}}).device, "cuda:1,2");
  EXPECT_EQ(predict({{"shard", "02/03"}}).shard, 2u);
  EXPECT_EQ(predict({{"expected-length", "0300"}}).expected_length, 300);
}

TEST(ResolveSettings, LetsALaterSourceReplaceTheCallRuleOfAnEarlierOne) {
  const std::string path = yaml_file("fdr: 0.05\nprevalence: 0.1\n");
  RunSettings settings = predict({{"config", path}, {"conservative", "true"}});
  EXPECT_EQ(settings.calls.fdr, std::nullopt);
  EXPECT_TRUE(settings.calls.conservative);
  EXPECT_EQ(settings.calls.prevalence, 0.1) << "which is no rule";
  settings = predict({{"config", path}}, {{"VIRNUCPRO_RELAXED", "1"}});
  EXPECT_EQ(settings.calls.fdr, std::nullopt);
  EXPECT_TRUE(settings.calls.relaxed);
  settings = predict({{"config", path}, {"fdr", "0.2"}}, {{"VIRNUCPRO_RELAXED", "1"}});
  EXPECT_EQ(settings.calls.fdr, 0.2);
  EXPECT_FALSE(settings.calls.relaxed);
  // A switch that is off chooses no rule, and cancels itself.
  settings = predict({{"config", path}, {"conservative", "false"}});
  EXPECT_EQ(settings.calls.fdr, 0.05);
  settings = predict({{"conservative", "false"}}, {{"VIRNUCPRO_CONSERVATIVE", "1"}});
  EXPECT_FALSE(settings.calls.calls());
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
  EXPECT_EQ(predict({{"config", yaml_file("fdr: 0.05\nrelaxed: false\n")}}).calls.fdr, 0.05);
}

TEST(ResolveSettings, TakesModelsAsOneChoice) {
  const std::string path = yaml_file("dnabert: d\nesm2: e\nclassifier: c\n");
  RunSettings settings = predict({{"config", path}, {"classifier", "other"}});
  EXPECT_EQ(settings.dnabert, "d");
  EXPECT_EQ(settings.classifier, "other");
  settings = predict({{"config", path}}, {{"VIRNUCPRO_BUNDLE", "x"}});
  EXPECT_FALSE(settings.has_own_parts());
  EXPECT_EQ(settings.bundle, "x");
  EXPECT_EQ(predict_error({{"config", yaml_file("bundle: x\ndnabert: d\n")}}),
            "TakesModelsAsOneChoice.yaml: line 1: bundle and TakesModelsAsOneChoice.yaml: line 2: "
            "dnabert: --bundle and own parts (--dnabert, --esm2, --classifier) exclude each other; "
            "give one of the two");
}

TEST(ResolveSettings, EveryAlternativeIsAnOption) {
  for (const Alternatives& each : alternatives()) {
    for (const std::string_view names : each.choices) {
      std::stringstream stream{std::string(names)};
      for (std::string name; std::getline(stream, name, ',');) {
        EXPECT_NE(find_option(name), nullptr) << name;
      }
    }
  }
}

TEST(ResolveSettings, EmbedNeedsAFile) {
  EXPECT_EQ(error_of(Command::kEmbed, {}), "embed needs the file to write: -o FEATURES.h5");
  EXPECT_EQ(resolved(Command::kEmbed, {{"output", "f.h5"}}).output, "f.h5");
}

TEST(ResolveSettings, PrecisionNeedsAClassifierAndNoFolder) {
  EXPECT_EQ(resolved(Command::kPrecision, {}).output, "");
  EXPECT_EQ(resolved(Command::kPrecision, {}).frame_limit, 1000u);
  EXPECT_EQ(error_of(Command::kPrecision, {{"dnabert", "d"}, {"esm2", "e"}}),
            "own parts need --dnabert, --esm2 and --classifier together; missing: --classifier");
  EXPECT_EQ(error_of(Command::kPrecision, {{"limit", "-1"}}),
            "--limit: '-1' cannot be used; it takes a whole number from 0 (all) to 1099511627776");
}

TEST(ResolveSettings, QuietImpliesNoProgress) {
  EXPECT_TRUE(predict({{"quiet", "true"}}).no_progress);
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
            "--precision: 'int4' cannot be used; it takes fp16, bf16, int8 or fp32");
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
  EXPECT_EQ(predict({{"config", path}}).output, "virnucpro_out");
}

TEST(ResolveSettings, RefusesABundleAndOwnPartsFromOneSource) {
  EXPECT_EQ(predict_error({{"bundle", "x"}, {"dnabert", "d"}, {"esm2", "e"}, {"classifier", "c"}}),
            "--bundle and own parts (--dnabert, --esm2, --classifier) exclude each other; give one "
            "of the two");
}

TEST(ResolveSettings, LetsOwnPartsWinOverABundleOfAWeakerSourceAndTheOtherWayRound) {
  const FlagValues parts = {{"dnabert", "d"}, {"esm2", "e"}, {"classifier", "c"}};
  EXPECT_TRUE(predict(parts, {{"VIRNUCPRO_BUNDLE", "x"}}).has_own_parts());
  const std::string path = yaml_file("dnabert: d\nesm2: e\nclassifier: c\n");
  const RunSettings settings = predict({{"config", path}, {"bundle", "x"}});
  EXPECT_FALSE(settings.has_own_parts());
  EXPECT_EQ(settings.bundle, "x");
}

TEST(ResolveSettings, NamesTheMissingParts) {
  EXPECT_EQ(predict_error({{"esm2", "e"}}),
            "own parts need --dnabert, --esm2 and --classifier together; missing: --dnabert, "
            "--classifier");
  EXPECT_EQ(error_of(Command::kEmbed, {{"output", "f.h5"}, {"esm2", "e"}}),
            "own parts need --dnabert and --esm2 together; missing: --dnabert");
}

TEST(ResolveSettings, RefusesMissingEmptyAndRepeatedInputs) {
  EXPECT_EQ(error_of(Command::kPredict, {}, {}, {}),
            "no input; name sequence files, or - for standard input");
  EXPECT_EQ(error_of(Command::kPredict, {}, {}, {"a.fa", ""}), "an input path is empty");
  EXPECT_EQ(error_of(Command::kPredict, {}, {}, {"-", "-"}),
            "standard input (-) can be read only once");
  EXPECT_EQ(error_of(Command::kPredict, {}, {}, {"a.fa", "a.fa"}), "no error");
}

}  // namespace
}  // namespace virnucpro
