// Runs the golden cases of make_encoder_goldens.py through a backend.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "backend/reference/reference_backend.h"
#include "models/dnabert_s.h"
#include "models/esm2.h"
#include "support/cuda_devices.h"
#include "support/separate_memory.h"
#include "support/synthetic_weights.h"
#include "support/test_data.h"
#include "tokenizer/protein_alphabet.h"
#include "weights/safetensors.h"

namespace virnucpro::testing_support {

inline constexpr std::int32_t kEsm2Padding = 1;
inline constexpr std::int32_t kDnabertSPadding = 3;

inline std::string golden_file(const std::string& file) {
  return (test_data() / "parity" / file).string();
}

inline nlohmann::json read_cases(const std::string& file) {
  std::ifstream stream(golden_file(file));
  return nlohmann::json::parse(stream);
}

inline double cosine(std::span<const float> a, std::span<const float> b) {
  double dot = 0;
  double aa = 0;
  double bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    dot += static_cast<double>(a[i]) * b[i];
    aa += static_cast<double>(a[i]) * a[i];
    bb += static_cast<double>(b[i]) * b[i];
  }
  return dot / std::sqrt(aa * bb);
}

inline double largest_difference(std::span<const float> a, std::span<const float> b) {
  double largest = 0;
  double magnitude = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(a[i]) - b[i]));
    magnitude = std::max(magnitude, std::abs(static_cast<double>(b[i])));
  }
  return largest / magnitude;
}

/// Memory of every GPU that tests open: the weights of one model of the published sizes in float32,
/// and many times the activations of a test.
inline constexpr std::uint64_t kPoolBytes = std::uint64_t{8} << 30;

/// "reference", "cpu", "cuda_0", and "device": the cpu backend behind memory of its own.
inline std::unique_ptr<Backend> make_backend(const std::string& name) {
  if (name == "reference") return std::make_unique<ReferenceBackend>();
  if (name == "device") {
    return std::make_unique<SeparateMemoryBackend>(std::make_unique<CpuBackend>(2));
  }
  if (name.starts_with("cuda_")) {
    const std::size_t gpu = std::stoul(name.substr(5));
    return cuda_test_device(gpu, kPoolBytes).device->create_backend();
  }
  return std::make_unique<CpuBackend>(2);
}

/// "cuda_0", one name for each GPU that tests are listed for.
inline std::vector<std::string> cuda_names() {
  std::vector<std::string> names;
  for (const std::size_t gpu : listed_gpus()) names.push_back("cuda_" + std::to_string(gpu));
  return names;
}

inline std::vector<std::string> cpu_and_gpus() {
  std::vector<std::string> names = cuda_names();
  names.insert(names.begin(), "cpu");
  return names;
}

/// Tests that run once for each backend in a list; tests of a GPU that cannot be used are skipped.
class OnBackend : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!GetParam().starts_with("cuda_")) return;
    const std::size_t gpu = std::stoul(GetParam().substr(5));
    const CudaTestDevice& opened = cuda_test_device(gpu, kPoolBytes);
    if (opened.device == nullptr) GTEST_SKIP() << opened.reason;
  }
};

#define VIRNUCPRO_ON_BACKENDS(suite, ...)                \
  class suite : public OnBackend {};                     \
  INSTANTIATE_TEST_SUITE_P(Backends, suite, __VA_ARGS__, \
                           [](const auto& name) { return name.param; })

/// One case: its model in a precision, its token batch, and the golden rows.
struct Case {
  std::unique_ptr<Encoder> encoder;
  PackedBatch batch;
  std::int32_t padding = 0;
};

