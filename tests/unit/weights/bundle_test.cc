// Bundles: import, open from folder and memory, verify, and cards that are wrong.
#include "weights/bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <stop_token>

#include "base/errors.h"
#include "base/sha256.h"
#include "support/work_steps.h"
#include "unit/weights/weights_test_data.h"
#include "weights/bundle_card.h"
#include "weights/safetensors.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class BundleTest : public ScratchTest {
 protected:
  BundleImport example() const {
    BundleImport options;
    options.dnabert_folder = golden("dnabert_s_bin");
    options.esm2_path = golden("fair_esm_dict.pt");
    options.classifiers = {{500, golden("classifier_module.pth")},
                           {300, golden("classifier.safetensors")}};
    options.output_folder = scratch("tiny");
    options.name = "tiny";
    options.version = "2.1";
    options.description = "for tests";
    options.license = "MIT";
    options.training_data = "none";
    options.metrics_json = R"({"auroc":0.5})";
    return options;
  }
  std::vector<std::string> entries() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(scratch("")))
      names.push_back(entry.path().filename().string());
    return names;
  }
};

TEST_F(BundleTest, CardsNameWhatIsReadAndWithoutANameItIsThePublishedRule) {
  import_bundle(example());
  BundleInfo info = Bundle::open(scratch("tiny")).info();
  EXPECT_EQ(info.frames, FrameRule{});
  const std::string plain = format_bundle_card(info);
  EXPECT_EQ(plain.find("frames"), std::string::npos);
  for (const FrameChoice choice : kFrameChoices) {
    info.frames.choice = choice;
    info.frames.least_run = 90;
    EXPECT_EQ(parse_bundle_card(format_bundle_card(info), "x").frames, info.frames);
  }
  info.frames = {};
  EXPECT_EQ(format_bundle_card(info), plain);
  const std::string wrong = std::string(plain).insert(1, "\"frames\": \"shortest\",");
  EXPECT_THROW(parse_bundle_card(wrong, "x"), ModelError);
  const std::string short_runs = std::string(plain).insert(1, "\"least_run\": 2,");
  EXPECT_THROW(parse_bundle_card(short_runs, "x"), ModelError);
}

TEST_F(BundleTest, TellsHowFarAnImportAndAVerificationAre) {
  test::WorkSteps steps;
  import_bundle(example(), steps.progress());
  EXPECT_THAT(Bundle::open(scratch("tiny")).problems(steps.progress()), IsEmpty());
  ASSERT_EQ(steps.ends().size(), 2u);
  for (const std::string& end : steps.ends()) {
    const std::string counts = end.substr(end.rfind(' ') + 1);
    const std::size_t slash = counts.find('/');
    EXPECT_EQ(counts.substr(0, slash), counts.substr(slash + 1)) << end;
  }
}

/// Calls `work` again and again, and asks it to stop at one more report of progress each time.
template <typename Work>
int stops_until_it_ends(const Work& work) {
  for (int stops = 0;; ++stops) {
    std::stop_source source;
    int reports = 0;
    const WorkProgress progress([&](const WorkState&) {
      if (reports++ == stops) source.request_stop();
    });
    try {
      work(progress, source.get_token());
      return stops;
    } catch (const Interrupted&) {
    }
  }
}

TEST_F(BundleTest, StopsAtAnyTensorAndLeavesNothing) {
  const int stops = stops_until_it_ends([&](const WorkProgress& progress, std::stop_token stop) {
    try {
      import_bundle(example(), progress, stop);
    } catch (const Interrupted&) {
      EXPECT_THAT(entries(), IsEmpty());
      throw;
    }
  });
  EXPECT_GT(stops, 50);  // tensors that are written and parts that are read back
  EXPECT_THAT(entries(), ElementsAre("tiny"));
  const Bundle bundle = Bundle::open(scratch("tiny"));
  EXPECT_GT(stops_until_it_ends([&](const WorkProgress& progress, std::stop_token stop) {
              EXPECT_THAT(bundle.problems(progress, stop), IsEmpty());
            }),
            5);

  const BundleColumns no_columns;  // as fp8 has none
  EXPECT_GT(stops_until_it_ends([&](const WorkProgress& progress, std::stop_token stop) {
              EXPECT_EQ(entries().size(), 1u);
              quantize_bundle(bundle, Precision::kFp8, no_columns, scratch("eight"), false,
                              progress, stop);
            }),
            20);
  std::stop_source stopped;
  stopped.request_stop();
  EXPECT_THROW(bundle.save(bundle.info(), scratch("saved"), false, stopped.get_token()),
               Interrupted);
  EXPECT_THAT(entries(), testing::UnorderedElementsAre("tiny", "eight"));
}

