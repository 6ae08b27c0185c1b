// Fits a classifier to frames and keeps its best state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <vector>

#include "base/worker_group.h"
#include "training/balance.h"
#include "training/frame_set.h"
#include "training/network.h"
#include "training/optimizer.h"
#include "training/source_split.h"
#include "training/standardization.h"

namespace virnucpro {

struct TrainingSettings {
  OptimizerKind optimizer = OptimizerKind::kAdamW;
  Schedule schedule = Schedule::kCosine;
  double learning_rate = 0.001;
  double weight_decay = 0.01;
  std::size_t epochs = 30;
  std::size_t batch = 256;  ///< frames of one step, at least
  std::size_t hidden = 512;
  double dropout = 0.5;      ///< share of hidden values that a step leaves out
  std::size_t patience = 5;  ///< stops after so many epochs without a better one; 0: never
  Balance balance = Balance::kGroups;
  std::uint64_t seed = 1;
};

/// Validation figures are NaN where nothing was held out. Losses are balanced as in training; the
/// other figures count each chunk once.
struct EpochMetrics {
  std::size_t epoch = 0;  ///< from 1
  double learning_rate = 0.0;
  double training_loss = 0.0;  ///< mean over the epoch, with dropout
  double validation_loss = 0.0;
  double auroc = 0.0;
  double auprc = 0.0;
  double accuracy = 0.0;  ///< this and the next at a score of 0.5
  double mcc = 0.0;
};

/// Takes features without standardisation, which is part of the hidden layer.
struct FittedClassifier {
  NetworkShape shape;
  NetworkState<float> state;
};

struct TrainingResult {
  FittedClassifier classifier;
  std::vector<EpochMetrics> epochs;
  std::size_t best_epoch = 0;  ///< from 1: the classifier has this epoch's state
};

/// Turns the network of standardised features into one that takes features as they are.
FittedClassifier without_standardization(const Network<float>& network,
                                         const Standardization& standardization);

/// The best epoch has the highest validation AUROC of chunks and, among equal ones, the lower
/// validation loss; it is the last one where nothing is held out. Training has at least two frames.
/// The same frames, split and settings give the same bits, whatever the number of workers. Calls
/// `on_epoch` after each epoch. Throws ConfigError when the loss is no longer finite; Interrupted.
TrainingResult train_classifier(const FrameSet& frames, const FrameSplit& split,
                                const TrainingSettings& settings, WorkerGroup& workers,
                                const std::function<void(const EpochMetrics&)>& on_epoch = {},
                                const std::stop_token& stop = {});

}  // namespace virnucpro
