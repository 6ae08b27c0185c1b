#include "weights/quantized_tensors.h"

#include <cstring>

#include "base/errors.h"
#include "base/format.h"
#include "weights/display_name.h"

namespace virnucpro {
namespace {

std::string scales_of(const std::string& name) { return name + ".scales"; }
std::string columns_of(const std::string& name) { return name + ".columns"; }
std::string kept_of(const std::string& name) { return name + ".kept"; }

[[noreturn]] void fail(const TensorSource& source, const std::string& name,
                       const std::string& found, const std::string& expected) {
  throw ModelError(fmt::format("{}: tensor {} is {}, expected {}", source.origin(),
                               display_name(name), found, expected));
}

/// Of the four dense layers of one transformer layer.
constexpr std::size_t kDenseLayers = 4;

}  // namespace

bool is_quantized(const TensorSource& source, const std::string& name) {
  return source.has(scales_of(name));
}

std::vector<std::string> quantized_names(const TensorSource& source, const std::string& name) {
  std::vector<std::string> names = {scales_of(name)};
  if (source.has(columns_of(name))) {
    names.push_back(columns_of(name));
    names.push_back(kept_of(name));
  }
  return names;
}

void require_quantized(const TensorSource& source, const std::string& name, const Shape& shape) {
  const std::string& type = source.type(name);
  const bool is_int8 = type == name_of(DataType::kInt8);
  if (!is_int8 && type != name_of(DataType::kFloat8E4M3)) {
    fail(source, name, "of type " + type, "int8 or float8_e4m3, since it has scales");
  }
  if (shape.rank() != 2 || source.shape(name) != shape) {
    fail(source, name, "of shape " + to_string(source.shape(name)), to_string(shape));
  }
  source.require(scales_of(name), {shape[0]});
  if (source.type(scales_of(name)) != name_of(DataType::kFloat32)) {
    fail(source, scales_of(name), "of type " + source.type(scales_of(name)), "float32");
  }
  if (!source.has(columns_of(name))) return;
  const std::string columns = columns_of(name);
  const Shape& found = source.shape(columns);
  if (!is_int8 || source.type(columns) != name_of(DataType::kInt32) || found.rank() != 1 ||
      found[0] > shape[1]) {
    fail(source, columns, fmt::format("{} of type {}", to_string(found), source.type(columns)),
         fmt::format("a list of int32 up to [{}], beside an int8 weight", shape[1]));
  }
  source.require(kept_of(name), {shape[0], found[0]});
  if (source.type(kept_of(name)) != name_of(DataType::kFloat16)) {
    fail(source, kept_of(name), "of type " + source.type(kept_of(name)), "float16");
  }
}

StoredWeight take_quantized(TensorSource& source, const std::string& name, const Shape& shape) {
  require_quantized(source, name, shape);
  StoredWeight weight;
  weight.rows.values = source.take_any(name);
  weight.rows.scales = source.take_any(scales_of(name));
  if (!source.has(columns_of(name))) return weight;
  const HostTensor columns = source.take_any(columns_of(name));
  weight.columns.resize(static_cast<std::size_t>(columns.shape[0]));
  std::memcpy(weight.columns.data(), columns.data, columns.bytes());
  for (std::size_t i = 0; i < weight.columns.size(); ++i) {
    const std::int32_t column = weight.columns[i];
    if (column >= (i == 0 ? 0 : weight.columns[i - 1] + 1) && column < shape[1]) continue;
    fail(source, columns_of(name), fmt::format("{} at position {}", column, i),
         fmt::format("rising columns below {}", shape[1]));
  }
  weight.rows.kept = convert(source.take_any(kept_of(name)), DataType::kFloat16);
  return weight;
}

DenseWeights dense_weights(const Esm2Config& config) {
  DenseWeights weights;
  for (std::int64_t i = 0; i < config.num_layers; ++i) {
    const std::string layer = fmt::format("layers.{}.", i);
    const std::size_t first = static_cast<std::size_t>(i) * kDenseLayers;
    for (const char* part : {"q_proj", "k_proj", "v_proj"}) {
      weights.emplace_back(fmt::format("{}self_attn.{}.weight", layer, part), first);
    }
    weights.emplace_back(layer + "self_attn.out_proj.weight", first + 1);
    weights.emplace_back(layer + "fc1.weight", first + 2);
    weights.emplace_back(layer + "fc2.weight", first + 3);
  }
  return weights;
}

DenseWeights dense_weights(const DnabertSConfig& config) {
  DenseWeights weights;
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
    const std::string layer = fmt::format("encoder.layer.{}.", i);
    const std::size_t first = static_cast<std::size_t>(i) * kDenseLayers;
    weights.emplace_back(layer + "attention.self.Wqkv.weight", first);
    weights.emplace_back(layer + "attention.output.dense.weight", first + 1);
    weights.emplace_back(layer + "mlp.gated_layers.weight", first + 2);
    weights.emplace_back(layer + "mlp.wo.weight", first + 3);
  }
  return weights;
}

}  // namespace virnucpro
