#include "training/network.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace virnucpro {
namespace {

/// Units of one piece of work: a product with fewer columns is slower; with more columns, the 128
/// units of a small classifier make too few pieces for the cores of a desktop.
constexpr std::size_t kBlock = 32;

template <typename Scalar>
using RowMajor = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <typename Scalar>
using Rows = Eigen::Map<const RowMajor<Scalar>>;
template <typename Scalar>
using MutableRows = Eigen::Map<RowMajor<Scalar>>;
template <typename Scalar>
using Column = Eigen::Map<const Eigen::Array<Scalar, Eigen::Dynamic, 1>>;
template <typename Scalar>
using MutableColumn = Eigen::Map<Eigen::Array<Scalar, Eigen::Dynamic, 1>>;

Eigen::Index index_of(std::size_t value) { return static_cast<Eigen::Index>(value); }

template <typename Scalar>
Rows<Scalar> rows_of(const Scalar* data, std::size_t rows, std::size_t columns) {
  return {data, index_of(rows), index_of(columns)};
}

}  // namespace

template <typename Scalar>
Network<Scalar>::Network(NetworkShape shape, Random& random, WorkerGroup& workers)
    : shape_(shape), workers_(workers), inverse_deviation_(shape.hidden) {
  check(shape.inputs > 0 && shape.hidden > 0, "a network of {} inputs and {} hidden units",
        shape.inputs, shape.hidden);
  state_.parameters.assign(shape.parameters(), Scalar{0});
  state_.running_mean.assign(shape.hidden, Scalar{0});
  state_.running_variance.assign(shape.hidden, Scalar{1});
  const auto draw = [&](std::size_t first, std::size_t end, std::size_t inputs) {
    const double limit = 1.0 / std::sqrt(static_cast<double>(inputs));
    for (std::size_t i = first; i < end; ++i) {
      state_.parameters[i] = static_cast<Scalar>((2.0 * random.uniform() - 1.0) * limit);
    }
  };
  draw(shape.hidden_weight(), shape.norm_weight(), shape.inputs);
  std::fill_n(state_.parameters.begin() + static_cast<std::ptrdiff_t>(shape.norm_weight()),
              shape.hidden, Scalar{1});
  draw(shape.output_weight(), shape.parameters(), shape.hidden);
}

template <typename Scalar>
template <typename Task>
void Network<Scalar>::for_each_block(const Task& task) {
  workers_.run((shape_.hidden + kBlock - 1) / kBlock, [&](std::size_t block, std::size_t) {
    const std::size_t first = block * kBlock;
    task(first, std::min(kBlock, shape_.hidden - first));
  });
}

template <typename Scalar>
void Network<Scalar>::forward_block(const TrainingBatch<Scalar>& batch, std::size_t first,
                                    std::size_t count) {
  const std::size_t frames = batch.is_virus.size();
  const Scalar* parameters = state_.parameters.data();
  const auto features = rows_of(batch.features.data(), frames, shape_.inputs);
  const auto weight =
      rows_of(parameters + shape_.hidden_weight() + first * shape_.inputs, count, shape_.inputs);
  MutableRows<Scalar> hidden(hidden_.data() + first * frames, index_of(count), index_of(frames));
  hidden.noalias() = weight * features.transpose();
  for (std::size_t unit = first; unit < first + count; ++unit) {
    MutableColumn<Scalar> values(hidden_.data() + unit * frames, index_of(frames));
    values += parameters[shape_.hidden_bias() + unit];
    const Scalar mean = values.mean();
    values -= mean;
    const Scalar variance = values.square().mean();
    const auto momentum = static_cast<Scalar>(kNormMomentum);
    const Scalar unbiased =
        variance * static_cast<Scalar>(frames) / static_cast<Scalar>(frames - 1);
    state_.running_mean[unit] += momentum * (mean - state_.running_mean[unit]);
    state_.running_variance[unit] += momentum * (unbiased - state_.running_variance[unit]);
    inverse_deviation_[unit] = Scalar{1} / std::sqrt(variance + static_cast<Scalar>(kNormEps));
    values *= inverse_deviation_[unit];
    MutableColumn<Scalar> activation(activation_.data() + unit * frames, index_of(frames));
    activation =
        (values * parameters[shape_.norm_weight() + unit] + parameters[shape_.norm_bias() + unit])
            .max(Scalar{0});
    if (!batch.mask.empty()) {
      activation *= Column<Scalar>(batch.mask.data() + unit * frames, index_of(frames));
    }
  }
}

