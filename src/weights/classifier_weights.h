// The viral classifier's weights from a pickled module, a state dict or safetensors.
#pragma once

#include <cstdint>
#include <string>

#include "weights/tensor_source.h"

namespace virnucpro {

/// `tensors` holds exactly hidden_layer.weight [hidden, input], hidden_layer.bias [hidden],
/// bn1.{weight,bias,running_mean,running_var} [hidden], output_layer.weight [2, hidden],
/// output_layer.bias [2]. Shapes are checked.
struct ClassifierWeights {
  std::int64_t input_dim = 0;
  std::int64_t hidden_dim = 0;
  /// Epsilon of bn1; 1e-5 where the file does not say.
  double batch_norm_eps = 1e-5;
  TensorSource tensors;
};

/// Reads a whole pickled module (.pth), a dict of tensors (also under 'state_dict' or
/// 'model_state_dict'), or safetensors; the kind is found by content. ModelError naming file and
/// tensor.
ClassifierWeights load_classifier(const std::string& path);

/// Takes the sizes from the shapes and checks every tensor; drops bn1.num_batches_tracked.
ClassifierWeights make_classifier_weights(TensorSource tensors, double batch_norm_eps = 1e-5);

}  // namespace virnucpro
