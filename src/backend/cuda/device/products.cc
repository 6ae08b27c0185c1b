#include "backend/cuda/device/products.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "backend/cuda/device/kernels/kernels.h"
#include "base/errors.h"
#include "base/format.h"

namespace virnucpro::cuda {
namespace {

// Rows that algorithms are chosen for: the usual size of a run's batches (batch_room()).
constexpr std::int64_t kPlannedRows = 16384;
constexpr int kCandidates = 12;
// Candidates take turns, because a GPU at its power limit slows down by a tenth within a second,
// which must not count against those that come last.
constexpr int kRounds = 4;
constexpr int kRunsInTurn = 4;
// Trials may take one part in eight of the unused memory: other contexts are growing to their sizes
// meanwhile.
constexpr std::size_t kTrialShare = 8;

// Tensor cores keep about 14 bits of a sum of 8-bit floats. Without fast sums the library adds up
// in float32 what they computed for a few inputs: a tenth slower, and embeddings are no closer to
// FP32's (docs/explanation/cuda.md).
constexpr std::int8_t kFastFloat8Sums = 1;

cudaDataType_t cuda_type(DataType type) {
  switch (type) {
    case DataType::kFloat16:
      return CUDA_R_16F;
    case DataType::kBFloat16:
      return CUDA_R_16BF;
    case DataType::kFloat8E4M3:
      return CUDA_R_8F_E4M3;
    case DataType::kInt8:
      return CUDA_R_8I;
    case DataType::kInt32:
      return CUDA_R_32I;
    default:
      return CUDA_R_32F;
  }
}

/// The operation as cuBLASLt sees it: column-major, so our rows are its columns. The features are
/// the rows of its result, as its bias requires.
struct Description {
  cublasLtMatmulDescOpaque_t operation;
  cublasLtMatrixLayoutOpaque_t weight;
  cublasLtMatrixLayoutOpaque_t input;
  cublasLtMatrixLayoutOpaque_t residual;
  cublasLtMatrixLayoutOpaque_t output;

  Description(const ProductShape& shape, const ProductOperands& operands) {
    const bool is_integer = shape.type == DataType::kInt8;
    check_cublas(
        cublasLtMatmulDescInit(&operation, is_integer ? CUBLAS_COMPUTE_32I : CUBLAS_COMPUTE_32F,
                               is_integer ? CUDA_R_32I : CUDA_R_32F),
        "describe a product");
    const cublasOperation_t transposed = CUBLAS_OP_T;
    set(CUBLASLT_MATMUL_DESC_TRANSA, transposed);
    if (shape.has_bias) {
      const cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_BIAS;
      set(CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue);
      set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, operands.bias);
      const cudaDataType_t bias_type = cuda_type(shape.output_type);
      set(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, bias_type);
    }
    if (shape.type == DataType::kFloat8E4M3) {
      set(CUBLASLT_MATMUL_DESC_FAST_ACCUM, kFastFloat8Sums);
    }
    if (shape.is_scaled) set_scales(operands);
    const auto n = static_cast<std::uint64_t>(shape.outputs);
    const auto k = static_cast<std::uint64_t>(shape.inputs);
    const auto m = static_cast<std::uint64_t>(operands.rows);
    layout(weight, shape.type, k, n, shape.weight_stride);
    layout(input, shape.type, k, m, shape.input_stride);
    layout(output, shape.output_type, n, m, shape.output_stride);
    layout(residual, shape.output_type, n, m,
           shape.residual_stride == 0 ? shape.output_stride : shape.residual_stride);
  }

  /// The library knows a scale per row since 12.9, for Hopper.
  static constexpr bool kHasScales = CUBLAS_VERSION >= 120900;

 private:
  void set_scales([[maybe_unused]] const ProductOperands& operands) {
#if CUBLAS_VERSION >= 120900
    const std::int32_t by_row = CUBLASLT_MATMUL_MATRIX_SCALE_OUTER_VEC_32F;
    set(CUBLASLT_MATMUL_DESC_A_SCALE_MODE, by_row);
    set(CUBLASLT_MATMUL_DESC_B_SCALE_MODE, by_row);
    set(CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, operands.weight_scales);
    set(CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, operands.input_scales);
#endif
  }

