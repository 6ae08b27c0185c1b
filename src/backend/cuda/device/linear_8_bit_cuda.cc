// Dense layers with weights of 8 bits, of whole numbers and of floats.
#include <algorithm>

#include "backend/cuda/device/cuda_backend.h"
#include "backend/cuda/device/kernels/kernels.h"
#include "backend/cuda/device/linear_weight.h"
#include "backend/cuda/device/status.h"

namespace virnucpro::cuda {
namespace {

// Products that another kernel finishes are computed for so many rows at a time that they take no
// more than this: whole ones would take as much memory as all other activations together. It is
// enough rows for several rounds of all multiprocessors.
constexpr std::int64_t kSliceBytes = std::int64_t{80} << 20;
// Tiles of products are of so many rows, or a divisor.
constexpr std::int64_t kTileRows = 256;

/// Calls f(first, count) for slices of rows whose products have `row_bytes` each.
template <typename F>
void for_each_slice(std::int64_t rows, std::int64_t row_bytes, F&& f) {
  const std::int64_t most = std::max(kTileRows, kSliceBytes / row_bytes / kTileRows * kTileRows);
  for (std::int64_t first = 0; first < rows; first += most) f(first, std::min(most, rows - first));
}

ConstMatrix rows_of(ConstMatrix matrix, std::int64_t first, std::int64_t count) {
  if (matrix.empty()) return matrix;
  matrix.data = static_cast<const std::byte*>(matrix.data) +
                static_cast<std::size_t>(first * matrix.stride) * size_of(matrix.type);
  matrix.rows = count;
  return matrix;
}

Matrix rows_of(Matrix matrix, std::int64_t first, std::int64_t count) {
  const ConstMatrix rows = rows_of(static_cast<const ConstMatrix&>(matrix), first, count);
  return {const_cast<void*>(rows.data), rows.type, rows.rows, rows.columns, rows.stride};
}

Float8Rows rows_of(Float8Rows rows, std::int64_t first) {
  rows.values += first * rows.stride;
  rows.scales += first;
  return rows;
}

/// True where every row begins at a multiple of 16 bytes, as products of floats want it.
bool is_aligned(const ConstMatrix& matrix) {
  constexpr std::uintptr_t kBytes = 16;
  return static_cast<std::size_t>(matrix.stride) * size_of(matrix.type) % kBytes == 0 &&
         reinterpret_cast<std::uintptr_t>(matrix.data) % kBytes == 0;
}

}  // namespace

ColumnsOut CudaBackend::taken_out(const KeptWeights& kept, std::int64_t rows, DataType type) {
  if (kept.stride == 0) return {};
  return {
      .columns = static_cast<const std::int32_t*>(kept.columns.get()),
      .mask = static_cast<const std::uint32_t*>(kept.mask.get()),
      .count = kept.count,
      .values = kept_.get(stream_, static_cast<std::size_t>(rows * kept.stride) * size_of(type)),
      .stride = kept.stride};
}

void CudaBackend::linear_int8(const ops::Linear& op) {
  const CudaLinearWeight& weight = weight_of(op);
  const std::int64_t rows = op.input.rows;
  const std::int64_t stride = rounded_up(weight.outputs(), k8BitUnit / 4);
  auto* q = quantized_.get<std::int8_t>(stream_, rows * weight.stride());
  auto* scales = scales_.get<float>(stream_, rows);
  const KeptWeights& kept = weight.kept();
  const ColumnsOut out = taken_out(kept, rows, op.input.type);
  launch_quantize_rows(op.input, q, weight.stride(), scales, out, queue());
  ProductShape shape{.outputs = weight.outputs(),
                     .inputs = weight.stride(),  // filled up with zeros
                     .type = DataType::kInt8,
                     .output_type = DataType::kInt32,
                     .input_stride = weight.stride(),
                     .weight_stride = weight.stride(),
                     .output_stride = stride,
                     .input_alignment = alignment_of(q)};
  const std::int64_t row_bytes = stride * 4;
  for_each_slice(rows, row_bytes, [&](std::int64_t first, std::int64_t count) {
    void* product = product_.get(stream_, static_cast<std::size_t>(count * row_bytes));
    shape.output_alignment = alignment_of(product);
    state_->products->run(shape,
                          {.weight = weight.data(),
                           .input = q + first * weight.stride(),
                           .output = product,
                           .rows = count},
                          queue(), workspace());
    FinishLinear finish{.product = product,
                        .is_int32 = true,
                        .product_stride = stride,
                        .row_scales = scales + first,
                        .column_scales = weight.scales(),
                        .bias = op.bias.data,
                        .activation = op.activation,
                        .residual = rows_of(op.residual, first, count),
                        .output = rows_of(op.output, first, count)};
    if (out.values != nullptr) {
      finish.kept = {
          .inputs = static_cast<const std::byte*>(out.values) +
                    static_cast<std::size_t>(first * kept.stride) * size_of(op.input.type),
          .type = op.input.type,
          .weights = static_cast<const __half*>(kept.values.get()),
          .stride = kept.stride};
    }
    launch_finish_linear(finish, queue());
  });
  check_cuda(cudaGetLastError(), "compute a dense layer");
}

Float8Rows CudaBackend::float8_input(const ops::Linear& op, std::int64_t stride) {
  const ConstMatrix& input = op.input;
  const bool is_quantized = input.type == DataType::kFloat8E4M3;
  // Nobody writes what comes from another operation.
  auto* scales = const_cast<float*>(op.input_scales.data);
  if (is_quantized && input.columns == stride && is_aligned(input)) {
    return {static_cast<std::uint8_t*>(const_cast<void*>(input.data)), input.stride, scales,
            input.columns};
  }
  auto* values = quantized_.get<std::uint8_t>(stream_, input.rows * stride);
  if (!is_quantized) {
    const Float8Rows rows{values, stride, scales_.get<float>(stream_, input.rows), stride};
    launch_float8_rows(ops::Activation::kNone, input, rows, queue());
    return rows;
  }
  const auto width = static_cast<std::size_t>(stride);
  const auto count = static_cast<std::size_t>(input.rows);
  check_cuda(cudaMemsetAsync(values, 0, width * count, queue()), "clear memory");
  check_cuda(cudaMemcpy2DAsync(values, width, input.data, static_cast<std::size_t>(input.stride),
                               static_cast<std::size_t>(input.columns), count,
                               cudaMemcpyDeviceToDevice, queue()),
             "copy rows");
  return {values, stride, scales, stride};
}

void CudaBackend::linear_float8(const ops::Linear& op) {
  const CudaLinearWeight& weight = weight_of(op);
  const Float8Rows input = float8_input(op, weight.stride());
  const bool quantizes = !op.quantized.empty();
  const Float8Rows quantized = float8_rows(op.quantized);
  // The type of results, also before they are rounded to 8 bits.
  const DataType type = !quantizes                   ? op.output.type
                        : is_floating(op.input.type) ? op.input.type
                                                     : DataType::kFloat16;
  ProductShape shape{.outputs = weight.outputs(),
                     .inputs = weight.stride(),  // filled up with zeros
                     .type = DataType::kFloat8E4M3,
                     .output_type = type,
                     .input_stride = input.stride,
                     .weight_stride = weight.stride(),
                     .output_stride = quantizes ? weight.outputs() : op.output.stride,
                     .residual_stride = op.residual.empty() ? 0 : op.residual.stride,
                     .has_bias = !op.bias.empty(),
                     .is_scaled = true,
                     .input_alignment = alignment_of(input.values)};
  ProductOperands operands{.weight = weight.data(),
                           .input = input.values,
                           .residual = op.residual.data,
                           .output = op.output.data,
                           .rows = op.input.rows,
                           .weight_scales = weight.scales(),
                           .input_scales = input.scales};
  const std::int64_t middle_bytes = weight.outputs() * static_cast<std::int64_t>(size_of(type));
  const auto middle_of = [&](Scratch& scratch, std::int64_t count) {
    return Matrix{scratch.get(stream_, static_cast<std::size_t>(count * middle_bytes)), type, count,
                  weight.outputs(), weight.outputs()};
  };
  // The product itself scales and adds, where the library can; else a kernel does.
  const bool fits = weight.outputs() % k8BitUnit == 0 && type != DataType::kFloat32 &&
                    (quantizes || is_aligned(op.output)) &&
                    (op.residual.empty() || (op.activation == ops::Activation::kNone &&
                                             op.residual.type == type && is_aligned(op.residual)));
  if (!op.output.empty()) shape.output_alignment = alignment_of(op.output.data);
  if (!op.residual.empty()) shape.residual_alignment = alignment_of(op.residual.data);
  if (fits && state_->products->offers(shape, operands)) {
    operands.bias = bias_in(op.bias, type);
    if (!quantizes) {
      state_->products->run(shape, operands, queue(), workspace());
      launch_activation(op.activation, op.output, /*is_lean=*/true, queue());
    } else {
      for_each_slice(op.input.rows, middle_bytes, [&](std::int64_t first, std::int64_t count) {
        const Matrix middle = middle_of(product_, count);
        operands.input = input.values + first * input.stride;
        operands.input_scales = input.scales + first;
        operands.output = middle.data;
        operands.rows = count;
        state_->products->run(shape, operands, queue(), workspace());
        launch_float8_rows(op.activation, middle, rows_of(quantized, first), queue());
      });
    }
    check_cuda(cudaGetLastError(), "compute a dense layer");
    return;
  }
  shape.outputs = rounded_up(weight.outputs(), k8BitUnit);  // rows of zeros
  shape.output_type = DataType::kFloat32;
  shape.output_stride = shape.outputs;
  shape.residual_stride = 0;
  shape.has_bias = false;
  shape.is_scaled = false;
  shape.output_alignment = 256;
  shape.residual_alignment = 256;
  const std::int64_t row_bytes = shape.outputs * 4;
  for_each_slice(op.input.rows, row_bytes, [&](std::int64_t first, std::int64_t count) {
    void* product = product_.get(stream_, static_cast<std::size_t>(count * row_bytes));
    state_->products->run(shape,
                          {.weight = weight.data(),
                           .input = input.values + first * input.stride,
                           .output = product,
                           .rows = count},
                          queue(), workspace());
    const Matrix output =
        quantizes ? middle_of(converted_, count) : rows_of(op.output, first, count);
    launch_finish_linear({.product = product,
                          .is_int32 = false,
                          .product_stride = shape.output_stride,
                          .row_scales = input.scales + first,
                          .column_scales = weight.scales(),
                          .bias = op.bias.data,
                          .activation = op.activation,
                          .residual = rows_of(op.residual, first, count),
                          .output = output},
                         queue());
    if (quantizes) {
      launch_float8_rows(ops::Activation::kNone, output, rows_of(quantized, first), queue());
    }
  });
  check_cuda(cudaGetLastError(), "compute a dense layer");
}

}  // namespace virnucpro::cuda
