// ESM-2 models that are hard in the way trained ones are, as tests/parity/make_hard_goldens.py
// makes them: synthetic weights and the edits of a case in hard.json.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "support/synthetic_weights.h"

namespace virnucpro::testing_support {

/// One edit of apply_edits() in tests/parity/synthetic.py, operation for operation.
inline void apply_edit(const nlohmann::json& edit, std::int64_t columns,
                       std::vector<float>& values) {
  const auto at = [&](std::int64_t row, std::int64_t column) -> float& {
    return values.at(static_cast<std::size_t>(row * columns + column));
  };
  const std::int64_t rows = static_cast<std::int64_t>(values.size()) / columns;
  if (edit.contains("scale")) {
    for (float& value : values) value *= edit["scale"].get<float>();
  } else if (edit.contains("centre")) {
    const auto weights = edit["centre"].get<std::vector<double>>();
    std::vector<double> mean(static_cast<std::size_t>(columns), 0.0);
    const auto count = static_cast<std::int64_t>(weights.size());
    for (std::int64_t i = 0; i < count; ++i) {
      for (std::int64_t c = 0; c < columns; ++c) {
        mean[static_cast<std::size_t>(c)] += weights[static_cast<std::size_t>(i)] * at(4 + i, c);
      }
    }
    for (std::int64_t i = 0; i < count; ++i) {
      for (std::int64_t c = 0; c < columns; ++c) {
        at(4 + i, c) = static_cast<float>(at(4 + i, c) - mean[static_cast<std::size_t>(c)]);
      }
    }
  } else if (!edit.contains("row")) {
    for (std::int64_t r = 0; r < rows; ++r) at(r, edit["column"]) = edit["value"].get<float>();
  } else {
    at(edit["row"], edit["column"]) = edit["value"].get<float>();
  }
}

/// The weights of a case.
inline Esm2Weights hard_esm2(const nlohmann::json& description) {
  Esm2Weights weights = synthetic_esm2(description["name"], description["layers"],
                                       description["width"], description["heads"]);
  std::map<std::string, std::vector<nlohmann::json>> edits;
  for (const nlohmann::json& edit : description["edits"]) {
    edits[edit["tensor"].get<std::string>()].push_back(edit);
  }
  TensorSource edited(weights.tensors.origin());
  for (const std::string& name : weights.tensors.names()) {
    const HostTensor tensor = weights.tensors.take_any(name);
    std::vector<float> values = to_floats(tensor);
    const std::int64_t columns = tensor.shape.rank() == 2 ? tensor.shape[1] : 1;
    for (const nlohmann::json& edit : edits[name]) apply_edit(edit, columns, values);
    edited.add(name, make_float_tensor(tensor.shape, values));
  }
  return make_esm2_weights(weights.config, std::move(edited));
}

}  // namespace virnucpro::testing_support