template <typename Scalar>
double Network<Scalar>::output_layer(const TrainingBatch<Scalar>& batch,
                                     std::span<Scalar> gradient) {
  const std::size_t frames = batch.is_virus.size();
  const Scalar* parameters = state_.parameters.data();
  const auto activation = rows_of<Scalar>(activation_.data(), shape_.hidden, frames);
  MutableRows<Scalar> logits(logit_gradient_.data(), index_of(kClasses), index_of(frames));
  logits.noalias() =
      rows_of(parameters + shape_.output_weight(), kClasses, shape_.hidden) * activation;
  double loss = 0.0;
  for (std::size_t frame = 0; frame < frames; ++frame) {
    const auto column = index_of(frame);
    const double margin = double{logits(1, column)} + double{parameters[shape_.output_bias() + 1]} -
                          double{logits(0, column)} - double{parameters[shape_.output_bias()]};
    const bool is_virus = batch.is_virus[frame] != 0;
    const double weight = double{batch.weights[frame]} / static_cast<double>(frames);
    loss += weight * cross_entropy(margin, is_virus);
    const double slope = weight * (1.0 / (1.0 + std::exp(-margin)) - (is_virus ? 1.0 : 0.0));
    logits(0, column) = static_cast<Scalar>(-slope);
    logits(1, column) = static_cast<Scalar>(slope);
  }
  MutableRows<Scalar> weight_gradient(gradient.data() + shape_.output_weight(), index_of(kClasses),
                                      index_of(shape_.hidden));
  weight_gradient.noalias() = logits * activation.transpose();
  for (std::size_t each = 0; each < kClasses; ++each) {
    gradient[shape_.output_bias() + each] = logits.row(index_of(each)).sum();
  }
  return loss;
}

template <typename Scalar>
void Network<Scalar>::backward_block(const TrainingBatch<Scalar>& batch, std::size_t first,
                                     std::size_t count, std::span<Scalar> gradient) {
  const std::size_t frames = batch.is_virus.size();
  const Scalar* parameters = state_.parameters.data();
  const Scalar* output = parameters + shape_.output_weight();
  const Column<Scalar> to_others(logit_gradient_.data(), index_of(frames));
  const Column<Scalar> to_virus(logit_gradient_.data() + frames, index_of(frames));
  for (std::size_t unit = first; unit < first + count; ++unit) {
    const Column<Scalar> normalised(hidden_.data() + unit * frames, index_of(frames));
    const Scalar scale = parameters[shape_.norm_weight() + unit];
    const Scalar shift = parameters[shape_.norm_bias() + unit];
    // From here on the activation's memory holds gradients.
    MutableColumn<Scalar> slope(activation_.data() + unit * frames, index_of(frames));
    slope = to_others * output[unit] + to_virus * output[shape_.hidden + unit];
    if (!batch.mask.empty()) {
      slope *= Column<Scalar>(batch.mask.data() + unit * frames, index_of(frames));
    }
    slope = (normalised * scale + shift > Scalar{0}).select(slope, Scalar{0});
    const Scalar shift_gradient = slope.sum();
    const Scalar scale_gradient = (slope * normalised).sum();
    gradient[shape_.norm_bias() + unit] = shift_gradient;
    gradient[shape_.norm_weight() + unit] = scale_gradient;
    // Mean and variance depend on every frame, too (Ioffe and Szegedy 2015, section 3).
    const auto total = static_cast<Scalar>(frames);
    slope = (slope - shift_gradient / total - normalised * (scale_gradient / total)) *
            (scale * inverse_deviation_[unit]);
    gradient[shape_.hidden_bias() + unit] = slope.sum();
  }
  MutableRows<Scalar> weight_gradient(
      gradient.data() + shape_.hidden_weight() + first * shape_.inputs, index_of(count),
      index_of(shape_.inputs));
  weight_gradient.noalias() = rows_of<Scalar>(activation_.data() + first * frames, count, frames) *
                              rows_of(batch.features.data(), frames, shape_.inputs);
}

