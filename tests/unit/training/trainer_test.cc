// Whole trainings on toy frames, and the fitted classifier in the program's own.
#include "training/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "backend/cpu/cpu_backend.h"
#include "base/errors.h"
#include "evaluation/metrics.h"
#include "models/classifier.h"
#include "unit/training/toy_frames.h"

namespace virnucpro {
namespace {

using testing::HasSubstr;

TrainingSettings small_settings() {
  TrainingSettings settings;
  settings.hidden = 40;
  settings.batch = 32;
  settings.epochs = 12;
  settings.dropout = 0.2;
  settings.patience = 0;
  return settings;
}

TrainingResult train(const FrameSet& frames, const TrainingSettings& settings,
                     std::size_t threads = 1, double share = 0.25) {
  WorkerGroup workers(threads);
  return train_classifier(frames, split_by_source(frames.truth, share, 1), settings, workers);
}

Classifier program_classifier(const FittedClassifier& fitted, Backend& backend) {
  const auto hidden = static_cast<std::int64_t>(fitted.shape.hidden);
  const auto inputs = static_cast<std::int64_t>(fitted.shape.inputs);
  const auto part = [&](std::size_t first, Shape shape) {
    const auto count = static_cast<std::size_t>(shape.elements());
    return make_float_tensor(shape, std::span(fitted.state.parameters).subspan(first, count));
  };
  TensorSource source("fitted");
  source.add("hidden_layer.weight", part(fitted.shape.hidden_weight(), {hidden, inputs}));
  source.add("hidden_layer.bias", part(fitted.shape.hidden_bias(), {hidden}));
  source.add("bn1.weight", part(fitted.shape.norm_weight(), {hidden}));
  source.add("bn1.bias", part(fitted.shape.norm_bias(), {hidden}));
  source.add("bn1.running_mean", make_float_tensor({hidden}, fitted.state.running_mean));
  source.add("bn1.running_var", make_float_tensor({hidden}, fitted.state.running_variance));
  source.add("output_layer.weight", part(fitted.shape.output_weight(), {2, hidden}));
  source.add("output_layer.bias", part(fitted.shape.output_bias(), {2}));
  return Classifier(make_classifier_weights(std::move(source), kNormEps), backend);
}

TEST(Trainer, SeparatesClassesThatLieApart) {
  const FrameSet frames = test::toy_frames({});
  for (const OptimizerKind kind : {OptimizerKind::kAdamW, OptimizerKind::kSgd}) {
    TrainingSettings settings = small_settings();
    settings.optimizer = kind;
    settings.learning_rate = 0.01;
    const TrainingResult result = train(frames, settings);
    EXPECT_GT(result.epochs.at(result.best_epoch - 1).auroc, 0.99);
    EXPECT_LT(result.epochs.back().training_loss, result.epochs.front().training_loss);
  }
}

TEST(Trainer, TheProgramsClassifierScoresAsTheNetworkDid) {
  const FrameSet frames = test::toy_frames({.distance = 0.4});
  const FrameSplit split = split_by_source(frames.truth, 0.25, 1);
  WorkerGroup workers(1);
  Random random(5);
  Network<float> network({frames.width, 40}, random, workers);
  const Standardization standardization = standardization_of(frames, split.training);
  std::vector<float> features(frames.features.size());
  std::vector<std::uint8_t> is_virus;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    standardization.apply(frames.row(i),
                          std::span(features).subspan(i * frames.width, frames.width));
    is_virus.push_back(frames.truth[i].is_virus ? 1 : 0);
  }
  const std::vector<float> weights(frames.size(), 1.0f);
  std::vector<float> gradient(network.shape().parameters());
  Optimizer<float> optimizer(OptimizerKind::kAdamW, 0.0, gradient.size());
  for (int step = 0; step < 30; ++step) {
    network.train({features, is_virus, weights, {}}, gradient);
    optimizer.step(0.01, gradient, network.state().parameters);
  }
  std::vector<double> margins(frames.size());
  network.margins(features, margins);

  CpuBackend backend(1);
  Workspace workspace(backend);
  const Classifier classifier =
      program_classifier(without_standardization(network, standardization), backend);
  std::vector<float> scores(2 * frames.size());
  classifier.predict(backend, workspace, frames.features, scores);
  double spread = 0.0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    EXPECT_NEAR(scores[2 * i + 1], 1.0 / (1.0 + std::exp(-margins[i])), 1e-5) << i;
    spread = std::max(spread, std::abs(margins[i]));
  }
  EXPECT_GT(spread, 1.0) << "scores that say something";
}

TEST(Trainer, ReportsWhatTheFittedClassifierReaches) {
  const FrameSet frames = test::toy_frames({.distance = 0.3});
  const FrameSplit split = split_by_source(frames.truth, 0.25, 1);
  const TrainingResult result = train(frames, small_settings());
  CpuBackend backend(1);
  Workspace workspace(backend);
  const Classifier classifier = program_classifier(result.classifier, backend);
  std::vector<JudgedItem> chunks;
  std::vector<float> best = {0, 0};
  for (std::size_t i = 0; i < split.validation.size(); ++i) {
    const std::size_t frame = split.validation[i];
    const FrameTruth& truth = frames.truth[frame];
    std::vector<float> scores(2);
    classifier.predict(backend, workspace, frames.row(frame), scores);
    if (i == 0 || frames.truth[split.validation[i - 1]].chunk != truth.chunk) {
      chunks.push_back({0.0, truth.is_virus, truth.source, truth.group, 0});
      best = {0, 0};
    }
    for (std::size_t c = 0; c < 2; ++c) best[c] = std::max(best[c], scores[c]);
    chunks.back().score = double{best[1]} / (double{best[0]} + double{best[1]});
  }
  EXPECT_LT(chunks.size(), split.validation.size()) << "some chunks have two frames";
  const MetricValues values = Ranking(chunks, 0.5).metrics();
  const EpochMetrics& reported = result.epochs.at(result.best_epoch - 1);
  EXPECT_NEAR(reported.auroc, values[static_cast<std::size_t>(Metric::kAuroc)], 2e-3);
  EXPECT_NEAR(reported.mcc, values[static_cast<std::size_t>(Metric::kMcc)], 2e-2);
}

