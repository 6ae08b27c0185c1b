#include "weights/classifier_weights.h"

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/errors.h"
#include "base/format.h"
#include "base/path_kind.h"
#include "weights/model_files.h"

namespace virnucpro {
namespace {

/// The classes: others and virus.
constexpr std::int64_t kClasses = 2;
/// The eps of a pickled module's bn1, also inside a DataParallel or a compiled module.
std::optional<double> find_eps(PickleValue module) {
  constexpr int kDeepest = 4;
  for (int depth = 0; depth < kDeepest; ++depth) {
    const auto modules = module.attribute("_modules");
    if (!modules) return std::nullopt;
    if (const auto norm = modules->find("bn1")) {
      const auto eps = norm->attribute("eps");
      return eps ? eps->number() : std::nullopt;
    }
    std::optional<PickleValue> inner;
    for (const std::string_view name : kWrappers) {
      if (!inner) inner = modules->find(name);
    }
    if (!inner) return std::nullopt;
    module = *inner;
  }
  return std::nullopt;
}

}  // namespace

ClassifierWeights make_classifier_weights(TensorSource tensors, double batch_norm_eps) {
  unwrap_names(tensors);
  tensors.drop([](const std::string& name) { return name == "bn1.num_batches_tracked"; });
  tensors.require_floating("hidden_layer.weight");
  const Shape& hidden = tensors.shape("hidden_layer.weight");
  if (hidden.rank() != 2 || hidden[0] < 1 || hidden[1] < 1) {
    throw ModelError(
        fmt::format("{}: tensor 'hidden_layer.weight' has shape {}, expected [hidden, input]",
                    tensors.origin(), to_string(hidden)));
  }
  if (!(batch_norm_eps > 0) || batch_norm_eps > 1) {
    throw ModelError(fmt::format("{}: eps of bn1 is {}, expected a small positive number",
                                 tensors.origin(), batch_norm_eps));
  }
  ClassifierWeights weights;
  weights.hidden_dim = hidden[0];
  weights.input_dim = hidden[1];
  weights.batch_norm_eps = batch_norm_eps;
  const std::int64_t h = weights.hidden_dim;
  const std::vector<ExpectedTensor> expected = {{"hidden_layer.weight", {h, weights.input_dim}},
                                                {"hidden_layer.bias", {h}},
                                                {"bn1.weight", {h}},
                                                {"bn1.bias", {h}},
                                                {"bn1.running_mean", {h}},
                                                {"bn1.running_var", {h}},
                                                {"output_layer.weight", {kClasses, h}},
                                                {"output_layer.bias", {kClasses}}};
  tensors.require_exactly(expected);
  weights.tensors = std::move(tensors);
  return weights;
}

ClassifierWeights load_classifier(const std::string& path) {
  const std::string problem = folder_for_file(path, "the file of a classifier");
  if (!problem.empty()) throw ModelError(problem);
  constexpr double kDefaultEps = 1e-5;  // of torch.nn.BatchNorm1d
  TensorFile file = open_tensor_file(path);
  const auto read = [&] {
    if (!file.archive) return make_classifier_weights(std::move(file.tensors), kDefaultEps);
    const PickleValue root = unwrap_state_dict(file.archive->root(), file.archive->path());
    return make_classifier_weights(file.archive->tensors(root),
                                   find_eps(root).value_or(kDefaultEps));
  };
  ClassifierWeights weights = read();
  weights.tensors.add_file(*file.file);
  return weights;
}

}  // namespace virnucpro
