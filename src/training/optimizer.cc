#include "training/optimizer.h"

#include <cmath>
#include <numbers>

#include "base/check.h"

namespace virnucpro {
namespace {

constexpr double kMomentum = 0.9;
constexpr double kBeta1 = 0.9;
constexpr double kBeta2 = 0.999;
constexpr double kEps = 1e-8;

}  // namespace

std::string_view name_of(OptimizerKind kind) {
  return kind == OptimizerKind::kSgd ? "sgd" : "adamw";
}

std::string_view name_of(Schedule schedule) {
  switch (schedule) {
    case Schedule::kConstant:
      return "constant";
    case Schedule::kStep:
      return "step";
    case Schedule::kCosine:
      return "cosine";
  }
  return "?";
}

double scheduled_rate(Schedule schedule, double rate, std::size_t epoch, std::size_t epochs) {
  const double done = static_cast<double>(epoch) / static_cast<double>(epochs);
  switch (schedule) {
    case Schedule::kConstant:
      return rate;
    case Schedule::kStep:
      return done < 0.5 ? rate : done < 0.75 ? 0.1 * rate : 0.01 * rate;
    case Schedule::kCosine:
      return 0.5 * rate * (1.0 + std::cos(std::numbers::pi * done));
  }
  return rate;
}

template <typename Scalar>
Optimizer<Scalar>::Optimizer(OptimizerKind kind, double weight_decay, std::size_t parameters)
    : kind_(kind),
      weight_decay_(static_cast<Scalar>(weight_decay)),
      first_(parameters),
      second_(kind == OptimizerKind::kAdamW ? parameters : 0) {}

template <typename Scalar>
void Optimizer<Scalar>::step(double learning_rate, std::span<const Scalar> gradient,
                             std::span<Scalar> parameters) {
  check(gradient.size() == first_.size() && parameters.size() == first_.size(),
        "{} gradients for {} parameters, expected {}", gradient.size(), parameters.size(),
        first_.size());
  ++steps_;
  const auto rate = static_cast<Scalar>(learning_rate);
  if (kind_ == OptimizerKind::kSgd) return step_sgd(rate, gradient, parameters);
  step_adamw(rate, gradient, parameters);
}

template <typename Scalar>
void Optimizer<Scalar>::step_sgd(Scalar rate, std::span<const Scalar> gradient,
                                 std::span<Scalar> parameters) {
  // PyTorch starts the momentum with the first gradient, as 0 * momentum + gradient does.
  const auto momentum = static_cast<Scalar>(kMomentum);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    first_[i] = momentum * first_[i] + gradient[i] + weight_decay_ * parameters[i];
    parameters[i] -= rate * first_[i];
  }
}

template <typename Scalar>
void Optimizer<Scalar>::step_adamw(Scalar rate, std::span<const Scalar> gradient,
                                   std::span<Scalar> parameters) {
  const auto steps = static_cast<double>(steps_);
  const auto beta1 = static_cast<Scalar>(kBeta1);
  const auto beta2 = static_cast<Scalar>(kBeta2);
  const auto eps = static_cast<Scalar>(kEps);
  const auto correction = static_cast<Scalar>(1.0 - std::pow(kBeta1, steps));
  const auto root = static_cast<Scalar>(std::sqrt(1.0 - std::pow(kBeta2, steps)));
  const Scalar kept = Scalar{1} - rate * weight_decay_;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Scalar slope = gradient[i];
    first_[i] = beta1 * first_[i] + (Scalar{1} - beta1) * slope;
    second_[i] = beta2 * second_[i] + (Scalar{1} - beta2) * slope * slope;
    const Scalar direction = first_[i] / correction / (std::sqrt(second_[i]) / root + eps);
    parameters[i] = kept * parameters[i] - rate * direction;
  }
}

template class Optimizer<float>;
template class Optimizer<double>;

}  // namespace virnucpro