TEST_F(BundleTest, ImportsOpensAndVerifies) {
  const BundleInfo made = import_bundle(example());
  EXPECT_THAT(verify_bundle(scratch("tiny")), IsEmpty());
  const Bundle bundle = Bundle::open(scratch("tiny"));
  const BundleInfo& info = bundle.info();
  EXPECT_EQ(info.name, "tiny");
  EXPECT_EQ(info.version, "2.1");
  EXPECT_EQ(info.license, "MIT");
  EXPECT_EQ(info.training_data, "none");
  EXPECT_EQ(info.metrics_json, R"({"auroc":0.5})");
  EXPECT_EQ(info.esm2.sha256, made.esm2.sha256);
  EXPECT_EQ(info.esm2_config, (Esm2Config{2, 16, 4, true, 1e-5}));
  EXPECT_EQ(info.dnabert_s_config, (DnabertSConfig{12, 2, 3, 20, 1e-12, 24}));
  EXPECT_THAT(bundle.expected_lengths(), ElementsAre(300, 500));
  EXPECT_EQ(bundle.tokenizer_json(), read_all(golden("dnabert_s/tokenizer.json")));

  DnabertSWeights dnabert_s = bundle.dnabert_s();
  EXPECT_EQ(dnabert_s.tensors.type("encoder.layer.1.mlp.wo.weight"), "float16");
  expect_golden(dnabert_s.tensors);
  Esm2Weights esm2 = bundle.esm2();
  EXPECT_EQ(esm2.tensors.type("layers.1.fc1.bias"), "float16");
  expect_golden(esm2.tensors);
  for (const std::int64_t length : {300, 500}) {
    ClassifierWeights classifier = bundle.classifier(length);
    EXPECT_EQ(classifier.tensors.type("bn1.weight"), "float32");
    expect_golden(classifier.tensors);
  }
  EXPECT_EQ(model_error([&] { bundle.classifier(150); }),
            scratch("tiny") + ": no classifier for the expected length 150, there is 300, 500");
  EXPECT_THAT(entries(), ElementsAre("tiny"));
}

TEST_F(BundleTest, ImportsTheSameBytesFromEveryLayout) {
  import_bundle(example());
  BundleImport other = example();
  other.dnabert_folder = golden("dnabert_s");
  other.esm2_path = golden("hf_safetensors");
  other.classifiers = {{300, golden("classifier_state.pth")},
                       {500, golden("classifier_wrapped.pth")}};
  other.output_folder = scratch("other/");
  import_bundle(other);
  EXPECT_EQ(read_all(scratch("tiny/bundle.json")), read_all(scratch("other/bundle.json")));
}

TEST_F(BundleTest, KeepsTheEpsilonOfAClassifier) {
  BundleImport options = example();
  options.classifiers = {{300, golden("classifier_parallel.pth")}};
  import_bundle(options);
  EXPECT_EQ(Bundle::open(scratch("tiny")).classifier(300).batch_norm_eps, 0.001);
}

TEST_F(BundleTest, OpensFromMemory) {
  import_bundle(example());
  std::map<std::string, std::string> contents;
  std::map<std::string, std::span<const std::byte>> files;
  for (const auto& entry : fs::directory_iterator(scratch("tiny"))) {
    const std::string name = entry.path().filename().string();
    contents[name] = read_all(entry.path().string());
    files[name] = std::as_bytes(std::span(contents[name]));
  }
  const Bundle bundle = Bundle::from_memory(files);
  EXPECT_EQ(bundle.origin(), "bundle 'tiny'");
  EXPECT_THAT(bundle.problems(), IsEmpty());
  Esm2Weights esm2 = bundle.esm2();
  expect_golden(esm2.tensors);
  files.erase("esm2.safetensors");
  EXPECT_EQ(model_error([&] { Bundle::from_memory(files).esm2(); }),
            "bundle 'tiny': file 'esm2.safetensors' is missing");
  files.clear();
  EXPECT_EQ(model_error([&] { Bundle::from_memory(files); }),
            "embedded bundle: file 'bundle.json' is missing");
}

