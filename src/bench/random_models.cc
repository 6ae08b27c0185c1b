#include "bench/random_models.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backend/cpu/processor.h"
#include "base/mix.h"
#include "base/worker_group.h"
#include "models/dnabert_s.h"
#include "models/esm2.h"
#include "tensor/float16.h"
#include "weights/embedded_bundle.h"

namespace virnucpro {
namespace {

// Numbers are drawn from a table of this size: small enough for the first level cache.
constexpr std::size_t kLevels = 4096;
constexpr int kLevelBits = 12;
// Values drawn from each 64 random bits.
constexpr std::size_t kDraws = 5;
// Values that one thread makes at a time.
constexpr std::size_t kBlock = kDraws << 16;
// More threads would only wait for memory.
constexpr std::size_t kMostThreads = 16;

/// Uniform in (-limit, limit). The bits of each position are SplitMix64's of `seed` there, so
/// values do not depend on the thread that makes them.
void fill_uniform(std::vector<Float16>& values, float limit, std::uint64_t seed,
                  WorkerGroup& workers, const std::stop_token& stop) {
  std::array<Float16, kLevels> table;
  for (std::size_t i = 0; i < kLevels; ++i) {
    table[i] = to_float16(limit * ((static_cast<float>(i) + 0.5f) * 2.0f / kLevels - 1.0f));
  }
  workers.run((values.size() + kBlock - 1) / kBlock,
              [&](std::size_t block, std::size_t) {
                std::size_t i = block * kBlock;
                const std::size_t block_end = std::min(values.size(), i + kBlock);
                std::uint64_t state = seed + i / kDraws * kMixStep;
                for (; i < block_end; state += kMixStep) {
                  std::uint64_t bits = mixed(state);
                  const std::size_t end = std::min(block_end, i + kDraws);
                  for (; i < end; ++i, bits >>= kLevelBits) values[i] = table[bits % kLevels];
                }
              },
              stop);
}

HostTensor random_tensor(const ExpectedTensor& tensor, std::uint64_t seed, WorkerGroup& workers,
                         const std::stop_token& stop) {
  const auto values =
      std::make_shared<std::vector<Float16>>(static_cast<std::size_t>(tensor.shape.elements()));
  const bool is_matrix = tensor.shape.rank() == 2;
  const bool is_gain =
      !is_matrix && (tensor.name.ends_with(".weight") || tensor.name.ends_with(".running_var"));
  if (is_gain) {
    std::fill(values->begin(), values->end(), to_float16(1.0f));
  } else if (!is_matrix) {
    fill_uniform(*values, 0.1f, seed, workers, stop);
  } else {
    const bool is_table = tensor.name.find("embed") != std::string::npos;
    const double variance = is_table ? 1.0 : 1.0 / static_cast<double>(tensor.shape[1]);
    fill_uniform(*values, static_cast<float>(std::sqrt(3.0 * variance)), seed, workers, stop);
  }
  return {DataType::kFloat16, tensor.shape, reinterpret_cast<const std::byte*>(values->data()),
          values};
}

TensorSource random_source(const std::string& origin, const std::vector<ExpectedTensor>& tensors,
                           std::size_t threads, const std::stop_token& stop) {
  TensorSource source(origin);
  if (threads == 0) threads = std::min(kMostThreads, usable_cores());
  // Lives as long as any tensor is still to be made.
  const auto workers = std::make_shared<WorkerGroup>(threads);
  std::uint64_t seed = 1;
  for (const ExpectedTensor& tensor : tensors) {
    source.add(tensor.name, {.shape = tensor.shape,
                             .type = std::string(name_of(DataType::kFloat16)),
                             .load = [tensor, seed, workers,
                                      stop] { return random_tensor(tensor, seed, *workers, stop); },
                             .original_name = {}});
    seed += 0x100000000ull;  // further apart than the steps of any tensor
  }
  return source;
}

/// Stands for an encoder that is not measured and gives zeros.
class AbsentEncoder final : public Encoder {
 public:
  AbsentEncoder(Precision precision, std::int64_t vocabulary)
      : precision_(precision), vocabulary_(vocabulary) {}

  std::string_view name() const override { return "no encoder"; }
  // Not 1, so that rows are aligned as they are beside a real encoder.
  std::int64_t width() const override { return 8; }
  Precision precision() const override { return precision_; }
  std::int64_t vocabulary() const override { return vocabulary_; }

 private:
  ops::MeanPool encode(Backend& backend, Workspace& workspace, ConstInts tokens,
                       const ops::Sequences& sequences) const override {
    const DataType type = backend.activation_type(precision_);
    const Matrix rows = workspace.matrix(0, type, tokens.size, width());
    const std::vector<std::byte> zeros(static_cast<std::size_t>(rows.rows * width()) *
                                       size_of(type));
    backend.upload(zeros.data(), rows.data, zeros.size());
    return {.input = rows,
            .sequences = sequences,
            .skip_front = 0,
            .skip_back = 0,
            .max_rows = 1,
            .output = {}};
  }

  Precision precision_;
  std::int64_t vocabulary_;
};

}  // namespace

Esm2Weights random_esm2(const Esm2Config& config, std::size_t threads,
                        const std::stop_token& stop) {
  return make_esm2_weights(config,
                           random_source("random ESM-2", expected_tensors(config), threads, stop));
}

DnabertSWeights random_dnabert_s(const DnabertSConfig& config, std::string tokenizer_json,
                                 const std::stop_token& stop) {
  return make_dnabert_s_weights(
      config, random_source("random DNABERT-S", expected_tensors(config), 0, stop),
      std::move(tokenizer_json));
}

ClassifierWeights random_classifier(std::int64_t inputs, std::int64_t hidden) {
  return make_classifier_weights(random_source("random classifier",
                                               {{"hidden_layer.weight", {hidden, inputs}},
                                                {"hidden_layer.bias", {hidden}},
                                                {"bn1.weight", {hidden}},
                                                {"bn1.bias", {hidden}},
                                                {"bn1.running_mean", {hidden}},
                                                {"bn1.running_var", {hidden}},
                                                {"output_layer.weight", {2, hidden}},
                                                {"output_layer.bias", {2}}},
                                               1, {}));
}

LoadedModels random_models(const ModelShapes& shapes, std::int64_t expected_length,
                           Precision precision, Backend& backend, const std::stop_token& stop) {
  LoadedModels models;
  models.bundle = shapes.name;
  models.expected_length = expected_length;
  const std::string tokenizer = embedded_bundle().tokenizer_json();
  models.tokenizer = DnaTokenizer::from_json(tokenizer, "tokenizer of the embedded bundle");
  models.dna_padding = models.tokenizer->id_of("[PAD]").value_or(models.tokenizer->unknown_id());
  if (shapes.dnabert_s) {
    models.dnabert_s = std::make_unique<DnabertS>(
        random_dnabert_s(*shapes.dnabert_s, tokenizer, stop), precision, backend);
  } else {
    models.dnabert_s = std::make_unique<AbsentEncoder>(
        precision, static_cast<std::int64_t>(models.tokenizer->vocabulary_size()));
  }
  if (shapes.esm2) {
    models.esm2 = std::make_unique<Esm2>(random_esm2(*shapes.esm2, 0, stop), precision, backend);
  } else {
    models.esm2 = std::make_unique<AbsentEncoder>(precision, kEsm2Letters);
  }
  const std::int64_t features = models.dnabert_s->width() + models.esm2->width();
  models.classifier =
      std::make_unique<Classifier>(random_classifier(features, shapes.classifier_hidden), backend);
  return models;
}

}  // namespace virnucpro
