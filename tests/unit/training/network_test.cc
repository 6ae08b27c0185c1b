// The network's gradient against finite differences, its norm against the formulas.
#include "training/network.h"

#include <gtest/gtest.h>

#include <cmath>

#include "unit/training/toy_frames.h"

namespace virnucpro {
namespace {

constexpr NetworkShape kShape = {5, 37};  // more units than a block
constexpr std::size_t kFrames = 11;

struct Example {
  explicit Example(double dropout) {
    Random random(9);
    for (std::size_t i = 0; i < kFrames * kShape.inputs; ++i) {
      features.push_back(test::normal(random));
    }
    for (std::size_t i = 0; i < kFrames; ++i) {
      is_virus.push_back(i % 3 == 0 ? 1 : 0);
      weights.push_back(0.5 + random.uniform());
    }
    if (dropout == 0.0) return;
    for (std::size_t i = 0; i < kFrames * kShape.hidden; ++i) {
      mask.push_back(random.uniform() < dropout ? 0.0 : 1.0 / (1.0 - dropout));
    }
  }
  TrainingBatch<double> batch() const { return {features, is_virus, weights, mask}; }

  std::vector<double> features;
  std::vector<std::uint8_t> is_virus;
  std::vector<double> weights;
  std::vector<double> mask;
};

class NetworkGradient : public testing::TestWithParam<double> {};

TEST_P(NetworkGradient, IsThatOfFiniteDifferences) {
  WorkerGroup workers(2);
  Random random(4);
  Network<double> network(kShape, random, workers);
  // Away from where the norm starts, so that its gradient has work to do.
  for (double& value : network.state().parameters) value += 0.3 * test::normal(random);
  const Example example(GetParam());
  std::vector<double> gradient(kShape.parameters());
  std::vector<double> ignored(kShape.parameters());
  network.train(example.batch(), gradient);
  constexpr double kStep = 1e-6;
  for (std::size_t i = 0; i < kShape.parameters(); ++i) {
    double& parameter = network.state().parameters[i];
    const double at = parameter;
    parameter = at + kStep;
    const double above = network.train(example.batch(), ignored);
    parameter = at - kStep;
    const double below = network.train(example.batch(), ignored);
    parameter = at;
    EXPECT_NEAR(gradient[i], (above - below) / (2.0 * kStep), 1e-7) << "parameter " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Dropout, NetworkGradient, testing::Values(0.0, 0.4));

TEST(Network, RunningStatisticsFollowTheBatchesAsInPyTorch) {
  WorkerGroup workers(1);
  Random random(4);
  Network<double> network(kShape, random, workers);
  const Example example(0.0);
  std::vector<double> gradient(kShape.parameters());
  network.train(example.batch(), gradient);
  network.train(example.batch(), gradient);
  const std::vector<double>& parameters = network.state().parameters;
  for (std::size_t unit = 0; unit < kShape.hidden; ++unit) {
    std::vector<double> values(kFrames, parameters[kShape.hidden_bias() + unit]);
    double mean = 0.0;
    for (std::size_t frame = 0; frame < kFrames; ++frame) {
      for (std::size_t i = 0; i < kShape.inputs; ++i) {
        values[frame] +=
            parameters[unit * kShape.inputs + i] * example.features[frame * kShape.inputs + i];
      }
      mean += values[frame] / kFrames;
    }
    double unbiased = 0.0;
    for (const double value : values) unbiased += (value - mean) * (value - mean) / (kFrames - 1);
    // Two steps of momentum 0.1 from 0 and from 1.
    EXPECT_NEAR(network.state().running_mean[unit], 0.19 * mean, 1e-12);
    EXPECT_NEAR(network.state().running_variance[unit], 0.81 + 0.19 * unbiased, 1e-12);
  }
}

TEST(Network, StartsWithinTheBoundsOfTheLayersInputs) {
  WorkerGroup workers(1);
  Random random(4);
  const Network<float> network({100, 25}, random, workers);
  const NetworkShape& shape = network.shape();
  double largest = 0.0;
  for (std::size_t i = 0; i < shape.norm_weight(); ++i) {
    largest = std::max(largest, std::abs(double{network.state().parameters[i]}));
  }
  EXPECT_LE(largest, 0.1);
  EXPECT_GT(largest, 0.099);
  EXPECT_EQ(network.state().parameters[shape.norm_weight()], 1.0f);
  EXPECT_EQ(network.state().parameters[shape.norm_bias()], 0.0f);
}

TEST(Network, CrossEntropyIsFiniteForLargeMargins) {
  EXPECT_DOUBLE_EQ(cross_entropy(0.0, true), std::log(2.0));
  EXPECT_DOUBLE_EQ(cross_entropy(1000.0, false), 1000.0);
  EXPECT_DOUBLE_EQ(cross_entropy(1000.0, true), 0.0);
  EXPECT_NEAR(cross_entropy(2.0, true), std::log1p(std::exp(-2.0)), 1e-15);
}

}  // namespace
}  // namespace virnucpro