template <typename Scalar>
double Network<Scalar>::train(const TrainingBatch<Scalar>& batch, std::span<Scalar> gradient) {
  const std::size_t frames = batch.is_virus.size();
  check(frames >= 2 && batch.features.size() == frames * shape_.inputs &&
            batch.weights.size() == frames && gradient.size() == shape_.parameters() &&
            (batch.mask.empty() || batch.mask.size() == frames * shape_.hidden),
        "a batch of {} frames, {} features, {} weights and a mask of {}", frames,
        batch.features.size(), batch.weights.size(), batch.mask.size());
  hidden_.resize(shape_.hidden * frames);
  activation_.resize(shape_.hidden * frames);
  logit_gradient_.resize(kClasses * frames);
  for_each_block([&](std::size_t first, std::size_t count) { forward_block(batch, first, count); });
  const double loss = output_layer(batch, gradient);
  for_each_block(
      [&](std::size_t first, std::size_t count) { backward_block(batch, first, count, gradient); });
  return loss;
}

template <typename Scalar>
void Network<Scalar>::margins(std::span<const Scalar> features, std::span<double> margins) {
  const std::size_t frames = margins.size();
  check(features.size() == frames * shape_.inputs, "{} features of {} frames", features.size(),
        frames);
  if (frames == 0) return;
  const Scalar* parameters = state_.parameters.data();
  hidden_.resize(shape_.hidden * frames);
  for_each_block([&](std::size_t first, std::size_t count) {
    MutableRows<Scalar> hidden(hidden_.data() + first * frames, index_of(count), index_of(frames));
    hidden.noalias() =
        rows_of(parameters + shape_.hidden_weight() + first * shape_.inputs, count, shape_.inputs) *
        rows_of(features.data(), frames, shape_.inputs).transpose();
    for (std::size_t unit = first; unit < first + count; ++unit) {
      MutableColumn<Scalar> values(hidden_.data() + unit * frames, index_of(frames));
      const Scalar scale = parameters[shape_.norm_weight() + unit] /
                           std::sqrt(state_.running_variance[unit] + static_cast<Scalar>(kNormEps));
      const Scalar shift = parameters[shape_.hidden_bias() + unit] - state_.running_mean[unit];
      values = ((values + shift) * scale + parameters[shape_.norm_bias() + unit]).max(Scalar{0});
    }
  });
  const auto weight = rows_of(parameters + shape_.output_weight(), kClasses, shape_.hidden);
  const RowMajor<Scalar> logits = weight * rows_of<Scalar>(hidden_.data(), shape_.hidden, frames);
  const double bias =
      double{parameters[shape_.output_bias() + 1]} - double{parameters[shape_.output_bias()]};
  for (std::size_t frame = 0; frame < frames; ++frame) {
    margins[frame] = double{logits(1, index_of(frame))} - double{logits(0, index_of(frame))} + bias;
  }
}

template class Network<float>;
template class Network<double>;

double cross_entropy(double margin, bool is_virus) {
  const double towards = is_virus ? margin : -margin;
  return std::max(-towards, 0.0) + std::log1p(std::exp(-std::abs(towards)));
}

}  // namespace virnucpro
