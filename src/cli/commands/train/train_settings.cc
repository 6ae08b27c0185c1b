#include "cli/commands/train/train_settings.h"

#include <array>

#include "config/resolve.h"

namespace virnucpro::cli {
namespace {

/// The usual rate of each optimizer; AdamW's steps do not grow with the gradient.
double usual_rate(OptimizerKind optimizer) {
  return optimizer == OptimizerKind::kSgd ? 0.01 : 0.001;
}

}  // namespace

TrainSettings train_settings(const std::vector<std::string>& arguments,
                             const GivenOptions& options) {
  require_inputs(arguments);
  TrainSettings settings;
  settings.inputs = arguments;
  settings.run = run_settings(options);
  TrainRequest& request = settings.request;
  options.store("labels", request.labels);
  options.store("frames", request.frames);
  options.store("output-dir", request.output);
  options.store("name", request.name);
  options.store("force", request.force);
  options.store("hidden", request.hidden);
  options.store("validation-share", request.validation_share);
  request.threads = settings.run.threads;
  TrainingSettings& training = request.settings;
  options.store("optimizer", training.optimizer,
                std::array{OptimizerKind::kAdamW, OptimizerKind::kSgd});
  options.store("schedule", training.schedule,
                std::array{Schedule::kCosine, Schedule::kStep, Schedule::kConstant});
  training.learning_rate = usual_rate(training.optimizer);
  options.store("learning-rate", training.learning_rate);
  options.store("weight-decay", training.weight_decay);
  options.store("epochs", training.epochs);
  options.store("patience", training.patience);
  options.store("batch", training.batch);
  options.store("dropout", training.dropout);
  options.store("balance", training.balance,
                std::array{Balance::kGroups, Balance::kClasses, Balance::kNone});
  options.store("seed", training.seed);
  return settings;
}

}  // namespace virnucpro::cli
