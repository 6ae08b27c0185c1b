// ESM-2, DNABERT-S and the classifier from every published layout.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>

#include "unit/weights/weights_test_data.h"
#include "weights/classifier_weights.h"
#include "weights/dnabert_s_weights.h"
#include "weights/esm2_weights.h"
#include "weights/safetensors.h"

namespace virnucpro {
namespace {

using testing::HasSubstr;

struct Esm2Case {
  std::string path;
  bool token_dropout = true;
  double layer_norm_eps = 1e-5;

  friend void PrintTo(const Esm2Case& layout, std::ostream* out) { *out << layout.path; }
};

class Esm2Layout : public testing::TestWithParam<Esm2Case> {};

TEST_P(Esm2Layout, LoadsWithEqualNamesAndValues) {
  Esm2Weights weights = load_esm2(golden(GetParam().path));
  const Esm2Config expected{2, 16, 4, GetParam().token_dropout, GetParam().layer_norm_eps};
  EXPECT_EQ(weights.config, expected);
  EXPECT_EQ(weights.tensors.size(), 3u + 2u * 16u);
  expect_golden(weights.tensors);
}

INSTANTIATE_TEST_SUITE_P(
    Files, Esm2Layout,
    testing::Values(Esm2Case{"fair_esm.pt"}, Esm2Case{"fair_esm_dict.pt"},
                    Esm2Case{"fair_esm_args.pt", false}, Esm2Case{"fair_esm_module.pt"},
                    Esm2Case{"hf_safetensors"}, Esm2Case{"hf_safetensors/model.safetensors"},
                    Esm2Case{"hf_sharded", false}, Esm2Case{"hf_bin", true, 1e-12},
                    Esm2Case{"hf_bin/pytorch_model.bin", true, 1e-12}, Esm2Case{"hf_bin_sharded"}));

class Esm2WeightsErrors : public ScratchTest {
 protected:
  /// The error of the golden folder after a change of its config.
  std::string config_error(const std::string& from, const std::string& to) const {
    const std::string folder = copied("hf_safetensors");
    const std::string path = folder + "/config.json";
    write_all(path, replaced(read_all(path), from, to));
    std::string text = model_error([&] { load_esm2(folder); });
    if (text.starts_with(path)) text.erase(0, path.size());
    std::filesystem::remove_all(folder);
    return text;
  }
};

TEST_F(Esm2WeightsErrors, RefusesToGuessTheHeadCount) {
  const std::string path = golden("fair_esm_without_cfg.pt");
  EXPECT_EQ(model_error([&] { load_esm2(path); }),
            path +
                ": has 'model', but neither 'cfg' nor 'args', so the number of attention heads is "
                "missing. Use the file as fair-esm published it");
  const std::string alone = scratch("alone.safetensors");
  std::filesystem::copy(golden("hf_safetensors/model.safetensors"), alone);
  EXPECT_THAT(model_error([&] { load_esm2(alone); }),
              HasSubstr("the number of attention heads is missing: neither a fair-esm cfg in the "
                        "file nor " +
                        scratch("config.json")));
}

TEST_F(Esm2WeightsErrors, ChecksTheConfig) {
  EXPECT_EQ(config_error("\"rotary\"", "\"absolute\""),
            ": 'position_embedding_type': is 'absolute', only 'rotary' is known");
  EXPECT_EQ(config_error("\"position_embedding_type\": \"rotary\",", ""),
            ": 'position_embedding_type' is missing, and the weights have "
            "'embeddings.position_embeddings.weight': expected a model with 'rotary' positions");
  EXPECT_EQ(config_error("\"num_attention_heads\": 4,", ""),
            ": 'num_attention_heads': missing, expected a whole number");
  EXPECT_EQ(config_error("\"num_attention_heads\": 4", "\"num_attention_heads\": \"4\""),
            ": 'num_attention_heads': expected a whole number, found string");
  EXPECT_EQ(config_error("\"token_dropout\": true,", ""),
            ": 'token_dropout': missing, expected true or false");
  EXPECT_EQ(config_error("\"intermediate_size\": 64", "\"intermediate_size\": 32"),
            ": 'intermediate_size': is 32, ESM-2 has four times hidden_size (64)");
  EXPECT_THAT(config_error("\"num_attention_heads\": 4", "\"num_attention_heads\": 16"),
              HasSubstr("16 attention heads do not divide the width 16 into even parts"));
  EXPECT_THAT(config_error("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3"),
              HasSubstr("tensor 'layers.2.self_attn.q_proj.weight' is missing; the nearest names "
                        "are 'layers."));
  EXPECT_THAT(config_error("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1"),
              HasSubstr("16 tensors that this model does not have: 'layers.1.fc1.bias' "
                        "('esm.encoder.layer.1.intermediate.dense.bias' in the file) [64], "));
  EXPECT_EQ(config_error("\"gelu\"", "\"relu\""),
            ": 'hidden_act': is 'relu', only 'gelu' is known");
}

TEST_F(Esm2WeightsErrors, NamesBothShapes) {
  EXPECT_THAT(config_error("\"hidden_size\": 16", "\"hidden_size\": 8"),
              HasSubstr("intermediate_size"));
  const std::string folder = copied("hf_safetensors");
  std::string config = read_all(folder + "/config.json");
  config = replaced(config, "\"hidden_size\": 16", "\"hidden_size\": 8");
  config = replaced(config, "\"intermediate_size\": 64", "\"intermediate_size\": 32");
  write_all(folder + "/config.json", config);
  EXPECT_EQ(model_error([&] { load_esm2(folder); }),
            folder +
                "/model.safetensors: tensor 'embed_tokens.weight' "
                "('esm.embeddings.word_embeddings.weight' in the file) has shape [33, 16], "
                "expected [33, 8]");
}

TEST_F(Esm2WeightsErrors, ChecksShards) {
  const std::string folder = copied("hf_sharded");
  const std::string index = folder + "/model.safetensors.index.json";
  const std::string original = read_all(index);
  write_all(index, replaced(original, "model-00001-of-00002.safetensors", "../x"));
  EXPECT_THAT(model_error([&] { load_esm2(folder); }),
              HasSubstr("'../x' is not the name of a file in this folder"));
  write_all(index, replaced(original, "-00001-of-", "-00002-of-"));
  EXPECT_THAT(model_error([&] { load_esm2(folder); }), HasSubstr(" is missing, " + index));
  write_all(index, original);
  std::filesystem::remove(folder + "/model-00002-of-00002.safetensors");
  EXPECT_THAT(model_error([&] { load_esm2(folder); }),
              HasSubstr("model-00002-of-00002.safetensors: cannot open"));
}

TEST_F(Esm2WeightsErrors, SaysWhatItLookedFor) {
  const std::string folder = copied("hf_safetensors");
  std::filesystem::remove(folder + "/model.safetensors");
  EXPECT_EQ(model_error([&] { load_esm2(folder); }),
            folder +
                ": no weights found; looked for model.safetensors, model.safetensors.index.json, "
                "pytorch_model.bin and pytorch_model.bin.index.json");
  write_all(folder + "/model.safetensors", "version https://git-lfs.github.com/spec/v1\noid x\n");
  EXPECT_THAT(model_error([&] { load_esm2(folder); }), HasSubstr("this is a Git LFS pointer"));
  EXPECT_THAT(model_error([&] { load_esm2(scratch("")); }), HasSubstr("config.json: cannot open"));
  EXPECT_EQ(model_error([&] { load_dnabert_s("no_such_folder"); }),
            "no_such_folder: there is no such folder; expected the folder of DNABERT-S.");
  EXPECT_EQ(model_error([&] { load_dnabert_s(folder + "/config.json"); }),
            folder + "/config.json: is a file; expected the folder of DNABERT-S.");
  EXPECT_EQ(model_error([&] { load_classifier(folder); }),
            folder + ": is a folder; expected the file of a classifier.");
}

// ---- DNABERT-S

class DnabertSLayout : public testing::TestWithParam<std::string> {};

TEST_P(DnabertSLayout, LoadsWithEqualNamesAndValues) {
  DnabertSWeights weights = load_dnabert_s(golden(GetParam()));
  EXPECT_EQ(weights.config, (DnabertSConfig{12, 2, 3, 20, 1e-12, 24}));
  EXPECT_EQ(weights.tokenizer_json, read_all(golden("dnabert_s/tokenizer.json")));
  EXPECT_EQ(weights.tensors.size(), 4u + 2u * 11u);
  expect_golden(weights.tensors);
}

INSTANTIATE_TEST_SUITE_P(Folders, DnabertSLayout, testing::Values("dnabert_s", "dnabert_s_bin"));

class DnabertSWeightsErrors : public ScratchTest {};

TEST_F(DnabertSWeightsErrors, NamesWhatDoesNotFit) {
  const std::string folder = copied("dnabert_s");
  const std::string config = read_all(folder + "/config.json");
  const auto error_with = [&](const std::string& from, const std::string& to) {
    write_all(folder + "/config.json", replaced(config, from, to));
    return model_error([&] { load_dnabert_s(folder); });
  };
  EXPECT_THAT(error_with("\"vocab_size\": 24", "\"vocab_size\": 4096"),
              HasSubstr("tensor 'embeddings.word_embeddings.weight' has shape [24, 12], expected "
                        "[4096, 12]"));
  EXPECT_THAT(error_with("\"intermediate_size\": 20", "\"intermediate_size\": 40"),
              HasSubstr("tensor 'encoder.layer.0.mlp.gated_layers.weight' has shape [40, 12], "
                        "expected [80, 12]"));
  EXPECT_THAT(error_with("\"num_attention_heads\": 3", "\"num_attention_heads\": 5"),
              HasSubstr("5 attention heads do not divide the width 12"));
  EXPECT_THAT(error_with("\"layer_norm_eps\": 1e-12", "\"layer_norm_eps\": 0"),
              HasSubstr("layer_norm_eps is 0"));
  write_all(folder + "/config.json", config);
  const std::string tokenizer = read_all(folder + "/tokenizer.json");
  write_all(folder + "/tokenizer.json", replaced(tokenizer, "\"ACGT\": 11", "\"ACGT\": 24"));
  EXPECT_THAT(model_error([&] { load_dnabert_s(folder); }),
              HasSubstr("the tokenizer has ids up to 24, the embedding 24 rows"));
}

// ---- classifier

struct ClassifierCase {
  std::string path;
  double eps = 1e-5;

