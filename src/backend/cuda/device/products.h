// Matrix products by cuBLASLt: one algorithm per shape of weight, whatever the number of rows.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "backend/cuda/device/handles.h"
#include "backend/cuda/device/memory_pool.h"
#include "tensor/data_type.h"

namespace virnucpro::cuda {

/// Everything that the choice of an algorithm depends on; the rows of the input are not part of it.
/// output [m, n] = input [m, k] weight [n, k]^T (+ bias [n] of the output's type) (+ residual).
/// `is_scaled`, of float8_e4m3 alone: the product times a scale for each row of the input and of
/// the weight, before bias and residual are added.
struct ProductShape {
  std::int64_t outputs = 0;            // n
  std::int64_t inputs = 0;             // k
  DataType type = DataType::kFloat16;  ///< of input and weight; sums are float32, int32 for int8
  DataType output_type = DataType::kFloat16;  ///< also of residual and bias
  std::int64_t input_stride = 0;
  std::int64_t weight_stride = 0;
  std::int64_t output_stride = 0;
  std::int64_t residual_stride = 0;  ///< 0: no residual
  bool has_bias = false;
  bool is_scaled = false;
  // The power of two, at most 256, that divides an address.
  std::uint32_t input_alignment = 256;
  std::uint32_t output_alignment = 256;
  std::uint32_t residual_alignment = 256;

  // clang-tidy 14 takes the zero of the comparison for a pointer.
  auto operator<=>(const ProductShape&) const = default;  // NOLINT(modernize-use-nullptr)
};

/// The largest power of two, at most 256, that divides `address`.
std::uint32_t alignment_of(const void* address);

struct ProductOperands {
  const void* weight = nullptr;
  const void* input = nullptr;
  const void* bias = nullptr;
  const void* residual = nullptr;  ///< may be `output`
  void* output = nullptr;
  std::int64_t rows = 0;
  const float* weight_scales = nullptr;  ///< [n]
  const float* input_scales = nullptr;   ///< [m]
};

/// One per device, shared by its contexts. Thread-safe.
class Products {
 public:
  /// Working memory of each product: what NVIDIA advises for Hopper (cuBLAS,
  /// "cublasSetWorkspace").
  static constexpr std::size_t kWorkspace = std::size_t{32} << 20;

  explicit Products(std::shared_ptr<MemoryPool> pool);

  /// Enqueues the product. `workspace` has kWorkspace bytes and is used by this stream alone.
  /// Throws DeviceError where the library has no way to compute it.
  void run(const ProductShape& shape, const ProductOperands& operands, cudaStream_t stream,
           void* workspace);
  /// True where run() has a way. `operands`: the weight and its scales.
  bool offers(const ProductShape& shape, const ProductOperands& operands);

 private:
  /// Absent where the library has none.
  using Choice = std::optional<cublasLtMatmulAlgo_t>;

  Choice algorithm(const ProductShape& shape, const ProductOperands& operands);
  Choice choose(const ProductShape& shape, const ProductOperands& operands);

  const std::shared_ptr<MemoryPool> pool_;
  const CublasHandle handle_;
  std::mutex mutex_;
  std::map<ProductShape, Choice> algorithms_;
};

}  // namespace virnucpro::cuda
