// The classifier during training: Linear, BatchNorm, ReLU, dropout, Linear, with gradients.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/random.h"
#include "base/worker_group.h"

namespace virnucpro {

inline constexpr std::size_t kClasses = 2;  ///< others, virus
/// The epsilon of torch.nn.BatchNorm1d.
inline constexpr double kNormEps = 1e-5;
inline constexpr double kNormMomentum = 0.1;

/// The cross entropy of softmax over two classes, from the logit of virus minus that of others;
/// finite for finite logits.
double cross_entropy(double margin, bool is_virus);

/// Sizes, and the place of each tensor in the flat list of parameters; matrices are row-major.
struct NetworkShape {
  std::size_t inputs = 0;
  std::size_t hidden = 0;

  std::size_t hidden_weight() const { return 0; }  ///< [hidden, inputs]
  std::size_t hidden_bias() const { return hidden * inputs; }
  std::size_t norm_weight() const { return hidden_bias() + hidden; }
  std::size_t norm_bias() const { return norm_weight() + hidden; }
  std::size_t output_weight() const { return norm_bias() + hidden; }  ///< [kClasses, hidden]
  std::size_t output_bias() const { return output_weight() + kClasses * hidden; }
  std::size_t parameters() const { return output_bias() + kClasses; }
};

/// All that training changes. A copy is a state that can be restored.
template <typename Scalar>
struct NetworkState {
  std::vector<Scalar> parameters;  ///< as NetworkShape says
  std::vector<Scalar> running_mean;
  std::vector<Scalar> running_variance;
};

/// Frames of one step; all spans but `mask` have one entry or row a frame.
template <typename Scalar>
struct TrainingBatch {
  std::span<const Scalar> features;  ///< [frames, inputs]
  std::span<const std::uint8_t> is_virus;
  std::span<const Scalar> weights;
  /// [hidden, frames]: the factors by which dropout multiplies hidden values; empty: no dropout.
  std::span<const Scalar> mask;
};

/// Scalar is float, or double for tests. Work is cut by hidden units into fixed blocks, so the
/// results do not depend on the number of workers. Thread-confined; the workers must outlive it.
template <typename Scalar>
class Network {
 public:
  /// Linear layers begin uniform within 1 / sqrt(inputs), as in PyTorch; the norm as identity.
  Network(NetworkShape shape, Random& random, WorkerGroup& workers);

  const NetworkShape& shape() const { return shape_; }
  NetworkState<Scalar>& state() { return state_; }
  const NetworkState<Scalar>& state() const { return state_; }

  /// Returns the weighted cross entropy, summed and divided by the number of frames (at least two),
  /// writes its gradient [parameters] and updates the running statistics.
  double train(const TrainingBatch<Scalar>& batch, std::span<Scalar> gradient);

  /// Logit of virus minus logit of others for each row, by the running statistics and without
  /// dropout.
  void margins(std::span<const Scalar> features, std::span<double> margins);

 private:
  template <typename Task>
  void for_each_block(const Task& task);
  void forward_block(const TrainingBatch<Scalar>& batch, std::size_t first, std::size_t count);
  void backward_block(const TrainingBatch<Scalar>& batch, std::size_t first, std::size_t count,
                      std::span<Scalar> gradient);
  double output_layer(const TrainingBatch<Scalar>& batch, std::span<Scalar> gradient);

  NetworkShape shape_;
  NetworkState<Scalar> state_;
  WorkerGroup& workers_;
  std::vector<Scalar> hidden_;             // [hidden, frames]: normalised values
  std::vector<Scalar> activation_;         // [hidden, frames]: after norm, ReLU and dropout
  std::vector<Scalar> inverse_deviation_;  // [hidden]
  std::vector<Scalar> logit_gradient_;     // [kClasses, frames]
};

extern template class Network<float>;
extern template class Network<double>;

}  // namespace virnucpro