TEST_F(BundleTest, DetectsATamperedPart) {
  import_bundle(example());
  const std::string path = scratch("tiny/esm2.safetensors");
  std::string bytes = read_all(path);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write_all(path, bytes);
  const auto problems = verify_bundle(scratch("tiny"));
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0], scratch("tiny") + ": part 'esm2.safetensors' has the SHA-256 " +
                             sha256_file(path) + ", bundle.json says " +
                             Bundle::open(scratch("tiny")).info().esm2.sha256 +
                             "; the file was changed or damaged, copy or import the bundle again");
  EXPECT_THROW(Bundle::open(scratch("tiny")).esm2(), ModelError);
  fs::remove(scratch("tiny/tokenizer.json"));
  EXPECT_EQ(verify_bundle(scratch("tiny")).size(), 2u);
  fs::remove(scratch("tiny/bundle.json"));
  EXPECT_THAT(
      verify_bundle(scratch("tiny")),
      ElementsAre(scratch("tiny") +
                  ": there is no bundle.json in this folder; expected the folder of a bundle."));
}

TEST_F(BundleTest, SaysWhereAPathIsNoFolder) {
  const auto message = [](const std::string& path) -> std::string {
    try {
      Bundle::open(path);
    } catch (const ModelError& error) {
      return error.what();
    }
    return "no error";
  };
  const std::string expected = "; expected an embedded bundle or the folder of a bundle.";
  EXPECT_EQ(message(scratch("none")), scratch("none") + ": there is no such folder" + expected);
  std::ofstream(scratch("file")) << "x";
  EXPECT_EQ(message(scratch("file")), scratch("file") + ": is a file" + expected);
}

TEST_F(BundleTest, RefusesValuesBeyondHalf) {
  for (const float value : {65520.0f, -1e6f, std::numeric_limits<float>::infinity(),
                            std::numeric_limits<float>::quiet_NaN()}) {
    const std::string folder = copied("dnabert_s");
    TensorSource source = read_safetensors(folder + "/model.safetensors");
    std::map<std::string, HostTensor> tensors;
    for (const std::string& name : source.names()) tensors[name] = source.take_any(name);
    std::vector<float> bias(12, 65504.0f);
    bias[7] = value;
    tensors["embeddings.LayerNorm.bias"] = make_float_tensor({12}, bias);
    write_safetensors(folder + "/model.safetensors", tensors);
    BundleImport options = example();
    options.dnabert_folder = folder;
    EXPECT_THAT(
        model_error([&] { import_bundle(options); }),
        testing::AnyOf(HasSubstr("tensor 'embeddings.LayerNorm.bias': element 7 is "),
                       HasSubstr("tensor 'embeddings.LayerNorm.bias' [12]: element [7] is ")));
    fs::remove_all(folder);
    EXPECT_THAT(entries(), IsEmpty());  // no half bundle, no temporary folder
  }
}

TEST_F(BundleTest, RefusesAnExistingFolder) {
  import_bundle(example());
  EXPECT_THROW(import_bundle(example()), ConfigError);
  BundleImport again = example();
  again.force = true;
  again.version = "3";
  import_bundle(again);
  EXPECT_EQ(Bundle::open(scratch("tiny")).info().version, "3");
  fs::create_directories(scratch("home"));
  write_all(scratch("home/precious"), "x");
  again.output_folder = scratch("home");
  EXPECT_THROW(import_bundle(again), ConfigError);
  EXPECT_EQ(read_all(scratch("home/precious")), "x");
  EXPECT_THAT(entries(), testing::UnorderedElementsAre("tiny", "home"));
}

