// Models are known by their content: the effect of other weights at the same path on a run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "cli/models_in_tree.h"
#include "cli/program_runner.h"
#include "cli/test_inputs.h"
#include "support/planted_weights.h"

namespace virnucpro::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

class WeightsIdentity : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    fs::copy(kPipelineParts + "dnabert_s", path("dnabert"), fs::copy_options::recursive);
    fs::copy_file(kPipelineParts + "esm2.pt", path("esm2.pt"));
    plant_classifier(0.0f);
    write("a.fa", fasta(open_records(4, 60)));
  }

  void plant_classifier(float value) const {
    fs::remove(path("c.safetensors"));
    testing_support::plant_classifier(kPipelineParts + "classifier.pth", path("c.safetensors"),
                                      "output_layer.bias", 0, value);
  }
  void plant_dnabert(float value) const {
    fs::remove_all(path("planted"));
    testing_support::plant_dnabert_s(kPipelineParts + "dnabert_s", path("planted"),
                                     "embeddings.LayerNorm.bias", 0, value);
    fs::remove_all(path("dnabert"));
    fs::rename(path("planted"), path("dnabert"));
  }

  ProgramResult predict(const std::string& output,
                        const std::vector<std::string>& more = {}) const {
    std::vector<std::string> call = {"predict",      "a.fa",         "-o",     output,
                                     "--dnabert",    "dnabert",      "--esm2", "esm2.pt",
                                     "--classifier", "c.safetensors"};
    call.insert(call.end(), more.begin(), more.end());
    return run(std::move(call));
  }
  json models_of(const std::string& folder) const {
    return json::parse(read(folder + "/run.json")).at("model").at("sha256");
  }
};

TEST_F(WeightsIdentity, OtherWeightsAtTheSamePlaceAreOtherWork) {
  ASSERT_TRUE(ends_with(predict("out"), 0));
  const json before = models_of("out");
  for (const char* part : {"tokenizer", "dnabert_s", "esm2", "classifier"}) {
    EXPECT_EQ(before.at(part).get<std::string>().size(), 64u) << part;
  }
  ASSERT_TRUE(ends_with(predict("out"), 0));  // nothing has changed

  plant_classifier(3.0f);
  const ProgramResult refused = predict("out");
  EXPECT_TRUE(ends_with(refused, 2));
  EXPECT_THAT(refused.err,
              HasSubstr("classifier model: " + before.at("classifier").get<std::string>()));
  ASSERT_TRUE(ends_with(predict("out", {"--force"}), 0));
  EXPECT_NE(models_of("out").at("classifier"), before.at("classifier"));
  EXPECT_EQ(models_of("out").at("esm2"), before.at("esm2"));

  plant_dnabert(0.5f);
  const ProgramResult encoder = predict("out");
  EXPECT_TRUE(ends_with(encoder, 2));
  EXPECT_THAT(encoder.err, HasSubstr("dnabert_s model: "));
}

TEST_F(WeightsIdentity, FilesBesideTheWeightsCount) {
  ASSERT_TRUE(ends_with(predict("out"), 0));
  for (const std::string name : {"config.json", "tokenizer.json"}) {
    const std::string text = read("dnabert/" + name);
    write("dnabert/" + name, text + "\n");
    const ProgramResult refused = predict("out");
    EXPECT_TRUE(ends_with(refused, 2)) << name;
    EXPECT_THAT(refused.err,
                HasSubstr(name == "config.json" ? "dnabert_s model: " : "tokenizer model: "));
    write("dnabert/" + name, text);
  }
  EXPECT_TRUE(ends_with(predict("out"), 0));
}

TEST_F(WeightsIdentity, ShardsOfDifferentWeightsAreNotMerged) {
  ASSERT_TRUE(ends_with(predict("one", {"--shard", "1/2"}), 0));
  plant_classifier(3.0f);
  ASSERT_TRUE(ends_with(predict("two", {"--shard", "2/2"}), 0));
  const ProgramResult merged = run({"merge", "one", "two", "-o", "all"});
  EXPECT_TRUE(ends_with(merged, 2));
  EXPECT_THAT(merged.err, HasSubstr("classifier model: "));
}

TEST_F(WeightsIdentity, RunsWithoutACacheAndWithAHostileOne) {
  ASSERT_TRUE(ends_with(predict("out"), 0));
  const json expected = models_of("out");
  write("file", "no folder");
  for (const std::string& cache :
       {std::string("/nowhere/at/all"), std::string("relative"), path("file"), std::string()}) {
    const ProgramResult result =
        run({.arguments = {"predict", "a.fa", "-o", "other", "--force", "--dnabert", "dnabert",
                           "--esm2", "esm2.pt", "--classifier", "c.safetensors"},
             .variables = {{"XDG_CACHE_HOME", cache}, {"HOME", ""}}});
    EXPECT_TRUE(ends_with(result, 0)) << cache;
    EXPECT_EQ(models_of("other"), expected) << cache;
  }
}

TEST_F(WeightsIdentity, WeightsThatChangeDuringARunAreNotThoseOfItsResult) {
  ASSERT_TRUE(ends_with(predict("right"), 0));
  const auto meanwhile = [this](const std::string& output, const std::function<void()>& change) {
    fs::remove(path("pipe"));
    EXPECT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
    ProgramCall call;
    call.arguments = {"predict", "pipe",   "-o",      output,         "--dnabert",
                      "dnabert", "--esm2", "esm2.pt", "--classifier", "c.safetensors"};
    // The pipe is opened once the models are loaded.
    call.while_running = [this, &change](int process) {
      const int out = open_writer(path("pipe"), process);
      change();
      const std::string text = read("a.fa");
      EXPECT_EQ(::write(out, text.data(), text.size()), static_cast<ssize_t>(text.size()));
      ::close(out);
    };
    return run(call);
  };
  const std::string weights = read("esm2.pt");
  std::string other = weights;
  other[other.size() / 2] ^= 1;
  const std::vector<std::pair<const char*, std::function<void()>>> changes = {
      {"esm2.pt", [&] { write("esm2.pt", other); }},
      {"c.safetensors", [this] { plant_classifier(3.0f); }}};
  for (const auto& [name, change] : changes) {
    SCOPED_TRACE(name);
    const ProgramResult result = meanwhile("out", change);
    EXPECT_TRUE(ends_with(result, 3));
    EXPECT_THAT(last_line(result.err), HasSubstr(std::string(name) + ": the file was changed"));
    EXPECT_FALSE(exists("out/contigs.tsv"));
    EXPECT_FALSE(exists("out/run.json"));
  }
  write("esm2.pt", weights);
  plant_classifier(0.0f);
  EXPECT_TRUE(ends_with(meanwhile("out", [] {}), 0));
  EXPECT_EQ(models_of("out"), models_of("right"));
  EXPECT_EQ(read("out/predictions.tsv"), read("right/predictions.tsv"));
}

}  // namespace
}  // namespace virnucpro::test
