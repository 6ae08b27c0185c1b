// Dense layers: weights on the device, and which products and kernels an operation becomes.
#include <algorithm>
#include <utility>
#include <vector>

#include "backend/cuda/device/cuda_backend.h"
#include "backend/cuda/device/kernels/kernels.h"
#include "backend/cuda/device/linear_weight.h"
#include "backend/cuda/device/status.h"

namespace virnucpro::cuda {

std::unique_ptr<ops::LinearWeight> CudaBackend::do_prepare_linear(
    const HostTensor& weight, DataType type, std::span<const std::int32_t> kept) {
  return do_prepare_linear_parts({&weight, 1}, type, kept);
}

std::unique_ptr<ops::LinearWeight> CudaBackend::do_prepare_linear_parts(
    std::span<const HostTensor> parts, DataType type, std::span<const std::int32_t> kept_columns) {
  use();
  const std::int64_t inputs = parts.front().shape[1];
  std::int64_t outputs = 0;
  for (const HostTensor& part : parts) outputs += part.shape[0];
  const bool is_float8 = type == DataType::kFloat8E4M3;
  const bool is_8_bit = is_float8 || type == DataType::kInt8;
  const std::int64_t stride = is_8_bit ? rounded_up(inputs, k8BitUnit) : inputs;
  const std::int64_t rows_in_all = is_float8 ? rounded_up(outputs, k8BitUnit) : outputs;
  std::shared_ptr<void> memory =
      DeviceState::take(state_, static_cast<std::size_t>(rows_in_all * stride) * size_of(type));
  std::shared_ptr<void> scales;
  if (is_8_bit) {
    scales = DeviceState::take(state_, static_cast<std::size_t>(outputs) * sizeof(float));
  }
  if (rows_in_all > outputs) {
    check_cuda(cudaMemsetAsync(static_cast<std::byte*>(memory.get()) + outputs * stride, 0,
                               static_cast<std::size_t>((rows_in_all - outputs) * stride), queue()),
               "clear memory");
  }
  KeptWeights kept = place_kept(kept_columns, inputs, outputs);
  std::int64_t first = 0;
  for (const HostTensor& part : parts) {
    const std::int64_t rows = part.shape[0];
    if (is_8_bit) {
      void* staged = quantized_.get(stream_, part.bytes());
      copy_in(part, staged, part.type);
      const ConstMatrix there{staged, part.type, rows, inputs, inputs};
      auto* row_scales = static_cast<float*>(scales.get()) + first;
      if (is_float8) {
        launch_float8_rows(
            ops::Activation::kNone, there,
            {static_cast<std::uint8_t*>(memory.get()) + first * stride, stride, row_scales, stride},
            queue());
      } else {
        const ColumnsOut out = taken_out(kept, rows, part.type);
        launch_quantize_rows(there, static_cast<std::int8_t*>(memory.get()) + first * stride,
                             stride, row_scales, out, queue());
        launch_convert({out.values, part.type, rows, kept.stride, kept.stride},
                       {static_cast<__half*>(kept.values.get()) + first * kept.stride,
                        DataType::kFloat16, rows, kept.stride, kept.stride},
                       queue());
      }
      check_cuda(cudaGetLastError(), "round weights");
    } else {
      copy_in(part,
              static_cast<std::byte*>(memory.get()) +
                  static_cast<std::size_t>(first * stride) * size_of(type),
              type);
    }
    first += rows;
  }
  stream_->wait();  // other streams use it, too, and the caller may free the parts
  staging_.restart();
  return std::make_unique<CudaLinearWeight>(outputs, inputs, type, stride, std::move(memory),
                                            std::move(scales), std::move(kept));
}

std::unique_ptr<ops::LinearWeight> CudaBackend::do_prepare_quantized(
    std::span<const QuantizedWeight> parts, std::span<const std::int32_t> kept_columns) {
  use();
  const DataType type = parts.front().values.type;
  const std::int64_t inputs = parts.front().values.shape[1];
  std::int64_t outputs = 0;
  for (const QuantizedWeight& part : parts) outputs += part.values.shape[0];
  const std::int64_t stride = rounded_up(inputs, k8BitUnit);
  const std::int64_t rows_in_all =
      type == DataType::kFloat8E4M3 ? rounded_up(outputs, k8BitUnit) : outputs;
  const auto bytes = static_cast<std::size_t>(rows_in_all * stride);
  std::shared_ptr<void> memory = DeviceState::take(state_, bytes);
  std::shared_ptr<void> scales =
      DeviceState::take(state_, static_cast<std::size_t>(outputs) * sizeof(float));
  check_cuda(cudaMemsetAsync(memory.get(), 0, bytes, queue()), "clear memory");
  KeptWeights kept = place_kept(kept_columns, inputs, outputs);
  // Rows from the file to rows of another stride, which is filled up with zeros.
  const auto spread = [&](const HostTensor& rows, void* to, std::int64_t to_stride) {
    const std::size_t element = size_of(rows.type);
    const auto width = static_cast<std::size_t>(rows.shape[1]) * element;
    void* staged = quantized_.get(stream_, rows.bytes());
    copy_in(rows, staged, rows.type);
    check_cuda(cudaMemcpy2DAsync(to, static_cast<std::size_t>(to_stride) * element, staged, width,
                                 width, static_cast<std::size_t>(rows.shape[0]),
                                 cudaMemcpyDeviceToDevice, queue()),
               "copy rows");
  };
  if (kept.stride > 0) {
    check_cuda(
        cudaMemsetAsync(
            kept.values.get(), 0,
            static_cast<std::size_t>(outputs * kept.stride) * size_of(DataType::kFloat16), queue()),
        "clear memory");
  }
  std::int64_t first = 0;
  for (const QuantizedWeight& part : parts) {
    spread(part.values, static_cast<std::byte*>(memory.get()) + first * stride, stride);
    copy_in(part.scales, static_cast<float*>(scales.get()) + first, DataType::kFloat32);
    if (kept.stride > 0) {
      spread(part.kept, static_cast<__half*>(kept.values.get()) + first * kept.stride, kept.stride);
    }
    first += part.values.shape[0];
  }
  stream_->wait();  // other streams use it, too, and the caller may free the parts
  staging_.restart();
  return std::make_unique<CudaLinearWeight>(outputs, inputs, type, stride, std::move(memory),
                                            std::move(scales), std::move(kept));
}

KeptWeights CudaBackend::place_kept(std::span<const std::int32_t> kept, std::int64_t inputs,
                                    std::int64_t outputs) {
  if (kept.empty()) return {};
  KeptWeights placed;
  placed.count = static_cast<std::int64_t>(kept.size());
  placed.stride = rounded_up(placed.count, k8BitUnit);
  std::vector<std::uint32_t> mask(static_cast<std::size_t>(inputs + 31) / 32);
  for (const std::int32_t column : kept) {
    const auto at = static_cast<std::size_t>(column);
    mask[at / 32] |= 1u << at % 32;
  }
  placed.columns = DeviceState::take(state_, kept.size_bytes());
  placed.mask = DeviceState::take(state_, mask.size() * sizeof(mask[0]));
  placed.values = DeviceState::take(
      state_, static_cast<std::size_t>(outputs * placed.stride) * size_of(DataType::kFloat16));
  staging_.copy_in(*stream_, kept.data(), placed.columns.get(), kept.size_bytes());
  staging_.copy_in(*stream_, mask.data(), placed.mask.get(), mask.size() * sizeof(mask[0]));
  return placed;
}

ConstMatrix CudaBackend::in_type(const ConstMatrix& input, DataType type) {
  if (input.type == type) return input;
  const Matrix converted{
      converted_.get(stream_, static_cast<std::size_t>(input.rows * input.columns) * size_of(type)),
      type, input.rows, input.columns, input.columns};
  launch_convert(input, converted, queue());
  return converted;
}

const void* CudaBackend::bias_in(const ConstFloats& bias, DataType type) {
  if (bias.empty() || type == DataType::kFloat32) return bias.data;
  const void* copy = state_->vectors.copy(bias.data, bias.size, type);
  if (copy != nullptr) return copy;
  void* converted = bias_.get(stream_, static_cast<std::size_t>(bias.size) * size_of(type));
  launch_convert({bias.data, DataType::kFloat32, 1, bias.size, bias.size},
                 {converted, type, 1, bias.size, bias.size}, queue());
  return converted;
}

void CudaBackend::do_linear(const ops::Linear& op) {
  if (op.input.rows == 0 || op.weight->outputs() == 0) return;
  use();
  if (op.weight->type() == DataType::kInt8) return linear_int8(op);
  if (op.weight->type() == DataType::kFloat8E4M3) return linear_float8(op);
  const CudaLinearWeight& weight = weight_of(op);
  const ConstMatrix input = in_type(op.input, weight.type());
  // The product itself writes the output in the types that cuBLASLt has, unless something is still
  // to be added after an activation.
  const bool is_direct =
      (op.output.type == weight.type() || op.output.type == DataType::kFloat32) &&
      (op.residual.empty() ||
       (op.activation == ops::Activation::kNone && op.residual.type == op.output.type));
  Matrix product = op.output;
  if (!is_direct) {
    product = {product_.get(stream_, static_cast<std::size_t>(op.output.rows * op.output.columns) *
                                         sizeof(float)),
               DataType::kFloat32, op.output.rows, op.output.columns, op.output.columns};
  }
  const bool has_residual = is_direct && !op.residual.empty();
  const void* bias = is_direct ? bias_in(op.bias, product.type) : nullptr;
  const ProductShape shape{
      .outputs = weight.outputs(),
      .inputs = weight.inputs(),
      .type = weight.type(),
      .output_type = product.type,
      .input_stride = input.stride,
      .weight_stride = weight.stride(),
      .output_stride = product.stride,
      .residual_stride = has_residual ? op.residual.stride : 0,
      .has_bias = bias != nullptr,
      .input_alignment = alignment_of(input.data),
      .output_alignment = alignment_of(product.data),
      .residual_alignment = has_residual ? alignment_of(op.residual.data) : 256};
  state_->products->run(shape,
                        {.weight = weight.data(),
                         .input = input.data,
                         .bias = bias,
                         .residual = has_residual ? op.residual.data : nullptr,
                         .output = product.data,
                         .rows = op.output.rows},
                        queue(), workspace());
  if (is_direct) {
    launch_activation(op.activation, op.output, /*is_lean=*/false, queue());
  } else {
    launch_finish_linear({.product = product.data,
                          .is_int32 = false,
                          .product_stride = product.stride,
                          .row_scales = nullptr,
                          .column_scales = nullptr,
                          .bias = op.bias.data,
                          .activation = op.activation,
                          .residual = op.residual,
                          .output = op.output},
                         queue());
  }
  check_cuda(cudaGetLastError(), "compute a dense layer");
}

}  // namespace virnucpro::cuda
