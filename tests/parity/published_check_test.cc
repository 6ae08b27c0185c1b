// The comparison with the published run, on stand-ins of the published widths whose stored run
// independent Python code made (make_published_run.py), whole and broken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "models/dnabert_s.h"
#include "models/esm2.h"
#include "studies/published_check.h"
#include "support/synthetic_weights.h"
#include "support/test_data.h"
#include "weights/embedded_bundle.h"

namespace virnucpro {
namespace {

using namespace testing_support;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

constexpr std::int64_t kLayers = 2;

/// Changes tensors of a model, by their names.
using Change = std::function<void(std::map<std::string, HostTensor>& tensors)>;

TensorSource changed(TensorSource source, const Change& change) {
  std::map<std::string, HostTensor> tensors;
  for (const std::string& name : source.names()) tensors[name] = source.take_any(name);
  change(tensors);
  TensorSource result(source.origin());
  for (auto& [name, tensor] : tensors) result.add(name, std::move(tensor));
  return result;
}

HostTensor transposed(const HostTensor& matrix) {
  const std::int64_t n = matrix.shape[0];
  const std::vector<float> values = to_floats(matrix);
  std::vector<float> turned(values.size());
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      turned[static_cast<std::size_t>(j * n + i)] = values[static_cast<std::size_t>(i * n + j)];
    }
  }
  return make_float_tensor({n, n}, turned);
}

/// Every layer gets the weights of the next one; the last one those of the first.
void shift_layers(std::map<std::string, HostTensor>& tensors, const std::string& prefix) {
  std::map<std::string, HostTensor> shifted;
  for (auto& [name, tensor] : tensors) {
    if (!name.starts_with(prefix)) {
      shifted[name] = tensor;
      continue;
    }
    const std::int64_t layer = name[prefix.size()] - '0';
    const std::int64_t from = (layer + 1) % kLayers;
    shifted[name] = tensors.at(prefix + std::to_string(from) + name.substr(prefix.size() + 1));
  }
  tensors = std::move(shifted);
}

void swap_tensors(std::map<std::string, HostTensor>& tensors, const char* one, const char* other) {
  std::swap(tensors.at(one), tensors.at(other));
}

/// A bundle of stand-ins, whole unless told otherwise.
struct StandIn {
  std::string esm2_name = "stand_in_esm2";
  Change esm2 = [](auto&) {};
  Change dnabert_s = [](auto&) {};
  Change classifier = [](auto&) {};

  BundleInfo info() const {
    BundleInfo info;
    info.name = "stand-in";
    info.esm2_config = {.num_layers = kLayers, .embed_dim = 2560, .attention_heads = 40};
    info.dnabert_s_config = {.hidden_size = 768,
                             .num_hidden_layers = kLayers,
                             .num_attention_heads = 12,
                             .intermediate_size = 3072,
                             .vocab_size = 4096};
    return info;
  }

  LoadedModels load(Precision precision, Backend& backend) const {
    LoadedModels models;
    models.bundle = "stand-in";
    models.expected_length = 500;
    const std::string tokenizer = embedded_bundle().tokenizer_json();
    models.tokenizer = DnaTokenizer::from_json(tokenizer, "mini");
    models.dna_padding = models.tokenizer->id_of("[PAD]").value();
    DnabertSWeights dna = synthetic_dnabert_s("stand_in_dnabert_s", kLayers, 768, 12, 3072, 4096);
    dna.tensors = changed(std::move(dna.tensors), dnabert_s);
    models.dnabert_s = std::make_unique<DnabertS>(std::move(dna), precision, backend);
    Esm2Weights esm = synthetic_esm2(esm2_name, kLayers, 2560, 40);
    esm.tensors = changed(std::move(esm.tensors), esm2);
    models.esm2 = std::make_unique<Esm2>(std::move(esm), precision, backend);
    ClassifierWeights scorer = synthetic_classifier("stand_in_classifier", 3328, 512);
    scorer.tensors = changed(std::move(scorer.tensors), classifier);
    models.classifier = std::make_unique<Classifier>(std::move(scorer), backend);
    return models;
  }

  PublishedCheck check(const std::vector<Precision>& precisions = {Precision::kFp16}) const {
    CpuBackend backend(2);
    const StoredRun stored = read_stored_run((test_data() / "parity" / "stand_in").string());
    return check_against(
        {.stored = stored,
         .info = info(),
         .precisions = precisions,
         .load = [this](Precision precision, Backend& on) { return load(precision, on); }},
        {{"cpu", backend}});
  }
};

class PublishedCheckTest : public testing::Test {
 protected:
  void SetUp() override {
#ifdef VIRNUCPRO_SANITIZED
    GTEST_SKIP() << "models of 160 million weights, many times as slow";
#endif
  }

  /// Exactly one part is wrong.
  static void expect_wrong(const StandIn& bundle, const std::string& part) {
    const PublishedCheck check = bundle.check();
    ASSERT_THAT(check.problems, SizeIs(1)) << table_of(check);
    EXPECT_THAT(check.problems.front(), AllOf(StartsWith(part + " is wrong: "), HasSubstr("again")))
        << table_of(check);
  }
};

