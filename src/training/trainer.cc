#include "training/trainer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/stop.h"
#include "evaluation/metrics.h"

namespace virnucpro {
namespace {

/// Frames that are judged at once: enough for a fast product, few enough to need little memory.
constexpr std::size_t kJudgedAtOnce = 1024;

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

class Trainer {
 public:
  Trainer(const FrameSet& frames, const FrameSplit& split, const TrainingSettings& settings,
          WorkerGroup& workers, const std::stop_token& stop)
      : frames_(frames),
        split_(split),
        settings_(settings),
        stop_(stop),
        random_(settings.seed),
        standardization_(standardization_of(frames, split.training)),
        network_({frames.width, settings.hidden}, random_, workers),
        optimizer_(settings.optimizer, settings.weight_decay, network_.shape().parameters()),
        gradient_(network_.shape().parameters()),
        order_(split.training.size()),
        training_weights_(balance_weights(frames.truth, split.training, settings.balance)),
        validation_weights_(balance_weights(frames.truth, split.validation, settings.balance)) {
    for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = i;
  }

  TrainingResult run(const std::function<void(const EpochMetrics&)>& on_epoch);

 private:
  double train_epoch(double learning_rate);
  double train_step(std::span<const std::size_t> places, double learning_rate);
  void judge(EpochMetrics& metrics);
  void draw_mask(std::size_t size);
  void gather(std::span<const std::size_t> frames);
  bool is_better(const EpochMetrics& one, const EpochMetrics& other) const;

  const FrameSet& frames_;
  const FrameSplit& split_;
  const TrainingSettings& settings_;
  const std::stop_token& stop_;
  Random random_;
  Standardization standardization_;
  Network<float> network_;
  Optimizer<float> optimizer_;
  std::vector<float> gradient_;
  std::vector<std::size_t> order_;  // places in split_.training
  std::vector<float> training_weights_;
  std::vector<float> validation_weights_;
  // Reused from step to step.
  std::vector<std::size_t> rows_;
  std::vector<float> features_;
  std::vector<std::uint8_t> is_virus_;
  std::vector<float> weights_;
  std::vector<float> mask_;
};

TrainingResult Trainer::run(const std::function<void(const EpochMetrics&)>& on_epoch) {
  TrainingResult result;
  NetworkState<float> best;
  for (std::size_t epoch = 0; epoch < settings_.epochs; ++epoch) {
    EpochMetrics metrics;
    metrics.epoch = epoch + 1;
    metrics.learning_rate =
        scheduled_rate(settings_.schedule, settings_.learning_rate, epoch, settings_.epochs);
    metrics.training_loss = train_epoch(metrics.learning_rate);
    judge(metrics);
    const double lasting = split_.validation.empty() ? 0.0 : metrics.validation_loss;
    if (!std::isfinite(metrics.training_loss) || !std::isfinite(lasting)) {
      throw ConfigError(
          fmt::format("the loss is no longer finite in epoch {}. Use a smaller --learning-rate.",
                      metrics.epoch));
    }
    result.epochs.push_back(metrics);
    if (on_epoch) on_epoch(metrics);
    if (result.best_epoch == 0 || is_better(metrics, result.epochs[result.best_epoch - 1])) {
      result.best_epoch = metrics.epoch;
      best = network_.state();
    }
    const std::size_t waited = metrics.epoch - result.best_epoch;
    if (settings_.patience > 0 && waited >= settings_.patience) break;
  }
  network_.state() = best;
  result.classifier = without_standardization(network_, standardization_);
  return result;
}

bool Trainer::is_better(const EpochMetrics& one, const EpochMetrics& other) const {
  if (split_.validation.empty()) return true;
  if (one.auroc != other.auroc) return one.auroc > other.auroc;
  return one.validation_loss < other.validation_loss;
}

double Trainer::train_epoch(double learning_rate) {
  random_.shuffle(order_);
  // As many equal parts as there are whole batches: a last one of a frame or two would have
  // statistics that are noise to the norm.
  const std::size_t count = order_.size();
  const std::size_t batches = std::max<std::size_t>(1, count / settings_.batch);
  double loss = 0.0;
  for (std::size_t i = 0; i < batches; ++i) {
    throw_if_stopped(stop_);
    const std::size_t first = count * i / batches;
    const std::size_t end = count * (i + 1) / batches;
    loss += train_step(std::span(order_).subspan(first, end - first), learning_rate) *
            static_cast<double>(end - first);
  }
  return loss / static_cast<double>(count);
}

double Trainer::train_step(std::span<const std::size_t> places, double learning_rate) {
  rows_.clear();
  is_virus_.clear();
  weights_.clear();
  for (const std::size_t place : places) {
    rows_.push_back(split_.training[place]);
    is_virus_.push_back(frames_.truth[rows_.back()].is_virus ? 1 : 0);
    weights_.push_back(training_weights_[place]);
  }
  gather(rows_);
  draw_mask(settings_.hidden * places.size());
  const double loss = network_.train({features_, is_virus_, weights_, mask_}, gradient_);
  optimizer_.step(learning_rate, gradient_, network_.state().parameters);
  return loss;
}

void Trainer::draw_mask(std::size_t size) {
  mask_.clear();
  if (settings_.dropout == 0.0) return;
  // The kept values grow, so that the sum stays the same on average.
  const auto kept = static_cast<float>(1.0 / (1.0 - settings_.dropout));
  // Four values from one number: a draw each would take as long as all products of the step.
  constexpr std::size_t kValues = 4;
  constexpr double kSteps = 65536.0;
  const auto left_out = static_cast<std::uint32_t>(std::lround(settings_.dropout * kSteps));
  mask_.resize(size);
  for (std::size_t i = 0; i < size; i += kValues) {
    std::uint64_t bits = random_.bits();
    for (std::size_t k = i; k < std::min(i + kValues, size); ++k, bits >>= 16) {
      mask_[k] = (bits & 0xFFFF) < left_out ? 0.0f : kept;
    }
  }
}

void Trainer::gather(std::span<const std::size_t> frames) {
  features_.resize(frames.size() * frames_.width);
  for (std::size_t i = 0; i < frames.size(); ++i) {
    standardization_.apply(frames_.row(frames[i]),
                           std::span(features_).subspan(i * frames_.width, frames_.width));
  }
}

/// As the rules of results do (report/rows.h): with more frames than one, the largest P(virus) over
/// the sum of the largest P(virus) and the largest P(others).
class ChunkScores {
 public:
  void add(const FrameTruth& truth, double p_virus) {
    if (items_.empty() || truth.chunk != chunk_) {
      chunk_ = truth.chunk;
      virus_ = others_ = 0.0;
      items_.push_back({0.0, truth.is_virus, truth.source, truth.group, 0});
    }
    virus_ = std::max(virus_, p_virus);
    others_ = std::max(others_, 1.0 - p_virus);
    items_.back().score = virus_ / (virus_ + others_);
  }
  const std::vector<JudgedItem>& items() const { return items_; }