  friend void PrintTo(const ClassifierCase& layout, std::ostream* out) { *out << layout.path; }
};

class ClassifierLayout : public testing::TestWithParam<ClassifierCase> {};

TEST_P(ClassifierLayout, LoadsWithEqualNamesAndValues) {
  ClassifierWeights weights = load_classifier(golden(GetParam().path));
  EXPECT_EQ(weights.input_dim, 28);
  EXPECT_EQ(weights.hidden_dim, 8);
  EXPECT_EQ(weights.batch_norm_eps, GetParam().eps);
  EXPECT_EQ(weights.tensors.size(), 8u);
  expect_golden(weights.tensors);
}

INSTANTIATE_TEST_SUITE_P(Files, ClassifierLayout,
                         testing::Values(ClassifierCase{"classifier_module.pth"},
                                         ClassifierCase{"classifier_state.pth"},
                                         ClassifierCase{"classifier_wrapped.pth"},
                                         ClassifierCase{"classifier.safetensors"},
                                         ClassifierCase{"classifier_parallel.pth", 0.001}));

class ClassifierWeightsErrors : public ScratchTest {};

TEST_F(ClassifierWeightsErrors, AreNotThoseOfWrappedNames) {
  TensorSource source = read_safetensors(golden("classifier.safetensors"));
  std::map<std::string, HostTensor> tensors;
  for (const std::string& name : source.names()) tensors[name] = source.take_any(name);
  for (const std::string prefix :
       {"_orig_mod.", "module.", "module._orig_mod.", "_orig_mod.module."}) {
    std::map<std::string, HostTensor> wrapped;
    for (const auto& [name, tensor] : tensors) wrapped[prefix + name] = tensor;
    write_safetensors(scratch("c.safetensors"), wrapped);
    ClassifierWeights weights = load_classifier(scratch("c.safetensors"));
    expect_golden(weights.tensors);
  }
}

TEST_F(ClassifierWeightsErrors, AreNotThoseOfAnUnknownKey) {
  write_all(scratch("c.pth"), replaced(read_all(golden("classifier_wrapped.pth")),
                                       "model_state_dict", "another_net_dict"));
  ClassifierWeights weights = load_classifier(scratch("c.pth"));
  expect_golden(weights.tensors);
}

TEST_F(ClassifierWeightsErrors, NameWhatIsMissingOrExtra) {
  TensorSource source = read_safetensors(golden("classifier.safetensors"));
  std::map<std::string, HostTensor> tensors;
  for (const std::string& name : source.names()) tensors[name] = source.take_any(name);
  const std::string path = scratch("c.safetensors");
  auto fewer = tensors;
  fewer.erase("bn1.running_var");
  write_safetensors(path, fewer);
  EXPECT_THAT(model_error([&] { load_classifier(path); }),
              HasSubstr("tensor 'bn1.running_var' is missing; the nearest names are "
                        "'bn1.running_mean'"));
  auto more = tensors;
  more["layer3.weight"] = tensors["bn1.bias"];
  write_safetensors(path, more);
  EXPECT_EQ(model_error([&] { load_classifier(path); }),
            path + ": 1 tensor that this model does not have: 'layer3.weight' [8]");
  auto three = tensors;
  three["output_layer.bias"] = make_float_tensor({3}, std::vector<float>{1, 2, 3});
  write_safetensors(path, three);
  EXPECT_EQ(model_error([&] { load_classifier(path); }),
            path + ": tensor 'output_layer.bias' has shape [3], expected [2]");
}

}  // namespace
}  // namespace virnucpro