TEST_F(PublishedCheckTest, PassesWhatTheOriginalsMadeOfTheSameWeights) {
  const PublishedCheck check =
      StandIn().check({Precision::kFp16, Precision::kBf16, Precision::kFp32});
  EXPECT_THAT(check.problems, IsEmpty()) << table_of(check);
  ASSERT_THAT(check.rows, SizeIs(3));
  const CheckedPrecision& exact = check.rows.back();
  EXPECT_EQ(exact.precision, Precision::kFp32);
  // Weights are float32 here, so that nothing but sums rounds.
  for (const CheckedEncoder& encoder : exact.encoders) {
    EXPECT_GT(encoder.cosine, 0.9999999);
    EXPECT_LT(encoder.difference, 1e-4);
  }
  EXPECT_LT(exact.score_change.value(), 1e-4);
  EXPECT_LT(check.classifier_change.value(), 1e-5);
}

TEST_F(PublishedCheckTest, NamesEsm2WithTwoTensorsSwapped) {
  expect_wrong({.esm2 =
                    [](auto& t) {
                      swap_tensors(t, "layers.1.self_attn.q_proj.weight",
                                   "layers.1.self_attn.v_proj.weight");
                    }},
               "ESM-2");
}

TEST_F(PublishedCheckTest, NamesEsm2WithATransposedWeight) {
  expect_wrong({.esm2 =
                    [](auto& t) {
                      HostTensor& weight = t.at("layers.0.self_attn.out_proj.weight");
                      weight = transposed(weight);
                    }},
               "ESM-2");
}

TEST_F(PublishedCheckTest, NamesAnotherEsm2OfTheSameSizes) {
  expect_wrong({.esm2_name = "another_esm2"}, "ESM-2");
}

TEST_F(PublishedCheckTest, NamesEsm2WhoseLayersAreOffByOne) {
  expect_wrong({.esm2 = [](auto& t) { shift_layers(t, "layers."); }}, "ESM-2");
}

TEST_F(PublishedCheckTest, NamesDnabertSWithSwappedTransposedOrShiftedWeights) {
  expect_wrong({.dnabert_s =
                    [](auto& t) {
                      swap_tensors(t, "encoder.layer.0.mlp.wo.weight",
                                   "encoder.layer.1.mlp.wo.weight");
                    }},
               "DNABERT-S");
  expect_wrong({.dnabert_s =
                    [](auto& t) {
                      HostTensor& weight = t.at("encoder.layer.1.attention.output.dense.weight");
                      weight = transposed(weight);
                    }},
               "DNABERT-S");
  expect_wrong({.dnabert_s = [](auto& t) { shift_layers(t, "encoder.layer."); }}, "DNABERT-S");
}

TEST_F(PublishedCheckTest, NamesBothEncodersAndNotTheScoresThatFollow) {
  const StandIn bundle{.esm2 = [](auto& t) { shift_layers(t, "layers."); },
                       .dnabert_s = [](auto& t) { shift_layers(t, "encoder.layer."); }};
  EXPECT_THAT(bundle.check().problems,
              testing::ElementsAre(StartsWith("DNABERT-S is wrong"), StartsWith("ESM-2 is wrong")));
}

TEST_F(PublishedCheckTest, NamesTheClassifierByTheStoredEmbeddings) {
  const StandIn bundle{
      .classifier = [](auto& t) { swap_tensors(t, "bn1.running_mean", "hidden_layer.bias"); }};
  EXPECT_THAT(bundle.check().problems,
              testing::ElementsAre(StartsWith("the classifier for 500 bases is wrong: ")));
}

TEST_F(PublishedCheckTest, NamesNaNAndWhereItBegins) {
  const StandIn bundle{.dnabert_s = [](auto& t) {
    std::vector<float> bias = to_floats(t.at("encoder.layer.1.mlp.wo.bias"));
    bias[5] = std::numeric_limits<float>::quiet_NaN();
    t.at("encoder.layer.1.mlp.wo.bias") = make_float_tensor({768}, bias);
  }};
  EXPECT_THAT(
      bundle.check().problems.front(),
      AllOf(StartsWith("DNABERT-S is wrong: NaN or infinity"), HasSubstr("layer 1, linear")));
}

// The published values themselves, which no weights are here for.
TEST(PublishedRun, IsWhatOthersSayOfTheModels) {
  const StoredRun run = published_run();
  ASSERT_THAT(run.frames, SizeIs(8));
  EXPECT_EQ(run.esm2.width, 2560);
  EXPECT_EQ(run.dnabert_s.width, 768);
  EXPECT_EQ(run.frames.front().id, "synthetic_seq_1_chunk_1R1");
  EXPECT_FLOAT_EQ(run.scores[1], 0.8789939f);
  for (std::size_t i = 0; i < run.frames.size(); ++i) {
    EXPECT_NEAR(run.esm2.embeddings[i * 2560 + 1542], 12.6, 1.2) << i;
  }
}

}  // namespace
}  // namespace virnucpro