 private:
  std::vector<JudgedItem> items_;
  std::uint64_t chunk_ = 0;
  double virus_ = 0.0;
  double others_ = 0.0;
};

void Trainer::judge(EpochMetrics& metrics) {
  metrics.validation_loss = metrics.auroc = metrics.auprc = metrics.accuracy = metrics.mcc =
      kUndefined;
  const std::vector<std::size_t>& held_out = split_.validation;
  if (held_out.empty()) return;
  ChunkScores chunks;
  double loss = 0.0;
  std::array<double, kJudgedAtOnce> margins{};
  for (std::size_t first = 0; first < held_out.size(); first += kJudgedAtOnce) {
    throw_if_stopped(stop_);
    const std::size_t count = std::min(kJudgedAtOnce, held_out.size() - first);
    const auto indices = std::span(held_out).subspan(first, count);
    gather(indices);
    network_.margins(features_, std::span(margins).first(count));
    for (std::size_t i = 0; i < count; ++i) {
      const FrameTruth& truth = frames_.truth[indices[i]];
      loss += double{validation_weights_[first + i]} * cross_entropy(margins[i], truth.is_virus);
      if (std::isfinite(margins[i])) chunks.add(truth, 1.0 / (1.0 + std::exp(-margins[i])));
    }
  }
  metrics.validation_loss = loss / static_cast<double>(held_out.size());
  if (!std::isfinite(metrics.validation_loss)) return;  // run() ends in this case
  constexpr double kThreshold = 0.5;
  const MetricValues values = Ranking(chunks.items(), kThreshold).metrics();
  metrics.auroc = values[static_cast<std::size_t>(Metric::kAuroc)];
  metrics.auprc = values[static_cast<std::size_t>(Metric::kAuprc)];
  metrics.accuracy = values[static_cast<std::size_t>(Metric::kAccuracy)];
  metrics.mcc = values[static_cast<std::size_t>(Metric::kMcc)];
}

}  // namespace

FittedClassifier without_standardization(const Network<float>& network,
                                         const Standardization& standardization) {
  FittedClassifier result{network.shape(), network.state()};
  std::vector<float>& parameters = result.state.parameters;
  for (std::size_t unit = 0; unit < result.shape.hidden; ++unit) {
    float* weight = parameters.data() + result.shape.hidden_weight() + unit * result.shape.inputs;
    double shift = 0.0;
    for (std::size_t i = 0; i < result.shape.inputs; ++i) {
      const double value = double{weight[i]} * standardization.scale[i];
      shift += value * standardization.mean[i];
      weight[i] = static_cast<float>(value);
    }
    float& bias = parameters[result.shape.hidden_bias() + unit];
    bias = static_cast<float>(double{bias} - shift);
  }
  return result;
}

TrainingResult train_classifier(const FrameSet& frames, const FrameSplit& split,
                                const TrainingSettings& settings, WorkerGroup& workers,
                                const std::function<void(const EpochMetrics&)>& on_epoch,
                                const std::stop_token& stop) {
  check(split.training.size() >= 2 && settings.epochs > 0 && settings.batch >= 2 &&
            settings.dropout >= 0.0 && settings.dropout < 1.0,
        "training on {} frames, in {} epochs, batches of {} and a dropout of {}",
        split.training.size(), settings.epochs, settings.batch, settings.dropout);
  return Trainer(frames, split, settings, workers, stop).run(on_epoch);
}

}  // namespace virnucpro
