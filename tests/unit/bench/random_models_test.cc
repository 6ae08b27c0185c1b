// Random weights: the right shapes, harmless values, the same every time.
#include "bench/random_models.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "devices/devices.h"

namespace virnucpro {
namespace {

constexpr Esm2Config kTiny = {.num_layers = 1, .embed_dim = 64, .attention_heads = 2};

std::vector<float> values_of(const std::string& name, const Shape& shape) {
  return to_floats(random_esm2(kTiny).tensors.take(name, shape));
}

TEST(RandomModels, KeepTheVarianceOfTheirInputs) {
  const std::vector<float> weight = values_of("layers.0.fc1.weight", {256, 64});
  double sum = 0.0;
  double squares = 0.0;
  for (const float value : weight) {
    sum += value;
    squares += static_cast<double>(value) * value;
  }
  const auto count = static_cast<double>(weight.size());
  EXPECT_NEAR(sum / count, 0.0, 0.01);
  EXPECT_NEAR(squares / count * 64, 1.0, 0.05);
  const std::vector<float> gain = values_of("layers.0.final_layer_norm.weight", {64});
  EXPECT_TRUE(std::all_of(gain.begin(), gain.end(), [](float value) { return value == 1.0f; }));
}

TEST(RandomModels, AreTheSameEveryTimeAndDifferFromTensorToTensor) {
  const Shape shape{64, 64};
  const std::vector<float> first = values_of("layers.0.self_attn.q_proj.weight", shape);
  EXPECT_EQ(values_of("layers.0.self_attn.q_proj.weight", shape), first);
  EXPECT_NE(values_of("layers.0.self_attn.k_proj.weight", shape), first);
}

TEST(RandomModels, DoNotDependOnWhoMakesThem) {
  // Wide enough for several blocks of one tensor.
  constexpr Esm2Config wide = {.num_layers = 1, .embed_dim = 512, .attention_heads = 8};
  const auto values = [&](std::size_t threads) {
    return to_floats(random_esm2(wide, threads).tensors.take("layers.0.fc1.weight", {2048, 512}));
  };
  const std::vector<float> one = values(1);
  EXPECT_EQ(values(3), one);
  // No block repeats the one before.
  const std::size_t half = one.size() / 2;
  EXPECT_FALSE(std::equal(one.begin(), one.begin() + 1000, one.begin() + static_cast<long>(half)));
}

TEST(RandomModels, FitTogetherAlsoWithoutOneEncoder) {
  const auto backend = create_backend("cpu", 1);
  for (const char* name : {"mini", "dnabert-117m"}) {
    ModelShapes shapes = shapes_named(name);
    if (shapes.dnabert_s) shapes.dnabert_s->num_hidden_layers = 1;
    const LoadedModels models = random_models(shapes, 500, Precision::kFp16, *backend);
    EXPECT_EQ(models.classifier->input_width(), models.dnabert_s->width() + models.esm2->width());
  }
}

}  // namespace
}  // namespace virnucpro
