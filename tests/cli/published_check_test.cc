// `models import` and `models verify --published` on stand-ins of the published widths: the whole
// program, on files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/models_in_tree.h"
#include "cli/program_runner.h"
#include "support/synthetic_weights.h"
#include "weights/safetensors.h"

namespace virnucpro::test {
namespace {

using namespace testing_support;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t kLayers = 2;
constexpr const char* kStored = VIRNUCPRO_TEST_DATA "/parity/stand_in";

/// The name that Hugging Face gives a tensor of fair-esm.
std::string hugging_face_name(const std::string& name) {
  static const std::map<std::string, std::string> kParts = {
      {"self_attn.q_proj", "attention.self.query"},
      {"self_attn.k_proj", "attention.self.key"},
      {"self_attn.v_proj", "attention.self.value"},
      {"self_attn.out_proj", "attention.output.dense"},
      {"self_attn_layer_norm", "attention.LayerNorm"},
      {"fc1", "intermediate.dense"},
      {"fc2", "output.dense"},
      {"final_layer_norm", "LayerNorm"}};
  if (name == "embed_tokens.weight") return "esm.embeddings.word_embeddings.weight";
  if (!name.starts_with("layers.")) return "esm.encoder." + name;
  const std::size_t number_end = name.find('.', 7);
  const std::size_t kind = name.rfind('.');
  return "esm.encoder.layer." + name.substr(7, number_end - 7) + "." +
         kParts.at(name.substr(number_end + 1, kind - number_end - 1)) + name.substr(kind);
}

class StandInBundle : public CliTest {
 protected:
  void SetUp() override {
#ifdef VIRNUCPRO_SANITIZED
    GTEST_SKIP() << "models of 160 million weights, many times as slow";
#endif
    CliTest::SetUp();
  }
  /// Hundreds of megabytes.
  void TearDown() override {
    for (const char* folder : {"esm2", "dnabert_s", "made"}) {
      std::error_code ignored;
      std::filesystem::remove_all(path(folder), ignored);
    }
  }

  static void write_half(const std::string& file, TensorSource& source,
                         std::string (*renamed)(const std::string&)) {
    std::vector<TensorToWrite> list;
    for (const std::string& name : source.names()) {
      const Shape shape = source.shape(name);
      list.push_back({renamed(name), DataType::kFloat16, shape, [&source, name, shape] {
                        return convert(source.take(name, shape), DataType::kFloat16);
                      }});
    }
    write_safetensors(file, list);
  }

  void write_checkpoints() {
    for (const char* folder : {"esm2", "dnabert_s"}) {
      std::filesystem::create_directories(path(folder));
    }
    Esm2Weights esm = synthetic_esm2("stand_in_esm2", kLayers, 2560, 40);
    write_half(path("esm2/model.safetensors"), esm.tensors, hugging_face_name);
    write("esm2/config.json", nlohmann::json{{"model_type", "esm"},
                                             {"vocab_size", 33},
                                             {"num_hidden_layers", kLayers},
                                             {"hidden_size", 2560},
                                             {"num_attention_heads", 40},
                                             {"intermediate_size", 4 * 2560},
                                             {"position_embedding_type", "rotary"},
                                             {"hidden_act", "gelu"},
                                             {"layer_norm_eps", 1e-5},
                                             {"token_dropout", true},
                                             {"emb_layer_norm_before", false}}
                                  .dump());
    DnabertSWeights dna = synthetic_dnabert_s("stand_in_dnabert_s", kLayers, 768, 12, 3072, 4096);
    write_half(path("dnabert_s/model.safetensors"), dna.tensors,
               [](const std::string& name) { return name; });
    write("dnabert_s/config.json", nlohmann::json{{"hidden_size", 768},
                                                  {"num_hidden_layers", kLayers},
                                                  {"num_attention_heads", 12},
                                                  {"intermediate_size", 3072},
                                                  {"layer_norm_eps", 1e-12},
                                                  {"vocab_size", 4096}}
                                       .dump());
    std::filesystem::copy_file(kMini + "/tokenizer.json", path("dnabert_s/tokenizer.json"));
    ClassifierWeights classifier = synthetic_classifier("stand_in_classifier", 3328, 512);
    std::map<std::string, HostTensor> tensors;
    for (const std::string& name : classifier.tensors.names()) {
      tensors[name] = classifier.tensors.take_any(name);
    }
    write_safetensors(path("classifier.safetensors"), tensors);
  }