inline Case make_case(const nlohmann::json& description, Precision precision, Backend& backend) {
  Case made;
  const std::string name = description["name"];
  const bool protein = description["model"] == "esm2";
  if (protein) {
    made.encoder = std::make_unique<Esm2>(
        synthetic_esm2(name, description["layers"], description["width"], description["heads"]),
        precision, backend);
  } else {
    made.encoder = std::make_unique<DnabertS>(
        synthetic_dnabert_s(name, description["layers"], description["width"], description["heads"],
                            description["intermediate"], description["vocabulary"]),
        precision, backend);
  }
  made.padding = protein ? kEsm2Padding : kDnabertSPadding;
  for (const nlohmann::json& sequence : description["sequences"]) {
    std::vector<std::int32_t> ids;
    if (protein) {
      encode_protein(sequence.get<std::string>(), ids);
    } else {
      ids = sequence.get<std::vector<std::int32_t>>();
    }
    made.batch.tokens.insert(made.batch.tokens.end(), ids.begin(), ids.end());
    made.batch.cu_seqlens.push_back(static_cast<std::int32_t>(made.batch.tokens.size()));
  }
  return made;
}

inline std::span<const float> row(const Embeddings& embeddings, std::size_t i) {
  const auto width = static_cast<std::size_t>(embeddings.width);
  return std::span(embeddings.values).subspan(i * width, width);
}

/// Compares every sequence of the case with its golden row.
inline void expect_close(const Embeddings& embeddings, const std::vector<float>& golden,
                         double least_cosine, double most_difference, const std::string& what) {
  ASSERT_EQ(embeddings.values.size(), golden.size()) << what;
  EXPECT_FALSE(embeddings.nonfinite.any()) << what;
  const auto width = static_cast<std::size_t>(embeddings.width);
  for (std::size_t i = 0; i * width < golden.size(); ++i) {
    const auto expected = std::span(golden).subspan(i * width, width);
    EXPECT_GE(cosine(row(embeddings, i), expected), least_cosine) << what << " sequence " << i;
    EXPECT_LE(largest_difference(row(embeddings, i), expected), most_difference)
        << what << " sequence " << i;
  }
}

struct Limits {
  double cosine;
  double difference;
};

/// docs/explanation/numerics.md#9-how-close-it-must-be; the half precisions' differences are only
/// guarded here.
inline Limits limits(Precision precision) {
  switch (precision) {
    case Precision::kFp32:
      return {0.999999, 1e-4};
    case Precision::kFp16:
      return {0.9999, 2e-2};
    case Precision::kBf16:
      return {0.999, 8e-2};
    case Precision::kInt8:
      return {0.99, 1e-1};
    case Precision::kFp8:
      return {0.99, 2e-1};
  }
  return {};
}

inline void check_encoders(const std::string& stem, const std::string& backend_name,
                           std::span<const Precision> precisions) {
  TensorSource goldens = read_safetensors(golden_file(stem + ".safetensors"));
  const std::unique_ptr<Backend> backend = make_backend(backend_name);
  Workspace workspace(*backend);
  for (const nlohmann::json& description : read_cases(stem + ".json")) {
    if (description["model"] == "classifier") continue;
    const std::vector<float> golden =
        to_floats(goldens.take_any(description["name"].get<std::string>()));
    for (const Precision precision : precisions) {
      if (!backend->offers(precision)) continue;
      const std::string what = backend_name + " " + description["name"].get<std::string>() + " " +
                               std::string(name_of(precision));
      const Case made = make_case(description, precision, *backend);
      auto [least_cosine, most_difference] = limits(precision);
      // For published shapes. Where activations are bfloat16, too, the error of twelve layers of 48
      // columns is averaged over too few of them.
      if (precision == Precision::kBf16 && stem != "large" &&
          backend->activation_type(precision) == DataType::kBFloat16) {
        least_cosine = 0.998;
      }
      // E4M3 keeps three bits of each value: the same, more so.
      if (precision == Precision::kFp8 && stem != "large") {
        least_cosine = 0.95;
        most_difference = 4e-1;
      }
      Embeddings padded;
      made.encoder->forward(*backend, workspace, pad(made.batch, made.padding), padded);
      expect_close(padded, golden, least_cosine, most_difference, what + " unpacked");
      if (precision == Precision::kFp32) continue;
      Embeddings packed;
      made.encoder->forward_packed(*backend, workspace, made.batch, packed);
      expect_close(packed, golden, least_cosine, most_difference, what + " packed");
      expect_close(packed, padded.values, 0.99999, 1e-3, what + " packed against unpacked");
    }
  }
}

}  // namespace virnucpro::testing_support
