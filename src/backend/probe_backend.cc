#include "backend/probe_backend.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "tensor/float16.h"

namespace virnucpro {
namespace {

// An output is copied in pieces of this size, so that its second copy takes no memory that matters.
constexpr std::int64_t kBlockBytes = std::int64_t{1} << 20;

template <typename Half>
void widen(const std::byte* values, std::vector<float>& row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    Half value;
    std::memcpy(&value, values + i * sizeof(Half), sizeof(Half));
    row[i] = to_float(value);
  }
}

void widen(const std::byte* values, DataType type, std::vector<float>& row) {
  if (type == DataType::kFloat16) return widen<Float16>(values, row);
  if (type == DataType::kBFloat16) return widen<BFloat16>(values, row);
  std::memcpy(row.data(), values, row.size() * sizeof(float));
}

/// The largest magnitude as bits, where infinities and NaN are above all others. Compilers can turn
/// this loop into vectors.
std::uint32_t largest_bits(const std::vector<float>& row) {
  std::uint32_t largest = 0;
  for (const float value : row) {
    largest = std::max(largest, std::bit_cast<std::uint32_t>(value) & 0x7fffffffu);
  }
  return largest;
}

}  // namespace

void ProbeBackend::begin(const ops::Sequences& sequences) {
  sequences_ = sequences;
  const std::int64_t count = sequences.count();
  token_rows_ = sequences.is_packed() ? sequences.begin(count) : count * sequences.row_length;
  layer_ = {};
  layer_begin_ = 0;
  operations_.clear();
  first_nonfinite_.assign(static_cast<std::size_t>(count), -1);
}

void ProbeBackend::enter_layer(LayerMark mark) {
  layer_ = mark;
  layer_begin_ = operations_.size();
  inner().enter_layer(mark);
}

void ProbeBackend::look(std::string_view name, const ConstMatrix& output) {
  const std::int64_t count = sequences_.count();
  check(output.rows == token_rows_ || output.rows == count,
        "probe: {} has {} rows in a batch of {} tokens and {} sequences", name, output.rows,
        token_rows_, count);
  ProbedOperation operation{.layer = layer_, .name = name};
  for (std::size_t i = layer_begin_; i < operations_.size(); ++i) {
    if (operations_[i].name == name) ++operation.occurrence;
  }
  operations_.push_back(operation);
  const bool pooled = output.rows != token_rows_;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t begin = pooled ? i : sequences_.begin(i);
    look_at_rows(output, begin, begin + (pooled ? 1 : sequences_.length(i)), i);
  }
}

void ProbeBackend::look_at_rows(const ConstMatrix& output, std::int64_t begin, std::int64_t end,
                                std::int64_t sequence) {
  ProbedOperation& operation = operations_.back();
  const auto size = static_cast<std::int64_t>(size_of(output.type));
  const auto* data = static_cast<const std::byte*>(output.data);
  row_.resize(static_cast<std::size_t>(output.columns));
  if (output.columns == 0) return;
  const std::int64_t step = std::max<std::int64_t>(1, kBlockBytes / (output.stride * size));
  for (std::int64_t from = begin; from < end; from += step) {
    const std::int64_t rows = std::min(step, end - from);
    block_.resize(static_cast<std::size_t>(((rows - 1) * output.stride + output.columns) * size));
    inner().download(data + from * output.stride * size, block_.data(), block_.size());
    for (std::int64_t r = 0; r < rows; ++r) {
      widen(block_.data() + r * output.stride * size, output.type, row_);
      const std::uint32_t bits = largest_bits(row_);
      float largest = std::bit_cast<float>(bits);
      if (!std::isfinite(largest)) {
        largest = 0.0f;
        for (const float value : row_) {
          if (std::isnan(value)) ++operation.nan;
          if (std::isinf(value)) ++operation.infinite;
          if (std::isfinite(value)) largest = std::max(largest, std::abs(value));
        }
        std::int32_t& first = first_nonfinite_[static_cast<std::size_t>(sequence)];
        if (first < 0) first = static_cast<std::int32_t>(operations_.size()) - 1;
      }
      if (largest > operation.largest) {
        operation.largest = largest;
        operation.largest_sequence = sequence;
      }
    }
  }
}

void ProbeBackend::do_embedding_lookup(const ops::EmbeddingLookup& op) {
  ForwardingBackend::do_embedding_lookup(op);
  look("embedding_lookup", op.output);
}

void ProbeBackend::do_linear(const ops::Linear& op) {
  ForwardingBackend::do_linear(op);
  look("linear", op.output);
}

void ProbeBackend::do_layer_norm(const ops::LayerNorm& op) {
  ForwardingBackend::do_layer_norm(op);
  look("layer_norm", op.output);
}

void ProbeBackend::do_attention_packed(const ops::Attention& op) {
  ForwardingBackend::do_attention_packed(op);
  look("attention", op.output);
}

void ProbeBackend::do_attention_padded(const ops::Attention& op) {
  ForwardingBackend::do_attention_padded(op);
  look("attention", op.output);
}

void ProbeBackend::do_gated_gelu(const ops::GatedGelu& op) {
  ForwardingBackend::do_gated_gelu(op);
  look("gated_gelu", op.output);
}

void ProbeBackend::do_mean_pool(const ops::MeanPool& op) {
  ForwardingBackend::do_mean_pool(op);
  look("mean_pool", op.output);
}

void ProbeBackend::do_softmax(const ops::Softmax& op) {
  ForwardingBackend::do_softmax(op);
  look("softmax", op.output);
}

void ProbeBackend::do_convert(const ops::Convert& op) {
  ForwardingBackend::do_convert(op);
  look("convert", op.output);
}

}  // namespace virnucpro
