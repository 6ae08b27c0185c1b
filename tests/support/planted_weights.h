// Models with one weight replaced, such as one that float16 cannot hold.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tensor/host_tensor.h"
#include "weights/classifier_weights.h"
#include "weights/dnabert_s_weights.h"
#include "weights/safetensors.h"

namespace virnucpro::testing_support {

/// Beyond 65504, the largest float16; far from the limits of float32.
inline constexpr float kBeyondHalf = 1e5f;

/// All tensors as float32, the first element of row `row` of `tensor` replaced.
inline std::map<std::string, HostTensor> planted_tensors(TensorSource& source,
                                                         const std::string& tensor,
                                                         std::int64_t row, float value) {
  std::map<std::string, HostTensor> tensors;
  for (const std::string& name : source.names()) {
    HostTensor each = convert(source.take_any(name), DataType::kFloat32);
    if (name == tensor) {
      std::vector<float> values = to_floats(each);
      const std::int64_t width = each.shape.elements() / each.shape[0];
      values.at(static_cast<std::size_t>(row * width)) = value;
      each = make_float_tensor(each.shape, values);
    }
    tensors.emplace(name, each);
  }
  return tensors;
}

/// Copies the folder `from` to `to` (which must not exist) with that weight.
inline void plant_dnabert_s(const std::string& from, const std::string& to,
                            const std::string& tensor, std::int64_t row, float value) {
  namespace fs = std::filesystem;
  DnabertSWeights weights = load_dnabert_s(from);
  fs::create_directory(to);
  for (const char* name : {"config.json", "tokenizer.json"}) {
    fs::copy_file(from + "/" + name, to + "/" + name);
  }
  write_safetensors(to + "/model.safetensors",
                    planted_tensors(weights.tensors, tensor, row, value));
}

/// The same for a classifier, from one file to another.
inline void plant_classifier(const std::string& from, const std::string& to,
                             const std::string& tensor, std::int64_t row, float value) {
  ClassifierWeights weights = load_classifier(from);
  write_safetensors(to, planted_tensors(weights.tensors, tensor, row, value));
}

}  // namespace virnucpro::testing_support
