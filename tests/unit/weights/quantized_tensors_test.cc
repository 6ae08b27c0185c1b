// Weights that are stored in 8 bits: what belongs to them, and files in which it does not fit.
#include "weights/quantized_tensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>

#include "unit/weights/weights_test_data.h"

namespace virnucpro {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kRows = 3, kInputs = 8;

template <typename T>
HostTensor tensor_of(DataType type, Shape shape, std::vector<T> values) {
  const auto owned = std::make_shared<std::vector<T>>(std::move(values));
  return {type, std::move(shape), reinterpret_cast<const std::byte*>(owned->data()), owned};
}

using Tensors = std::map<std::string, HostTensor>;

Tensors sound() {
  std::vector<std::int8_t> values(kRows * kInputs);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int8_t>(i);
  return {{"w", tensor_of(DataType::kInt8, {kRows, kInputs}, values)},
          {"w.scales", make_float_tensor({kRows}, std::vector<float>{0.5f, 1.0f, 2.0f})},
          {"w.columns", tensor_of<std::int32_t>(DataType::kInt32, {2}, {1, 6})},
          {"w.kept", convert(make_float_tensor({kRows, 2}, std::vector<float>(6, 0.25f)),
                             DataType::kFloat16)}};
}

TensorSource source_of(Tensors tensors) {
  TensorSource source("file");
  for (auto& [name, tensor] : tensors) source.add(name, std::move(tensor));
  return source;
}

const std::vector<ExpectedTensor> kExpected = {{"w", {kRows, kInputs}}};

TEST(QuantizedTensors, AreTakenWithAllThatBelongsToThem) {
  TensorSource source = source_of(sound());
  EXPECT_NO_THROW(source.require_exactly(kExpected));
  EXPECT_TRUE(is_quantized(source, "w"));
  const StoredWeight weight = take_quantized(source, "w", {kRows, kInputs});
  EXPECT_EQ(weight.columns, (std::vector<std::int32_t>{1, 6}));
  EXPECT_EQ(weight.rows.values.type, DataType::kInt8);
  EXPECT_EQ(to_floats(weight.rows.scales), (std::vector<float>{0.5f, 1.0f, 2.0f}));
  EXPECT_NO_THROW(source.expect_all_taken());
}

TEST(QuantizedTensors, NeedNoColumns) {
  Tensors tensors = sound();
  tensors.erase("w.columns");
  tensors.erase("w.kept");
  TensorSource source = source_of(std::move(tensors));
  EXPECT_NO_THROW(source.require_exactly(kExpected));
  EXPECT_TRUE(take_quantized(source, "w", {kRows, kInputs}).columns.empty());
}

TEST(QuantizedTensors, AreRefusedWhereAPartDoesNotFit) {
  struct Damage {
    const char* what;
    std::function<void(Tensors&)> make;
    const char* said;
  };
  const std::vector<Damage> damages = {
      {"a float weight",
       [](Tensors& t) {
         t["w"] = make_float_tensor({kRows, kInputs}, std::vector<float>(kRows * kInputs));
       },
       "expected int8 or float8_e4m3, since it has scales"},
      {"another shape",
       [](Tensors& t) {
         t["w"].shape = {kInputs, kRows};
       },
       "[8, 3]"},
      {"too few scales",
       [](Tensors& t) { t["w.scales"] = make_float_tensor({2}, std::vector<float>(2)); },
       "w.scales"},
      {"no kept weights", [](Tensors& t) { t.erase("w.kept"); }, "'w.kept' is missing"},
      {"kept weights of other columns",
       [](Tensors& t) {
         t["w.kept"] =
             convert(make_float_tensor({kRows, 3}, std::vector<float>(9)), DataType::kFloat16);
       },
       "w.kept"},
      {"columns of floats",
       [](Tensors& t) {
         t["w.columns"] = make_float_tensor({2}, std::vector<float>{1, 6});
       },
       "a list of int32"},
      {"a column out of range",
       [](Tensors& t) {
         t["w.columns"] = tensor_of<std::int32_t>(DataType::kInt32, {2}, {1, 8});
       },
       "expected rising columns below 8"},
      {"a negative column",
       [](Tensors& t) {
         t["w.columns"] = tensor_of<std::int32_t>(DataType::kInt32, {2}, {-1, 2});
       },
       "expected rising columns below 8"},
      {"the same column twice",
       [](Tensors& t) {
         t["w.columns"] = tensor_of<std::int32_t>(DataType::kInt32, {2}, {5, 5});
       },
       "expected rising columns below 8"}};
  for (const Damage& damage : damages) {
    Tensors tensors = sound();
    damage.make(tensors);
    TensorSource source = source_of(std::move(tensors));
    EXPECT_THAT(model_error([&] {
                  source.require_exactly(kExpected);
                  take_quantized(source, "w", {kRows, kInputs});
                }),
                HasSubstr(damage.said))
        << damage.what;
  }
}

TEST(QuantizedTensors, OfADenseLayerAreNumberedAsTheyAreComputed) {
  const DenseWeights esm =
      dense_weights(Esm2Config{.num_layers = 2, .embed_dim = 8, .attention_heads = 2});
  EXPECT_EQ(esm.size(), 12u);
  EXPECT_EQ(esm[2], (std::pair<std::string, std::size_t>{"layers.0.self_attn.v_proj.weight", 0}));
  EXPECT_EQ(esm[11], (std::pair<std::string, std::size_t>{"layers.1.fc2.weight", 7}));
  const DenseWeights dna = dense_weights(DnabertSConfig{.num_hidden_layers = 1});
  EXPECT_EQ(dna[2],
            (std::pair<std::string, std::size_t>{"encoder.layer.0.mlp.gated_layers.weight", 2}));
}

}  // namespace
}  // namespace virnucpro