TEST(Trainer, GivesTheSameBitsForAnyNumberOfThreads) {
  const FrameSet frames = test::toy_frames({.distance = 0.5});
  TrainingSettings settings = small_settings();
  settings.epochs = 4;
  const TrainingResult one = train(frames, settings, 1);
  const TrainingResult three = train(frames, settings, 3);
  EXPECT_EQ(one.classifier.state.parameters, three.classifier.state.parameters);
  EXPECT_EQ(one.classifier.state.running_variance, three.classifier.state.running_variance);
  settings.seed = 2;
  EXPECT_NE(one.classifier.state.parameters, train(frames, settings).classifier.state.parameters);
}

// Few frames and a wide network: it memorises them, and its results on others get worse.
struct Overfitting {
  Overfitting() : frames(test::toy_frames({.frames_of_source = 4, .width = 30, .distance = 0.25})) {
    settings.hidden = 256;
    settings.epochs = 40;
    settings.batch = 16;
    settings.dropout = 0.0;
    settings.learning_rate = 0.01;
    settings.schedule = Schedule::kConstant;
    settings.patience = 0;
  }
  FrameSet frames;
  TrainingSettings settings;
};

TEST(Trainer, KeepsTheStateOfTheBestEpochAndNotTheLast) {
  Overfitting example;
  const TrainingResult all = train(example.frames, example.settings);
  ASSERT_LT(all.best_epoch, example.settings.epochs);
  EXPECT_LT(all.epochs.back().auroc, all.epochs.at(all.best_epoch - 1).auroc);
  for (const EpochMetrics& epoch : all.epochs) {
    EXPECT_LE(epoch.auroc, all.epochs.at(all.best_epoch - 1).auroc);
  }
  example.settings.epochs = all.best_epoch;
  const TrainingResult until_best = train(example.frames, example.settings);
  EXPECT_EQ(until_best.best_epoch, all.best_epoch);
  EXPECT_EQ(until_best.classifier.state.parameters, all.classifier.state.parameters);
  EXPECT_EQ(until_best.classifier.state.running_mean, all.classifier.state.running_mean);
}

TEST(Trainer, StopsWhenItHasWaitedLongEnough) {
  Overfitting example;
  example.settings.patience = 3;
  const TrainingResult result = train(example.frames, example.settings);
  ASSERT_LT(result.epochs.size(), example.settings.epochs);
  EXPECT_EQ(result.epochs.size(), result.best_epoch + 3);
}

TEST(Trainer, WithoutValidationTheLastEpochIsKept) {
  TrainingSettings settings = small_settings();
  settings.epochs = 3;
  settings.patience = 1;
  const TrainingResult result = train(test::toy_frames({}), settings, 1, 0.0);
  EXPECT_EQ(result.epochs.size(), 3u);
  EXPECT_EQ(result.best_epoch, 3u);
  EXPECT_TRUE(std::isnan(result.epochs.back().auroc));
}

TEST(Trainer, EverySettingChangesTheResult) {
  const FrameSet frames = test::toy_frames({.sources = 41, .distance = 0.4});
  TrainingSettings plain = small_settings();
  plain.epochs = 4;
  const std::vector<float> expected = train(frames, plain).classifier.state.parameters;
  const auto differs = [&](auto change) {
    TrainingSettings settings = plain;
    change(settings);
    return train(frames, settings).classifier.state.parameters != expected;
  };
  EXPECT_TRUE(differs([](TrainingSettings& s) { s.optimizer = OptimizerKind::kSgd; }));
  EXPECT_TRUE(differs([](TrainingSettings& s) { s.schedule = Schedule::kStep; }));
  EXPECT_TRUE(differs([](TrainingSettings& s) { s.schedule = Schedule::kConstant; }));
  EXPECT_TRUE(differs([](TrainingSettings& s) { s.learning_rate = 0.002; }));
  EXPECT_TRUE(differs([](TrainingSettings& s) { s.weight_decay = 0.1; }));
  EXPECT_TRUE(differs([](TrainingSettings& s) { s.batch = 20; }));
  EXPECT_TRUE(differs([](TrainingSettings& s) { s.dropout = 0.0; }));
  EXPECT_TRUE(differs([](TrainingSettings& s) { s.balance = Balance::kNone; }));
  EXPECT_TRUE(differs([](TrainingSettings& s) { s.balance = Balance::kClasses; }));
}

TEST(Trainer, SaysWhenTheRateIsTooLarge) {
  TrainingSettings settings = small_settings();
  settings.optimizer = OptimizerKind::kSgd;
  settings.learning_rate = 1e30;
  try {
    train(test::toy_frames({}), settings);
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("Use a smaller --learning-rate"));
  }
}

TEST(Trainer, StopsOnRequest) {
  const FrameSet frames = test::toy_frames({});
  WorkerGroup workers(1);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(train_classifier(frames, split_by_source(frames.truth, 0.25, 1), small_settings(),
                                workers, {}, stop.get_token()),
               Interrupted);
}

}  // namespace
}  // namespace virnucpro
