// The weight of a dense layer in device memory.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "base/errors.h"
#include "ops/linear.h"

namespace virnucpro::cuda {

/// Products of 8-bit types want rows of a multiple of 16 bytes, those of floats also such a number
/// of outputs.
inline constexpr std::int64_t k8BitUnit = 16;

constexpr std::int64_t rounded_up(std::int64_t n, std::int64_t unit) {
  return (n + unit - 1) / unit * unit;
}

/// What an int8 weight keeps in float16, on the device (ColumnsOut, KeptColumns in kernels.h).
struct KeptWeights {
  std::int64_t count = 0;
  std::int64_t stride = 0;  ///< count, rounded up to k8BitUnit; 0: none
  std::shared_ptr<void> columns;
  std::shared_ptr<void> mask;
  std::shared_ptr<void> values;  ///< [outputs, stride]
};

/// [outputs, stride], rows of 8-bit types with a scale each and filled up with zeros; so are the
/// rows of float8_e4m3 weights, up to a multiple of k8BitUnit.
class CudaLinearWeight final : public ops::LinearWeight {
 public:
  CudaLinearWeight(std::int64_t outputs, std::int64_t inputs, DataType type, std::int64_t stride,
                   std::shared_ptr<void> memory, std::shared_ptr<void> scales, KeptWeights kept)
      : LinearWeight(outputs, inputs, type),
        stride_(stride),
        memory_(std::move(memory)),
        scales_(std::move(scales)),
        kept_(std::move(kept)) {}

  const void* data() const { return memory_.get(); }
  std::int64_t stride() const { return stride_; }
  const float* scales() const { return static_cast<const float*>(scales_.get()); }
  const KeptWeights& kept() const { return kept_; }

 private:
  std::int64_t stride_;
  std::shared_ptr<void> memory_;
  std::shared_ptr<void> scales_;
  KeptWeights kept_;
};

inline const CudaLinearWeight& weight_of(const ops::Linear& op) {
  const auto* weight = dynamic_cast<const CudaLinearWeight*>(op.weight);
  if (weight == nullptr) throw ContractError("linear: the weight was prepared by another backend");
  return *weight;
}

}  // namespace virnucpro::cuda
