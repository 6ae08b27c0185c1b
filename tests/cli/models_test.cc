// `virnucpro models`: list, info, verify, import.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "cli/models_in_tree.h"
#include "cli/program_runner.h"

namespace virnucpro::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

class Models : public CliTest {
 protected:
  void copy_mini(const std::string& name) {
    std::filesystem::create_directories(path(name));
    std::filesystem::copy(kMini, path(name), std::filesystem::copy_options::recursive);
  }
};

TEST_F(Models, ListTheEmbeddedBundleAndThoseInFolders) {
  EXPECT_THAT(run({"models", "list"}).out,
              StartsWith("bundle\tname\tversion\texpected_lengths\tdescription\nmini\tmini\t"));
  copy_mini("bundles/other");
  const ProgramResult result = run({"models", "list", "bundles"});
  EXPECT_TRUE(ends_with(result, 0));
  EXPECT_THAT(result.out, HasSubstr("\nbundles/other\tmini\t"));
  EXPECT_THAT(run({"models", "list", "bundles/other"}).out, HasSubstr("\nbundles/other\tmini\t"));
}

TEST_F(Models, ListNamesAFolderThatCannotBeRead) {
  const ProgramResult result = run({"models", "list", "nowhere"});
  EXPECT_TRUE(ends_with(result, 2));
  EXPECT_EQ(result.err,
            "virnucpro: error: nowhere: the folder cannot be read: No such file or directory\n");
}

TEST_F(Models, InfoDescribesABundleByNameAndByFolder) {
  const ProgramResult embedded = run({"models", "info", "mini"});
  EXPECT_TRUE(ends_with(embedded, 0));
  EXPECT_THAT(embedded.out, StartsWith("name              mini\n"));
  EXPECT_THAT(embedded.out, HasSubstr("\nexpected lengths  300, 500\n"));
  EXPECT_EQ(run({"models", "info", kMini}).out, embedded.out);
}

TEST_F(Models, AnUnknownBundleIsAModelError) {
  const ProgramResult result = run({"models", "info", "maxi"});
  EXPECT_TRUE(ends_with(result, 3));
  EXPECT_THAT(result.err, HasSubstr("maxi"));
}

TEST_F(Models, VerifyAcceptsTheEmbeddedBundle) {
  const ProgramResult result = run({"models", "verify", "mini"});
  EXPECT_TRUE(ends_with(result, 0));
  EXPECT_EQ(result.out, "bundle 'mini': all parts are whole\n");
}

TEST_F(Models, VerifyFindsAChangedByte) {
  copy_mini("changed");
  std::string weights = read("changed/classifier_500.safetensors");
  weights.back() = static_cast<char>(weights.back() ^ 1);
  write("changed/classifier_500.safetensors", weights);
  const ProgramResult result = run({"models", "verify", "changed"});
  EXPECT_TRUE(ends_with(result, 3));
  EXPECT_THAT(result.out, HasSubstr("classifier_500.safetensors"));
  EXPECT_EQ(last_line(result.err),
            "virnucpro: error: changed: 1 problem; import or copy the bundle again");
}

// Whole by its hashes, and of no use: the tokenizer gives ids that DNABERT-S has no row for.
TEST_F(Models, WithATokenizerOfOtherWeightsAreRefused) {
  copy_mini("other");
  json card = json::parse(read("other/bundle.json"));
  json tokenizer = json::parse(read("other/tokenizer.json"));
  const int rows = card["dnabert_s"]["config"]["vocab_size"];
  tokenizer["model"]["vocab"]["NNNNN"] = rows + 7;
  write("other/tokenizer.json", tokenizer.dump());
  card["tokenizer"]["sha256"] = sha256_text(tokenizer.dump());
  write("other/bundle.json", card.dump());
  const ProgramResult verified = run({"models", "verify", "other"});
  EXPECT_TRUE(ends_with(verified, 3));
  EXPECT_THAT(verified.out, HasSubstr("the tokenizer has ids up to " + std::to_string(rows + 7) +
                                      ", the embedding " + std::to_string(rows) + " rows"));
  write("in.fa", ">a\nACGT\n");
  for (const char* precision : {"fp16", "int8"}) {
    const ProgramResult run_with_it =
        run({"predict", "in.fa", "--bundle", "other", "--precision", precision});
    EXPECT_TRUE(ends_with(run_with_it, 3));
    EXPECT_THAT(run_with_it.err,
                HasSubstr("the tokenizer has ids up to " + std::to_string(rows + 7) +
                          ", but DNABERT-S embeds only " + std::to_string(rows)));
  }
  const ProgramResult converted =
      run({"models", "convert", "other", "--precision", "int8", "-o", "small"});
  EXPECT_TRUE(ends_with(converted, 3));
  EXPECT_THAT(converted.err, HasSubstr("the tokenizer has ids up to"));
  EXPECT_FALSE(exists("small"));
}