  ProgramResult import(const std::vector<std::string>& more) const {
    std::vector<std::string> call = {
        "models", "import", "--dnabert",    "dnabert_s",
        "--esm2", "esm2",   "--classifier", "500=classifier.safetensors",
        "-o",     "made",   "--force"};
    call.insert(call.end(), more.begin(), more.end());
    return run(call);
  }
};

TEST_F(StandInBundle, IsComparedWhenItIsImportedAndWhenItIsVerified) {
  write_checkpoints();
  // The widths are those of the published models, and nothing else is.
  const ProgramResult other = import({});
  EXPECT_TRUE(ends_with(other, 3));
  EXPECT_THAT(other.out, AllOf(HasSubstr("\tWRONG\n"), HasSubstr("FAIL\n")));
  EXPECT_THAT(
      other.err,
      AllOf(HasSubstr("made does not give what the published run gave: DNABERT-S is wrong: "),
            HasSubstr("ESM-2 is wrong: "),
            HasSubstr("It has 2 layers, "
                      "esm2_t36_3B_UR50D has 36."),
            HasSubstr("the classifier for 500 bases is wrong: ")));
  EXPECT_TRUE(exists("made/bundle.json"));

  const ProgramResult skipped = import({"--no-check"});
  EXPECT_TRUE(ends_with(skipped, 0));
  EXPECT_EQ(skipped.out, "");

  const ProgramResult verified = run({"models", "verify", "made", "--expected", kStored});
  EXPECT_TRUE(ends_with(verified, 0)) << verified.out;
  EXPECT_THAT(verified.out, AllOf(HasSubstr("made: all parts are whole\ndevice\tprecision\tpart\t"),
                                  HasSubstr("\nPASS: made gives what "), Not(HasSubstr("WRONG"))));
  for (const char* precision : {"fp16", "bf16", "int8", "fp32"}) {
    const std::string row = std::string("\ncpu\t") + precision + "\t";
    EXPECT_THAT(verified.out, ContainsRegex(row + "DNABERT-S\t0\\.9[0-9]*\t"));
    EXPECT_THAT(verified.out, ContainsRegex(row + "ESM-2\t(0\\.9[0-9]*|1\\.0*)\t"));
    EXPECT_THAT(verified.out, HasSubstr(row + "scores\t"));
  }

  const ProgramResult imported = import({"--expected", kStored});
  EXPECT_TRUE(ends_with(imported, 0)) << imported.out;
  EXPECT_THAT(imported.out, HasSubstr("\nPASS: made gives what "));
}

TEST_F(CliTest, ABundleOfOtherWidthsIsNotCompared) {
  const ProgramResult result = run({"models", "verify", "mini", "--published"});
  EXPECT_TRUE(ends_with(result, 3));
  EXPECT_EQ(
      last_line(result.err),
      "virnucpro: error: mini: DNABERT-S has embeddings of 128 values, those of the published "
      "run have 768: this bundle is of other models, and the run says nothing about it. "
      "'virnucpro models verify' without --published checks its files.");
}

TEST_F(CliTest, AStoredRunThatIsNoneIsNamed) {
  const ProgramResult missing = run({"models", "verify", "mini", "--expected", "nowhere"});
  EXPECT_TRUE(ends_with(missing, 3));
  EXPECT_THAT(missing.err, HasSubstr("nowhere"));
  std::filesystem::create_directories(path("empty"));
  write("empty/run.json", "{}");
  EXPECT_THAT(run({"models", "verify", "mini", "--expected", "empty"}).err, HasSubstr("empty/"));
}

}  // namespace
}  // namespace virnucpro::test
