// Dense layers: weights on the device, and which products and kernels an operation becomes.
#include <algorithm>
#include <utility>

#include "backend/cuda/device/cuda_backend.h"
#include "backend/cuda/device/kernels/kernels.h"
#include "backend/cuda/device/status.h"
#include "base/errors.h"

namespace virnucpro::cuda {
namespace {

// The integer products want rows of a multiple of 16 bytes.
constexpr std::int64_t kInt8Unit = 16;

std::int64_t rounded_up(std::int64_t n, std::int64_t unit) { return (n + unit - 1) / unit * unit; }

/// [outputs, stride] on the device; int8 rows have a scale each.
class CudaLinearWeight final : public ops::LinearWeight {
 public:
  CudaLinearWeight(std::int64_t outputs, std::int64_t inputs, DataType type, std::int64_t stride,
                   std::shared_ptr<void> memory, std::shared_ptr<void> scales)
      : LinearWeight(outputs, inputs, type),
        stride_(stride),
        memory_(std::move(memory)),
        scales_(std::move(scales)) {}

  const void* data() const { return memory_.get(); }
  std::int64_t stride() const { return stride_; }
  const float* scales() const { return static_cast<const float*>(scales_.get()); }

 private:
  std::int64_t stride_;
  std::shared_ptr<void> memory_;
  std::shared_ptr<void> scales_;
};

const CudaLinearWeight& weight_of(const ops::Linear& op) {
  const auto* weight = dynamic_cast<const CudaLinearWeight*>(op.weight);
  if (weight == nullptr) throw ContractError("linear: the weight was prepared by another backend");
  return *weight;
}

}  // namespace

std::unique_ptr<ops::LinearWeight> CudaBackend::do_prepare_linear(
    const HostTensor& weight, DataType type, std::span<const std::int32_t> kept) {
  return do_prepare_linear_parts({&weight, 1}, type, kept);
}

std::unique_ptr<ops::LinearWeight> CudaBackend::do_prepare_linear_parts(
    std::span<const HostTensor> parts, DataType type, std::span<const std::int32_t> /*kept*/) {
  use();
  const std::int64_t inputs = parts.front().shape[1];
  std::int64_t outputs = 0;
  for (const HostTensor& part : parts) outputs += part.shape[0];
  const bool is_int8 = type == DataType::kInt8;
  const std::int64_t stride = is_int8 ? rounded_up(inputs, kInt8Unit) : inputs;
  std::shared_ptr<void> memory =
      DeviceState::take(state_, static_cast<std::size_t>(outputs * stride) * size_of(type));
  std::shared_ptr<void> scales;
  if (is_int8) {
    scales = DeviceState::take(state_, static_cast<std::size_t>(outputs) * sizeof(float));
  }
  std::int64_t first = 0;
  for (const HostTensor& part : parts) {
    const std::int64_t rows = part.shape[0];
    if (is_int8) {
      void* staged = quantized_.get(stream_, part.bytes());
      copy_in(part, staged, part.type);
      launch_quantize_rows({staged, part.type, rows, inputs, inputs},
                           static_cast<std::int8_t*>(memory.get()) + first * stride, stride,
                           static_cast<float*>(scales.get()) + first, queue());
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
                                            std::move(scales));
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
  if (op.output.rows == 0 || op.output.columns == 0) return;
  use();
  if (op.weight->type() == DataType::kInt8) return linear_int8(op);
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
    launch_activation(op.activation, op.output, queue());
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

void CudaBackend::linear_int8(const ops::Linear& op) {
  const CudaLinearWeight& weight = weight_of(op);
  const std::int64_t rows = op.input.rows;
  const std::int64_t product_stride = rounded_up(weight.outputs(), kInt8Unit / 4);
  auto* q = quantized_.get<std::int8_t>(stream_, rows * weight.stride());
  auto* scales = scales_.get<float>(stream_, rows);
  launch_quantize_rows(op.input, q, weight.stride(), scales, queue());
  void* product =
      product_.get(stream_, static_cast<std::size_t>(rows * product_stride) * sizeof(std::int32_t));
  const ProductShape shape{.outputs = weight.outputs(),
                           .inputs = weight.stride(),  // filled up with zeros
                           .type = DataType::kInt8,
                           .output_type = DataType::kInt32,
                           .input_stride = weight.stride(),
                           .weight_stride = weight.stride(),
                           .output_stride = product_stride,
                           .residual_stride = 0,
                           .has_bias = false,
                           .input_alignment = alignment_of(q),
                           .output_alignment = alignment_of(product),
                           .residual_alignment = 256};
  state_->products->run(shape,
                        {.weight = weight.data(), .input = q, .output = product, .rows = rows},
                        queue(), workspace());
  launch_finish_linear({.product = product,
                        .is_int32 = true,
                        .product_stride = product_stride,
                        .row_scales = scales,
                        .column_scales = weight.scales(),
                        .bias = op.bias.data,
                        .activation = op.activation,
                        .residual = op.residual,
                        .output = op.output},
                       queue());
  check_cuda(cudaGetLastError(), "compute a dense layer");
}

}  // namespace virnucpro::cuda
