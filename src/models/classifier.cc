#include "models/classifier.h"

#include <cmath>
#include <utility>

#include "base/check.h"

namespace virnucpro {
namespace {

constexpr std::int64_t kClasses = 2;

enum Slot : std::size_t { kFeatures, kHidden, kLogits };

}  // namespace

Classifier::Classifier(ClassifierWeights weights, Backend& backend)
    : input_width_(weights.input_dim), hidden_width_(weights.hidden_dim) {
  TensorSource& source = weights.tensors;
  const std::int64_t hidden = hidden_width_;
  std::vector<float> weight = to_floats(source.take("hidden_layer.weight", {hidden, input_width_}));
  std::vector<float> bias = to_floats(source.take("hidden_layer.bias", {hidden}));
  const std::vector<float> gamma = to_floats(source.take("bn1.weight", {hidden}));
  const std::vector<float> beta = to_floats(source.take("bn1.bias", {hidden}));
  const std::vector<float> mean = to_floats(source.take("bn1.running_mean", {hidden}));
  const std::vector<float> variance = to_floats(source.take("bn1.running_var", {hidden}));
  // Batch norm at inference is a scale and a shift per feature: folded into the layer before it.
  for (std::int64_t i = 0; i < hidden; ++i) {
    const auto row = static_cast<std::size_t>(i);
    const double scale = gamma[row] / std::sqrt(variance[row] + weights.batch_norm_eps);
    for (std::int64_t j = 0; j < input_width_; ++j) {
      float& value = weight[static_cast<std::size_t>(i * input_width_ + j)];
      value = static_cast<float>(value * scale);
    }
    bias[row] = static_cast<float>((bias[row] - mean[row]) * scale + beta[row]);
  }
  const HostTensor folded[] = {make_float_tensor({hidden, input_width_}, weight)};
  const HostTensor folded_bias[] = {make_float_tensor({hidden}, bias)};
  hidden_ = Dense(folded, folded_bias, DataType::kFloat32, backend);
  output_ = Dense(source, "output_layer", kClasses, hidden, true, DataType::kFloat32, backend);
  source.expect_all_taken();
}

void Classifier::predict(Backend& backend, Workspace& workspace, std::span<const float> features,
                         std::span<float> scores) const {
  const auto rows = static_cast<std::int64_t>(features.size()) / input_width_;
  check(rows * input_width_ == static_cast<std::int64_t>(features.size()) &&
            rows * kClasses == static_cast<std::int64_t>(scores.size()),
        "classifier: {} features and {} scores for width {}", features.size(), scores.size(),
        input_width_);
  if (rows == 0) return;
  const Matrix input = workspace.matrix(kFeatures, DataType::kFloat32, rows, input_width_);
  const Matrix hidden = workspace.matrix(kHidden, DataType::kFloat32, rows, hidden_width_);
  const Matrix logits = workspace.matrix(kLogits, DataType::kFloat32, rows, kClasses);
  backend.upload(features.data(), input.data, features.size_bytes());
  hidden_.forward(backend, input, hidden, ops::Activation::kRelu);
  output_.forward(backend, hidden, logits);
  backend.softmax({.input = logits, .output = logits});
  backend.download(logits.data, scores.data(), scores.size_bytes());
}

}  // namespace virnucpro