// Small checkpoints that fit together: 12 + 16 features for a classifier of 28.

std::vector<std::string> import_call(const std::string& output) {
  return {"models",       "import",
          "--dnabert",    kSmallParts + "dnabert_s",
          "--esm2",       kSmallParts + "hf_safetensors",
          "--classifier", "500=" + kSmallParts + "classifier.safetensors",
          "-o",           output};
}

TEST_F(Models, ImportMakesABundleThatInfoAndVerifyReadBack) {
  std::vector<std::string> call = import_call("mine");
  for (const char* text : {"--bundle-version", "7", "--description", "small", "--license", "MIT",
                           "--training-data", "none", "--classifier"}) {
    call.emplace_back(text);
  }
  call.push_back("300=" + kSmallParts + "classifier_state.pth");
  const ProgramResult imported = run(call);
  ASSERT_TRUE(ends_with(imported, 0));
  EXPECT_EQ(imported.out, "");
  EXPECT_EQ(imported.err, "bundle 'mine' for 300, 500 bases is in mine\n");
  EXPECT_TRUE(ends_with(run({"models", "verify", "mine"}), 0));
  const std::string info = run({"models", "info", "mine"}).out;
  EXPECT_THAT(info, StartsWith("name              mine\nversion           7\n"
                               "description       small\nlicense           MIT\n"
                               "expected lengths  300, 500\n"));
  EXPECT_THAT(info, HasSubstr("dnabert_s         2 layers, width 12, 3 heads, feed-forward 20"));
  EXPECT_THAT(info, HasSubstr("esm2              2 layers, width 16, 4 heads"));
  EXPECT_THAT(info, HasSubstr("training data     none\n"));
}

TEST_F(Models, ImportTakesANameAndReplacesABundleOnlyWhenForced) {
  ASSERT_TRUE(ends_with(run(import_call("mine")), 0));
  EXPECT_TRUE(ends_with(run(import_call("mine")), 2));
  std::vector<std::string> call = import_call("mine");
  call.insert(call.end(), {"--force", "--name", "other"});
  ASSERT_TRUE(ends_with(run(call), 0));
  EXPECT_THAT(run({"models", "info", "mine"}).out, StartsWith("name              other\n"));
}

TEST_F(Models, ImportNamesAClassifierWithoutItsLength) {
  for (const char* text : {"model.pth", "=model.pth", "500=", "x=model.pth", "0=model.pth"}) {
    std::vector<std::string> call = import_call("mine");
    call[7] = text;
    const ProgramResult result = run(call);
    EXPECT_TRUE(ends_with(result, 2));
    EXPECT_EQ(result.err, std::string("virnucpro: error: --classifier: '") + text +
                              "' cannot be used; it takes LENGTH=FILE, such as "
                              "500=classifier.pth\n");
  }
}

TEST_F(Models, ImportFailsWithoutATraceWhenAPartIsMissing) {
  std::vector<std::string> call = import_call("mine");
  call[5] = "nowhere.pt";
  const ProgramResult result = run(call);
  EXPECT_TRUE(ends_with(result, 3));
  EXPECT_THAT(result.err, HasSubstr("nowhere.pt"));
  EXPECT_FALSE(exists("mine"));
}

}  // namespace
}  // namespace virnucpro::test
