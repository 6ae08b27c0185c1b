// The kernels' launchers. Device pointers; results on `stream`; the caller asks for the last error.
// Strides in elements. Matrices of no rows or columns launch nothing.
#pragma once

#include <cuda_fp16.h>
#include <cuda_runtime_api.h>

#include <cstdint>

#include "backend/cuda/attention_tiling.h"
#include "ops/linear.h"
#include "tensor/view.h"

namespace virnucpro::cuda {

/// What one block found in its share of a row of pooled values.
struct RowCheck {
  std::int32_t nan;
  std::int32_t infinite;
  float finite_min;  ///< +infinity where nothing is finite
  float finite_max;  ///< -infinity
};

/// output[i] = scale * (table[ids[i]] + addend).
void launch_embedding_lookup(const std::int32_t* ids, const ConstMatrix& table, const float* addend,
                             float scale, const Matrix& output, cudaStream_t stream);

/// Where rows in 8-bit floats are written: values [m, stride], scales [m]; columns from those of
/// the source to `filled` become zeros. values null: nowhere.
struct Float8Rows {
  std::uint8_t* values = nullptr;
  std::int64_t stride = 0;
  float* scales = nullptr;
  std::int64_t filled = 0;
};

inline Float8Rows float8_rows(const QuantizedMatrix& matrix) {
  return {static_cast<std::uint8_t*>(matrix.values.data), matrix.values.stride, matrix.scales,
          matrix.values.columns};
}

/// `output` may have no data where `quantized` has.
void launch_layer_norm(const ConstMatrix& input, const ConstMatrix& residual, const float* gamma,
                       const float* beta, float epsilon, const Matrix& output,
                       const Float8Rows& quantized, cudaStream_t stream);
/// activation(input), rounded to the input's type and then to 8 bits.
void launch_float8_rows(ops::Activation activation, const ConstMatrix& input, const Float8Rows& out,
                        cudaStream_t stream);
/// The gated GELU of input [m, 2 * width] in the same way.
void launch_gated_float8(const ConstMatrix& input, const Float8Rows& out, cudaStream_t stream);

/// output = activation(output) in place. `is_lean`: with the gelu of launch_float8_rows().
void launch_activation(ops::Activation activation, const Matrix& output, bool is_lean,
                       cudaStream_t stream);

void launch_gated_gelu(const ConstMatrix& input, const Matrix& output, cudaStream_t stream);

/// The columns that an int8 weight keeps in float16: inputs [m, stride] of `type`, weights
/// [n, stride]; both zero from the last one on. The stride is a multiple of 16. None: inputs null.
struct KeptColumns {
  const void* inputs = nullptr;
  DataType type = DataType::kFloat16;
  const __half* weights = nullptr;
  std::int64_t stride = 0;
};

/// Turns whole products into results: activation(product * (row_scales[i] * column_scales[j]) +
/// the product of the kept columns + bias) + residual. product: float32 or int32, [m, n] with
/// `product_stride`; scales, bias and residual are null or empty where there are none.
struct FinishLinear {
  const void* product;
  bool is_int32;
  std::int64_t product_stride;
  const float* row_scales;
  const float* column_scales;
  const float* bias;
  ops::Activation activation;
  ConstMatrix residual;
  Matrix output;
  KeptColumns kept = {};
};
void launch_finish_linear(const FinishLinear& op, cudaStream_t stream);
/// The same where columns are kept; false, and nothing is launched, where it cannot be used.
bool launch_finish_kept(const FinishLinear& op, cudaStream_t stream);

/// The columns that are not rounded: `columns` [count], ascending; `mask` has a bit for each
/// column, the lowest first. Their values go to `values` [m, stride] of the input's type, zeros
/// behind them.
struct ColumnsOut {
  const std::int32_t* columns = nullptr;
  const std::uint32_t* mask = nullptr;
  std::int64_t count = 0;
  void* values = nullptr;
  std::int64_t stride = 0;
};

/// Rows to int8 (tensor/quantize.h): q [m, stride], zero from the columns on and where columns are
/// taken out, and scales [m].
void launch_quantize_rows(const ConstMatrix& input, std::int8_t* q, std::int64_t q_stride,
                          float* scales, const ColumnsOut& out, cudaStream_t stream);

void launch_convert(const ConstMatrix& input, const Matrix& output, cudaStream_t stream);
void launch_softmax(const ConstMatrix& input, const Matrix& output, cudaStream_t stream);

/// The rows of a mean: sequence i is [offsets[i], offsets[i + 1]) or, where row_length is not 0,
/// [i * row_length, i * row_length + offsets[i]).
struct PoolRows {
  const std::int32_t* offsets;
  std::int64_t row_length;
  std::int64_t skip_front;
  std::int64_t skip_back;
  std::int64_t max_rows;
};
/// `checks` null: none; else [output.rows * pool_parts(output.columns)].
void launch_mean_pool(const ConstMatrix& input, const PoolRows& rows, const Matrix& output,
                      RowCheck* checks, cudaStream_t stream);
std::int64_t pool_parts(std::int64_t columns);
/// checks [input.rows].
void launch_check_rows(const ConstMatrix& input, RowCheck* checks, cudaStream_t stream);

/// Fills with values of about deviation 1 (int8: of its whole range), the same in every run.
void launch_random_fill(void* data, DataType type, std::int64_t count, cudaStream_t stream);
/// Sets *differs to 0 when the two hold the same bits, else to another number; `words` of 2 bytes.
void launch_compare(const void* a, const void* b, std::int64_t words, std::int32_t* differs,
                    cudaStream_t stream);

/// Attention over `tiles` [tile_count] for one set of heads. angles: [positions, head_width / 2]
/// pairs (cosine, sine), each row in the order of angle_index() for `pack`, null without rotary
/// positions; pack: attention_pack() of qkv, or 1; slopes [heads] or null.
struct AttentionArguments {
  ConstMatrix qkv;
  const AttentionTile* tiles;
  std::int64_t tile_count;
  std::int64_t heads;
  std::int64_t head_width;
  float scale;
  const float* slopes;
  const float2* angles;
  int pack;
  int warps;  ///< of a block, attention_warps(); not used by the plain kernel
  Matrix output;
};
/// float16 or bfloat16, heads of at most kWidestHead columns; tiles of `warps` times warp_rows().
void launch_attention_tensor(const AttentionArguments& op, cudaStream_t stream);
/// Any floating type and width; tiles of kPlainQueryRows.
void launch_attention_plain(const AttentionArguments& op, cudaStream_t stream);
inline constexpr int kPlainQueryRows = 4;
/// The widest head that launch_attention_plain() has room for.
inline constexpr std::int64_t kWidestPlainHead = 1024;

}  // namespace virnucpro::cuda
