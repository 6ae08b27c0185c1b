// `virnucpro models pull` and `models export` without a network, and bundles by their names; with a
// server: tests/pull/.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/sha256.h"
#include "cli/models_in_tree.h"
#include "cli/program_runner.h"

namespace virnucpro::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

/// A file of the registry, with size and hash of the one at `path`.
json entry(const std::string& name, const std::string& path) {
  return {{"file", name}, {"size", fs::file_size(path)}, {"sha256", sha256_file(path)}};
}

class PullModels : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    json dnabert = {{"home", "huggingface"},
                    {"repository", "owner/DNABERT-S"},
                    {"revision", "0123456789abcdef"},
                    {"files", json::array()}};
    for (const char* name : {"config.json", "tokenizer.json", "pytorch_model.bin"}) {
      dnabert["files"].push_back(entry(name, kSmallParts + "dnabert_s_bin/" + name));
      copy("dnabert_s_bin/" + std::string(name), "copied/DNABERT-S/" + std::string(name));
    }
    copy("fair_esm.pt", "copied/esm2_small.pt");
    copy("classifier_module.pth", "copied/500_model.pth");
    const auto single = [](const json& file) {
      return json{{"home", "url"}, {"url", "https://localhost:9/"}, {"files", {file}}};
    };
    const json esm2 = single(entry("esm2_small.pt", kSmallParts + "fair_esm.pt"));
    const json classifier = single(entry("500_model.pth", kSmallParts + "classifier_module.pth"));
    const json registry = {
        {"format", "virnucpro-registry"},
        {"format_version", 1},
        {"models",
         {{{"name", "small"},
           {"description", "small ones"},
           {"parts", {"dnabert_s", "esm2", "classifier_500"}}}}},
        {"parts",
         {{"dnabert_s", {{"kind", "dnabert_s"}, {"license", "A"}, {"sources", {dnabert}}}},
          {"esm2", {{"kind", "esm2"}, {"license", "B"}, {"sources", {esm2}}}},
          {"classifier_500",
           {{"kind", "classifier"},
            {"expected_length", 500},
            {"license", "C"},
            {"sources", {classifier}}}}}}};
    write("registry.json", registry.dump());
  }

  void copy(const std::string& from, const std::string& to) const {
    fs::create_directories(fs::path(path(to)).parent_path());
    fs::copy_file(kSmallParts + from, path(to));
  }

  /// Runs in an environment whose models and caches are in the test's folder.
  ProgramResult run_here(std::vector<std::string> arguments,
                         std::map<std::string, std::string> variables = {}) const {
    variables.insert({{"VIRNUCPRO_MODELS", path("models")},
                      {"VIRNUCPRO_REGISTRY", path("registry.json")},
                      {"XDG_DATA_HOME", path("data")},
                      {"XDG_DATA_DIRS", path("system")},
                      {"HF_HOME", path("hf")},
                      {"TORCH_HOME", path("torch")}});
    ProgramCall call;
    call.arguments = std::move(arguments);
    call.variables = std::move(variables);
    return run(call);
  }
};

TEST_F(PullModels, MakesABundleOfCopiedFilesThatIsFoundByName) {
  const ProgramResult pulled = run_here({"models", "pull", "small", "--from", "copied", "-q"});
  ASSERT_TRUE(ends_with(pulled, 0));
  EXPECT_EQ(pulled.out, "");
  EXPECT_EQ(pulled.err, "bundle 'small' for 500 bases is in " + path("models/small") +
                            "\nuse it with: virnucpro predict reads.fq.gz --bundle small\n");
  EXPECT_EQ(names_in("models"), std::vector<std::string>{"small"});
  EXPECT_THAT(run_here({"models", "list"}).out, HasSubstr("\nsmall\tsmall\t1\t500\tsmall ones\n"));
  EXPECT_TRUE(ends_with(run_here({"models", "verify", "small"}), 0));
  const json card = json::parse(read("models/small/bundle.json"));
  EXPECT_EQ(card["license"], "dnabert_s A, esm2 B, classifier_500 C");
  ASSERT_EQ(card["sources"].size(), 5u);
  EXPECT_EQ(card["sources"][3]["address"], "https://localhost:9/esm2_small.pt");
  EXPECT_EQ(card["sources"][3]["sha256"], sha256_file(kSmallParts + "fair_esm.pt"));

  EXPECT_THAT(run_here({"models", "info", "small"}).out, StartsWith("name              small\n"));

  const ProgramResult again = run_here({"models", "pull", "small", "--from", "copied"});
  EXPECT_TRUE(ends_with(again, 0));
  EXPECT_THAT(again.err, HasSubstr("is already (--force makes it anew) in "));
  EXPECT_TRUE(ends_with(run_here({"models", "pull", "small", "--from", "copied", "--force"}), 0));
}

TEST_F(PullModels, ListsWhatThereIsAndWhere) {
  const ProgramResult list = run_here({"models", "pull", "--list"});
  EXPECT_TRUE(ends_with(list, 0));
  EXPECT_THAT(list.out, StartsWith("small\tnot pulled\tsmall ones\n\tdnabert_s\towner/DNABERT-S at "
                                   "0123456789ab, "));
  EXPECT_THAT(list.out, HasSubstr("\n\tesm2\thttps://localhost:9/, "));
  const ProgramResult own = run({"models", "pull", "--list"});
  EXPECT_THAT(own.out, HasSubstr("virnucpro-300\t"));
  EXPECT_THAT(own.out, HasSubstr("\tesm2_3b\thttps://dl.fbaipublicfiles.com/fair-esm/models/, "
                                 "5678116398 bytes, MIT\n"));
}

