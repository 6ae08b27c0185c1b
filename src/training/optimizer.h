// Steps down a gradient by the rules of PyTorch's optimizers of the same names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace virnucpro {

enum class OptimizerKind : std::uint8_t {
  kSgd,   ///< momentum 0.9; the decay is part of the gradient
  kAdamW  ///< betas 0.9 and 0.999, eps 1e-8, bias correction; the decay is apart from the gradient
};

/// How the learning rate falls; it changes between epochs only.
enum class Schedule : std::uint8_t {
  kConstant,
  kStep,   ///< a tenth after half of the epochs, a hundredth after three quarters
  kCosine  ///< half a wave, from the whole rate to nearly none
};

/// The names in options and files: "adamw", "cosine".
std::string_view name_of(OptimizerKind kind);
std::string_view name_of(Schedule schedule);

/// The learning rate of epoch `epoch`, counted from 0.
double scheduled_rate(Schedule schedule, double rate, std::size_t epoch, std::size_t epochs);

/// Keeps what it needs of earlier steps: one or two values per parameter.
template <typename Scalar>
class Optimizer {
 public:
  Optimizer(OptimizerKind kind, double weight_decay, std::size_t parameters);

  void step(double learning_rate, std::span<const Scalar> gradient, std::span<Scalar> parameters);

 private:
  void step_sgd(Scalar rate, std::span<const Scalar> gradient, std::span<Scalar> parameters);
  void step_adamw(Scalar rate, std::span<const Scalar> gradient, std::span<Scalar> parameters);

  OptimizerKind kind_;
  Scalar weight_decay_;
  std::uint64_t steps_ = 0;
  std::vector<Scalar> first_;   // momentum, or mean of gradients
  std::vector<Scalar> second_;  // mean of squared gradients
};

extern template class Optimizer<float>;
extern template class Optimizer<double>;

}  // namespace virnucpro