TEST_F(BundleTest, ReplacesNothingButItsOwnFiles) {
  import_bundle(example());
  BundleImport again = example();
  again.force = true;
  again.version = "3";
  fs::create_directories(scratch("tiny/results"));
  write_all(scratch("tiny/results/contigs.tsv"), "precious");
  const auto error_of = [&](const auto& action) -> std::string {
    try {
      action();
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(error_of([&] { import_bundle(again); }),
            scratch("tiny") +
                ": is not replaced, since it holds what is no part of the bundle: "
                "'results'. Move that elsewhere, or name another folder");
  EXPECT_THAT(error_of([&] { require_free_bundle_folder(scratch("tiny"), true); }),
              HasSubstr("'results'"));
  // Files that come during hours of training are kept.
  const Bundle base = Bundle::open(scratch("tiny"));
  base.save(base.info(), scratch("tiny"), true);
  EXPECT_EQ(read_all(scratch("tiny/results/contigs.tsv")), "precious");
  EXPECT_THAT(verify_bundle(scratch("tiny")), IsEmpty());
  fs::remove_all(scratch("tiny/results"));

  // Part of the bundle by name, but not by kind.
  fs::rename(scratch("tiny/esm2.safetensors"), scratch("mine.safetensors"));
  fs::create_symlink(scratch("mine.safetensors"), scratch("tiny/esm2.safetensors"));
  EXPECT_THAT(error_of([&] { import_bundle(again); }), HasSubstr("'esm2.safetensors'"));
  fs::remove(scratch("tiny/esm2.safetensors"));
  write_all(scratch("tiny/bundle.json"), "{}");
  EXPECT_THAT(error_of([&] { import_bundle(again); }),
              HasSubstr("its card says nothing of what belongs to it"));
  again.output_folder = scratch("file");
  write_all(scratch("file"), "");
  EXPECT_THAT(error_of([&] { import_bundle(again); }), HasSubstr("is no folder"));
  EXPECT_THAT(entries(), testing::UnorderedElementsAre("tiny", "mine.safetensors", "file"));
}

TEST_F(BundleTest, NamesWeightsThatAreNotFinite) {
  BundleImport options = example();
  options.classifiers = {{500, golden("classifier_module.pth")}};
  import_bundle(options);
  const std::string path = scratch("tiny/classifier_500.safetensors");
  TensorSource source = read_safetensors(path);
  std::map<std::string, HostTensor> tensors;
  for (const std::string& name : source.names()) {
    tensors[name] = convert(source.take_any(name), DataType::kFloat32);
  }
  std::vector<float> bias = {1.0f, std::numeric_limits<float>::quiet_NaN()};
  tensors["output_layer.bias"] = make_float_tensor({2}, bias);
  std::vector<float> weight = to_floats(tensors["output_layer.weight"]);
  weight[11] = -std::numeric_limits<float>::infinity();  // row 1, column 3
  tensors["output_layer.weight"] = make_float_tensor({2, 8}, weight);
  write_safetensors(path, tensors);
  const std::string card = read_all(scratch("tiny/bundle.json"));
  const std::string old_hash = Bundle::open(scratch("tiny")).info().classifiers[0].part.sha256;
  write_all(scratch("tiny/bundle.json"), replaced(card, old_hash, sha256_file(path)));
  EXPECT_THAT(
      verify_bundle(scratch("tiny")),
      testing::ElementsAre(
          HasSubstr("tensor 'output_layer.bias' [2]: element [1] is nan (1 of 2 values is not "
                    "finite)"),
          HasSubstr(
              "tensor 'output_layer.weight' [2, 8]: element [1, 3] is -inf (1 of 16 values")));
  BundleImport again = example();
  again.output_folder = scratch("other");
  again.classifiers = {{500, path}};
  EXPECT_THAT(model_error([&] { import_bundle(again); }),
              HasSubstr("tensor 'output_layer.bias' [2]: element [1] is nan"));
  EXPECT_FALSE(fs::exists(scratch("other")));
}

TEST_F(BundleTest, KnowsItsSettings) {
  BundleInfo info = import_bundle(example());
  const std::string before = encoder_settings_sha256(info);
  info.description = "another";
  EXPECT_EQ(encoder_settings_sha256(info), before);
  info.esm2_config.attention_heads = 2;
  EXPECT_NE(encoder_settings_sha256(info), before);
  EXPECT_EQ(classifier_settings_sha256(info.classifiers[0]), "");
  info.classifiers[0].batch_norm_eps = 0.001;
  EXPECT_EQ(classifier_settings_sha256(info.classifiers[0]).size(), 64u);
}

TEST_F(BundleTest, RefusesPartsOfDifferentWidth) {
  BundleImport options = example();
  write_safetensors(scratch("narrow"),
                    {{"hidden_layer.weight", make_float_tensor({1, 3}, std::vector<float>(3))},
                     {"hidden_layer.bias", make_float_tensor({1}, std::vector<float>(1))},
                     {"bn1.weight", make_float_tensor({1}, std::vector<float>(1))},
                     {"bn1.bias", make_float_tensor({1}, std::vector<float>(1))},
                     {"bn1.running_mean", make_float_tensor({1}, std::vector<float>(1))},
                     {"bn1.running_var", make_float_tensor({1}, std::vector<float>(1))},
                     {"output_layer.weight", make_float_tensor({2, 1}, std::vector<float>(2))},
                     {"output_layer.bias", make_float_tensor({2}, std::vector<float>(2))}});
  options.classifiers = {{300, scratch("narrow")}};
  EXPECT_EQ(
      model_error([&] { import_bundle(options); }),
      scratch("narrow") +
          ": the classifier takes 3 values, but the encoders give 12 + 16 = 28; it was trained "
          "with other encoders");
}

TEST_F(BundleTest, ChecksItsOptions) {
  const auto refused = [&](const std::function<void(BundleImport&)>& change) {
    BundleImport options = example();
    change(options);
    try {
      import_bundle(options);
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_EQ(refused([](auto& o) { o.name = ""; }), "a bundle needs a name");
  EXPECT_EQ(refused([](auto& o) { o.classifiers.clear(); }),
            "a bundle needs at least one classifier");
  EXPECT_EQ(refused([](auto& o) { o.output_folder = ""; }), "a bundle needs an output folder");
  EXPECT_THAT(refused([](auto& o) { o.classifiers[1].expected_length = 500; }),
              HasSubstr("a second classifier for the expected length 500"));
  EXPECT_THAT(refused([](auto& o) { o.classifiers[1].expected_length = 0; }),
              HasSubstr("at least 1"));
  EXPECT_THAT(entries(), IsEmpty());
}

TEST_F(BundleTest, SaysWhatIsWrongWithACard) {
  import_bundle(example());
  const std::string path = scratch("tiny/bundle.json");
  const std::string card = read_all(path);
  const auto error_with = [&](const std::string& from, const std::string& to) {
    write_all(path, replaced(card, from, to));
    std::string text = model_error([&] { Bundle::open(scratch("tiny")); });
    if (text.starts_with(path)) text.erase(0, path.size());
    return text;
  };
  EXPECT_EQ(error_with("\"format_version\": 1", "\"format_version\": 3"),
            ": 'format_version': is 3, this program reads up to 2; update it");
  EXPECT_EQ(error_with("virnucpro-bundle", "zip"),
            ": 'format': is 'zip', expected 'virnucpro-bundle'");
  EXPECT_EQ(error_with("\"name\": \"tiny\"", "\"name\": 5"),
            ": 'name': expected a string, found number");
  EXPECT_EQ(error_with("\"license\": \"MIT\",", ""), ": 'license': missing, expected a string");
  EXPECT_EQ(error_with("\"esm2.safetensors\"", "\"../esm2.safetensors\""),
            ": 'esm2.file': is '../esm2.safetensors', expected the name of a file in the bundle's "
            "folder");
  EXPECT_THAT(error_with("\"esm2.safetensors\"", "\"..\""), HasSubstr("'esm2.file': is '..'"));
  EXPECT_THAT(error_with("\"esm2.safetensors\"", "\"\""), HasSubstr("'esm2.file': is ''"));
  EXPECT_EQ(error_with("\"num_layers\": 2", "\"num_layers\": 2.5"),
            ": 'esm2.config.num_layers': expected a whole number, found number");
  EXPECT_EQ(error_with("\"attention_heads\": 4", "\"attention_heads\": -4"),
            ": 'esm2.config.attention_heads': is -4, expected 1 to 1073741824");
  EXPECT_EQ(error_with("\"expected_length\": 300", "\"expected_length\": 500"),
            ": 'classifiers': two of them are for the expected length 500");
  EXPECT_EQ(error_with("\"hidden_dim\": 8", "\"width\": 8"),
            ": 'classifiers[0].config.hidden_dim': missing, expected a whole number");
  EXPECT_THAT(error_with("\"sha256\": \"", "\"sha256\": \"X"),
              HasSubstr("expected 64 hexadecimal digits"));
  EXPECT_THAT(error_with("{", "["), HasSubstr(": not valid JSON"));
}

TEST_F(BundleTest, KeepsKeysItDoesNotKnow) {
  import_bundle(example());
  const std::string path = scratch("tiny/bundle.json");
  std::string card = replaced(read_all(path), "\"name\"", "\"authors\": [\"A\"],\n  \"name\"");
  card = replaced(card, "\"training_data\": \"none\"", R"("training_data": {"records":3})");
  write_all(path, card);
  const BundleInfo info = Bundle::open(scratch("tiny")).info();
  EXPECT_EQ(info.extra_json, R"({"authors":["A"]})");
  EXPECT_EQ(info.training_data, R"({"records":3})");
}

TEST_F(BundleTest, DerivesOneWithANewClassifier) {
  BundleInfo made = import_bundle(example());
  // Another classifier already has the name of the new one.
  const std::string tiny = scratch("tiny");
  fs::rename(tiny + "/classifier_300.safetensors", tiny + "/classifier_500.safetensors.old");
  fs::rename(tiny + "/classifier_500.safetensors", tiny + "/spare.safetensors");
  fs::rename(tiny + "/classifier_500.safetensors.old", tiny + "/classifier_500.safetensors");
  made.classifiers[0].part.file = "classifier_500.safetensors";
  made.classifiers[1].part.file = "spare.safetensors";
  made.extra_json = R"({"contact":"somebody"})";
  write_all(tiny + "/bundle.json", format_bundle_card(made));
  const Bundle base = Bundle::open(tiny);

  BundleDerivation options;
  options.output_folder = scratch("derived");
  options.name = "derived";
  options.training_data = R"({"labels":"abc"})";
  options.expected_length = 500;
  options.input_dim = base.info().classifiers[0].input_dim;
  options.hidden_dim = 2;
  const std::vector<float> values(static_cast<std::size_t>(2 * options.input_dim), 0.25f);
  options.tensors = {
      {"hidden_layer.weight", make_float_tensor({2, options.input_dim}, values)},
      {"output_layer.weight", make_float_tensor({2, 2}, std::span(values).first(4))}};
  for (const char* name : {"hidden_layer.bias", "bn1.weight", "bn1.bias", "bn1.running_mean",
                           "bn1.running_var", "output_layer.bias"}) {
    options.tensors.emplace(name, make_float_tensor({2}, std::span(values).first(2)));
  }
  options.more_files = {{"training.tsv", "fitted\n"}};
  derive_bundle(base, options);
  const Bundle derived = Bundle::open(scratch("derived"));
  EXPECT_THAT(derived.problems(), IsEmpty());
  EXPECT_THAT(derived.expected_lengths(), ElementsAre(300, 500));
  EXPECT_EQ(derived.info().license, "MIT");
  EXPECT_EQ(derived.info().training_data, R"({"labels":"abc"})");
  EXPECT_EQ(derived.info().extra_json, R"({"contact":"somebody"})");
  EXPECT_EQ(derived.info().esm2.sha256, made.esm2.sha256);
  EXPECT_EQ(derived.info().classifiers[0].part.sha256, made.classifiers[0].part.sha256);
  EXPECT_EQ(derived.info().classifiers[0].part.file, "classifier_300.safetensors");
  EXPECT_EQ(derived.classifier(500).hidden_dim, 2);
  EXPECT_EQ(read_all(scratch("derived/training.tsv")), "fitted\n");

  std::stop_source stopped;
  stopped.request_stop();
  options.force = true;
  EXPECT_THROW(derive_bundle(base, options, stopped.get_token()), Interrupted);
  EXPECT_THAT(verify_bundle(scratch("derived")), IsEmpty()) << "the one before is still there";
  options.force = false;
  EXPECT_THROW(derive_bundle(base, options), ConfigError);
  EXPECT_THROW(require_free_bundle_folder(scratch("derived"), false), ConfigError);
  EXPECT_NO_THROW(require_free_bundle_folder(scratch("derived"), true));
  write_all(tiny + "/spare.safetensors", "damaged");
  options.force = true;
  derive_bundle(base, options);  // does not need that one
  write_all(tiny + "/classifier_500.safetensors", "damaged");
  EXPECT_THAT(model_error([&] { derive_bundle(base, options); }), HasSubstr("has the SHA-256"));
  EXPECT_THAT(verify_bundle(scratch("derived")), IsEmpty()) << "the one before is still there";
}

TEST(EmbeddedModel, IsAWholeBundle) {
  EXPECT_THAT(verify_bundle(std::string(VIRNUCPRO_SOURCE_DIR) + "/models/mini"), IsEmpty());
}

}  // namespace
}  // namespace virnucpro