TEST_F(PullModels, NamesTheNearestModel) {
  const ProgramResult result = run({"models", "pull", "virnucpro_500"});
  EXPECT_TRUE(ends_with(result, 2));
  EXPECT_EQ(result.err,
            "virnucpro: error: virnucpro_500: no models of this name are known; did you mean "
            "'virnucpro-500'?\n");
}

TEST_F(PullModels, NamesEveryFileThatIsMissingOrWrong) {
  fs::remove(path("copied/DNABERT-S/config.json"));
  write("copied/500_model.pth", "other");
  const ProgramResult result = run_here({"models", "pull", "small", "--from", "copied"});
  EXPECT_TRUE(ends_with(result, 3));
  EXPECT_THAT(result.err, HasSubstr("dnabert_s/config.json (https://huggingface.co/owner/"
                                    "DNABERT-S/resolve/0123456789abcdef/config.json)"));
  EXPECT_THAT(result.err, HasSubstr("classifier_500/500_model.pth (https://localhost:9/"));
  EXPECT_THAT(result.err, HasSubstr("copied/500_model.pth: expected 6078 bytes, found 5."));
  EXPECT_FALSE(exists("models/small"));
}

TEST_F(PullModels, OfflineTakesCachesOrNamesWhatIsMissing) {
  const std::map<std::string, std::string> offline = {{"HF_HUB_OFFLINE", "1"}};
  const ProgramResult missing = run_here({"models", "pull", "small"}, offline);
  EXPECT_TRUE(ends_with(missing, 3));
  EXPECT_THAT(missing.err, HasSubstr("HF_HUB_OFFLINE forbids to fetch them"));
  copy("fair_esm.pt", "torch/hub/checkpoints/esm2_small.pt");
  for (const char* name : {"config.json", "tokenizer.json", "pytorch_model.bin"}) {
    copy("dnabert_s_bin/" + std::string(name),
         "hf/hub/models--owner--DNABERT-S/snapshots/0123456789abcdef/" + std::string(name));
  }
  const ProgramResult rest = run_here({"models", "pull", "small"}, offline);
  EXPECT_TRUE(ends_with(rest, 3));
  EXPECT_THAT(rest.err, testing::Not(HasSubstr("dnabert_s/")));
  EXPECT_THAT(rest.err, HasSubstr("classifier_500/500_model.pth"));
}

TEST_F(PullModels, OfThePublishedNamesAreAskedForWhereTheyAreMissing) {
  write("a.fa", ">a\nACGT\n");
  const ProgramResult result =
      run_here({"predict", "a.fa", "--bundle", "virnucpro-500", "-o", "out"});
  EXPECT_TRUE(ends_with(result, 3));
  EXPECT_EQ(
      last_line(result.err),
      "virnucpro: error: virnucpro-500: these models are not on this machine yet; looked in " +
          path("models") + ", " + path("data/virnucpro") + ", " + path("system/virnucpro") +
          ". Fetch them with 'virnucpro models pull virnucpro-500'.");
}

TEST_F(PullModels, PredictTakesABundleByItsName) {
  fs::create_directories(path("models"));
  fs::copy(kMini, path("models/small"));
  write("a.fa", ">a\n" + std::string(300, 'A') + "\n");
  EXPECT_TRUE(ends_with(run_here({"predict", "a.fa", "--bundle", "small", "-o", "out"}), 0));
  EXPECT_TRUE(exists("out/predictions.tsv"));
}

TEST_F(PullModels, ANameIsAFolderHereFirst) {
  fs::create_directories(path("models"));
  fs::copy(kMini, path("models/small"));
  EXPECT_THAT(run_here({"models", "info", "small"}).out, StartsWith("name              mini\n"));
  write("small/bundle.json", "{}");
  EXPECT_TRUE(ends_with(run_here({"models", "info", "small"}), 3));
  // A folder that is no bundle does not hide one.
  fs::remove(path("small/bundle.json"));
  EXPECT_TRUE(ends_with(run_here({"models", "info", "small"}), 0));
}

TEST_F(PullModels, ListSkipsABundleThatCannotBeRead) {
  write("models/broken/bundle.json", "{");
  const ProgramResult list = run_here({"models", "list"});
  EXPECT_TRUE(ends_with(list, 0));
  EXPECT_THAT(list.out, HasSubstr("\nmini\tmini\t"));
  EXPECT_THAT(list.err, HasSubstr("broken/bundle.json"));
}

TEST_F(PullModels, ExportPacksABundleForTar) {
  const ProgramResult result = run({"models", "export", "mini", "-o", "mini.tar"});
  EXPECT_TRUE(ends_with(result, 0));
  EXPECT_THAT(result.err, HasSubstr("tar -xf mini.tar -C ~/.local/share/virnucpro"));
  ASSERT_EQ(std::system(("tar -xf " + path("mini.tar") + " -C " + path("")).c_str()), 0);
  EXPECT_TRUE(ends_with(run({"models", "verify", "./mini"}), 0));
  for (const char* part : {"esm2.safetensors", "tokenizer.json", "classifier_300.safetensors"}) {
    EXPECT_EQ(sha256_file(path("mini/") + part), sha256_file(kMini + "/" + part));
  }
  EXPECT_THAT(run({"models", "export", "mini", "-o", "mini.tar"}).err,
              HasSubstr("mini.tar: exists already; choose another file or use --force"));
  EXPECT_TRUE(ends_with(run({"models", "export", "mini", "-o", "mini.tar", "--force"}), 0));
}

}  // namespace
}  // namespace virnucpro::test