  template <typename T>
  void set(cublasLtMatmulDescAttributes_t attribute, const T& value) {
    check_cublas(cublasLtMatmulDescSetAttribute(&operation, attribute, &value, sizeof(value)),
                 "describe a product");
  }
  static void layout(cublasLtMatrixLayoutOpaque_t& layout, DataType type, std::uint64_t rows,
                     std::uint64_t columns, std::int64_t stride) {
    check_cublas(cublasLtMatrixLayoutInit(&layout, cuda_type(type), rows, columns, stride),
                 "describe a matrix");
  }
};

cublasStatus_t multiply(cublasLtHandle_t handle, Description& description,
                        const ProductShape& shape, const ProductOperands& operands,
                        const cublasLtMatmulAlgo_t& algorithm, cudaStream_t stream,
                        void* workspace) {
  const float one = 1.0f;
  const float beta = shape.residual_stride == 0 ? 0.0f : 1.0f;
  const std::int32_t whole_one = 1;
  const std::int32_t whole_zero = 0;
  const bool is_integer = shape.type == DataType::kInt8;
  const void* residual = operands.residual == nullptr ? operands.output : operands.residual;
  return cublasLtMatmul(
      handle, &description.operation, is_integer ? static_cast<const void*>(&whole_one) : &one,
      operands.weight, &description.weight, operands.input, &description.input,
      is_integer ? static_cast<const void*>(&whole_zero) : &beta, residual, &description.residual,
      operands.output, &description.output, &algorithm, workspace, Products::kWorkspace, stream);
}

/// True when the sums over k are not cut into parts that different blocks add up: only then do the
/// bits of a row not depend on how many rows there are.
bool adds_in_one_block(const cublasLtMatmulAlgo_t& algorithm) {
  std::int32_t parts = 1;
  std::uint32_t reduction = CUBLASLT_REDUCTION_SCHEME_NONE;
  cublasLtMatmulAlgoConfigGetAttribute(&algorithm, CUBLASLT_ALGO_CONFIG_SPLITK_NUM, &parts,
                                       sizeof(parts), nullptr);
  cublasLtMatmulAlgoConfigGetAttribute(&algorithm, CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME,
                                       &reduction, sizeof(reduction), nullptr);
  return parts <= 1 && reduction == CUBLASLT_REDUCTION_SCHEME_NONE;
}

/// Empty where the library has none.
std::vector<cublasLtMatmulAlgo_t> candidates(cublasLtHandle_t handle, const ProductShape& shape,
                                             Description& description) {
  cublasLtMatmulPreference_t made = nullptr;
  check_cublas(cublasLtMatmulPreferenceCreate(&made), "state a preference");
  const CublasPreference preference(made);
  const auto prefer = [&](cublasLtMatmulPreferenceAttributes_t attribute, const auto& value) {
    check_cublas(
        cublasLtMatmulPreferenceSetAttribute(preference.get(), attribute, &value, sizeof(value)),
        "state a preference");
  };
  const std::size_t workspace = Products::kWorkspace;
  prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, workspace);
  const std::uint32_t no_reduction = CUBLASLT_REDUCTION_SCHEME_NONE;
  prefer(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, no_reduction);
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, shape.input_alignment);
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, shape.residual_alignment);
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, shape.output_alignment);
  std::array<cublasLtMatmulHeuristicResult_t, kCandidates> found{};
  int count = 0;
  const cublasStatus_t status =
      cublasLtMatmulAlgoGetHeuristic(handle, &description.operation, &description.weight,
                                     &description.input, &description.residual, &description.output,
                                     preference.get(), kCandidates, found.data(), &count);
  if (status != CUBLAS_STATUS_SUCCESS) count = 0;
  std::vector<cublasLtMatmulAlgo_t> usable;
  for (int i = 0; i < count; ++i) {
    if (found[static_cast<std::size_t>(i)].state != CUBLAS_STATUS_SUCCESS) continue;
    const cublasLtMatmulAlgo_t& algorithm = found[static_cast<std::size_t>(i)].algo;
    if (adds_in_one_block(algorithm)) usable.push_back(algorithm);
  }
  return usable;
}

}  // namespace

std::uint32_t alignment_of(const void* address) {
  constexpr std::uintptr_t kMostBytes = 256;
  const auto bits = reinterpret_cast<std::uintptr_t>(address) | kMostBytes;
  return static_cast<std::uint32_t>(bits & (~bits + 1));
}

Products::Products(std::shared_ptr<MemoryPool> pool)
    : pool_(std::move(pool)), handle_(make_cublas_handle()) {}

void Products::run(const ProductShape& shape, const ProductOperands& operands, cudaStream_t stream,
                   void* workspace) {
  const Choice chosen = algorithm(shape, operands);
  if (!chosen) {
    throw DeviceError(fmt::format(
        "cuBLASLt has no way to multiply a weight [{}, {}] of {} to {} (strides {}, {})",
        shape.outputs, shape.inputs, name_of(shape.type), name_of(shape.output_type),
        shape.input_stride, shape.output_stride));
  }
  Description description(shape, operands);
  check_cublas(multiply(handle_.get(), description, shape, operands, *chosen, stream, workspace),
               "multiply");
}

bool Products::offers(const ProductShape& shape, const ProductOperands& operands) {
  return algorithm(shape, operands).has_value();
}

Products::Choice Products::algorithm(const ProductShape& shape, const ProductOperands& operands) {
  const std::lock_guard lock(mutex_);
  const auto known = algorithms_.find(shape);
  if (known != algorithms_.end()) return known->second;
  const Choice chosen = choose(shape, operands);
  algorithms_.emplace(shape, chosen);
  return chosen;
}

