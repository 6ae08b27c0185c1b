// Linear, BatchNorm, ReLU, Linear, softmax: docs/explanation/numerics.md#6-classifier
#pragma once

#include <cstdint>
#include <span>

#include "layers/transformer.h"
#include "layers/workspace.h"
#include "weights/classifier_weights.h"

namespace virnucpro {

/// Always float32, whatever the encoders' precision. Immutable and thread-safe, like the encoders.
class Classifier {
 public:
  /// Takes every tensor; throws ModelError for missing, extra or misshapen ones.
  Classifier(ClassifierWeights weights, Backend& backend);

  /// Width of a feature row: DNABERT-S embedding followed by ESM-2 embedding.
  std::int64_t input_width() const { return input_width_; }

  /// features [n, input_width], scores [n, 2]: P(others), P(virus). Host memory.
  void predict(Backend& backend, Workspace& workspace, std::span<const float> features,
               std::span<float> scores) const;

 private:
  std::int64_t input_width_ = 0;
  std::int64_t hidden_width_ = 0;
  Dense hidden_;
  Dense output_;
};

}  // namespace virnucpro
