// Models are known by their content: what other weights at the same place do to a run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/program_runner.h"
#include "cli/test_inputs.h"
#include "support/planted_weights.h"

namespace virnucpro::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

const std::string kParts = VIRNUCPRO_TEST_DATA "/parity/pipeline/";

class WeightsIdentity : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    fs::copy(kParts + "dnabert_s", path("dnabert"), fs::copy_options::recursive);
    fs::copy_file(kParts + "esm2.pt", path("esm2.pt"));
    plant_classifier(0.0f);
    write("a.fa", fasta(open_records(4, 60)));
  }

  void plant_classifier(float value) const {
    fs::remove(path("c.safetensors"));
    testing_support::plant_classifier(kParts + "classifier.pth", path("c.safetensors"),
                                      "output_layer.bias", 0, value);
  }
  void plant_dnabert(float value) const {
    fs::remove_all(path("planted"));
    testing_support::plant_dnabert_s(kParts + "dnabert_s", path("planted"),
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

}  // namespace
}  // namespace virnucpro::test