/// The library's first choice decides the bits of all results. Of the algorithms that give the same
/// bits on random values the fastest is taken, so that a noisy measurement changes no result.
Products::Choice Products::choose(const ProductShape& shape, const ProductOperands& wanted) {
  if (shape.is_scaled && !Description::kHasScales) return std::nullopt;
  // Only the alignment of addresses takes part in the choice; any aligned one will do.
  const ProductOperands planned{.weight = wanted.weight,
                                .bias = shape.has_bias ? wanted.weight : nullptr,
                                .rows = kPlannedRows,
                                .weight_scales = wanted.weight_scales,
                                .input_scales = wanted.weight_scales};
  Description description(shape, planned);
  const std::vector<cublasLtMatmulAlgo_t> usable = candidates(handle_.get(), shape, description);
  if (usable.empty()) return std::nullopt;
  const bool is_large = shape.outputs * shape.inputs >= (1 << 18) && shape.input_alignment >= 16 &&
                        shape.output_alignment >= 16;
  const auto input_bytes =
      static_cast<std::size_t>(kPlannedRows * shape.input_stride) * size_of(shape.type);
  const auto output_bytes =
      static_cast<std::size_t>(kPlannedRows *
                               std::max(shape.output_stride, shape.residual_stride)) *
      size_of(shape.output_type);
  // The input stands for the residual, too.
  const bool has_residual = shape.residual_stride != 0;
  const std::size_t values_bytes = has_residual ? std::max(input_bytes, output_bytes) : input_bytes;
  const std::size_t trial_bytes = values_bytes + 2 * output_bytes + kWorkspace;
  if (usable.size() == 1 || !is_large || trial_bytes > pool_->unused() / kTrialShare) {
    return usable.front();
  }
  constexpr std::size_t kScalesBytes = kPlannedRows * sizeof(float);
  std::shared_ptr<void> input;
  std::shared_ptr<void> first;
  std::shared_ptr<void> other;
  std::shared_ptr<void> workspace;
  std::shared_ptr<void> difference;
  std::shared_ptr<void> scales;
  try {
    input = pool_->take_shared(values_bytes);
    scales = pool_->take_shared(kScalesBytes);
    first = pool_->take_shared(output_bytes);
    other = pool_->take_shared(output_bytes);
    workspace = pool_->take_shared(kWorkspace);
    difference = pool_->take_shared(sizeof(std::int32_t));
  } catch (const OutOfDeviceMemory&) {
    return usable.front();
  }
  const Stream stream = make_stream();
  const Event begin = make_event();
  const Event end = make_event();
  launch_random_fill(input.get(), shape.type,
                     static_cast<std::int64_t>(values_bytes / size_of(shape.type)), stream.get());
  launch_random_fill(scales.get(), DataType::kFloat32, kPlannedRows, stream.get());
  ProductOperands operands = planned;
  operands.input = input.get();
  operands.bias = shape.has_bias ? input.get() : nullptr;  // some numbers
  operands.residual = has_residual ? input.get() : nullptr;
  operands.input_scales = static_cast<const float*>(scales.get());
  const auto run = [&](const cublasLtMatmulAlgo_t& algorithm) {
    Description again(shape, operands);
    return multiply(handle_.get(), again, shape, operands, algorithm, stream.get(),
                    workspace.get());
  };
  std::vector<cublasLtMatmulAlgo_t> equal;
  for (std::size_t i = 0; i < usable.size(); ++i) {
    operands.output = i == 0 ? first.get() : other.get();
    check_cuda(cudaMemsetAsync(operands.output, 0, output_bytes, stream.get()), "clear memory");
    if (run(usable[i]) != CUBLAS_STATUS_SUCCESS) continue;
    if (i > 0) {
      std::int32_t differs = 0;
      launch_compare(first.get(), other.get(), static_cast<std::int64_t>(output_bytes / 2),
                     static_cast<std::int32_t*>(difference.get()), stream.get());
      check_cuda(cudaMemcpyAsync(&differs, difference.get(), sizeof(differs),
                                 cudaMemcpyDeviceToHost, stream.get()),
                 "compare products");
      check_cuda(cudaStreamSynchronize(stream.get()), "compare products");
      if (differs != 0) continue;
    }
    equal.push_back(usable[i]);
  }
  if (equal.empty()) return usable.front();
  std::vector<float> milliseconds(equal.size(), 0.0f);
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < equal.size(); ++i) {
      check_cuda(cudaEventRecord(begin.get(), stream.get()), "time products");
      for (int r = 0; r < kRunsInTurn; ++r) check_cublas(run(equal[i]), "multiply");
      check_cuda(cudaEventRecord(end.get(), stream.get()), "time products");
      check_cuda(cudaEventSynchronize(end.get()), "time products");
      float time = 0.0f;
      check_cuda(cudaEventElapsedTime(&time, begin.get(), end.get()), "time products");
      milliseconds[i] += time;
    }
  }
  const auto fastest = std::min_element(milliseconds.begin(), milliseconds.end());
  return equal[static_cast<std::size_t>(fastest - milliseconds.begin())];
}

}  // namespace virnucpro::cuda
