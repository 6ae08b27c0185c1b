#include "backend/cpu/linear_weight_cpu.h"

#include <cstring>
#include <utility>

#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/gemm_cpu.h"
#include "backend/cpu/linear_kernels_cpu.h"
#include "backend/cpu/parallel.h"
#include "backend/cpu/quantize_cpu.h"
#include "backend/cpu/single_thread_openmp.h"
#include "hwy/highway.h"
#include "tensor/kept_columns.h"

namespace virnucpro {
namespace {

constexpr std::int64_t kPanelRows = 128;
// Narrower weights do not repay splitting them at every use.
constexpr std::int64_t kLeastSplitInputs = 512;
// Weights of up to 256 KB in float32 are packed once (split ones too), for narrow models: their
// batches are computed in parts, each of which would pack them again.
constexpr std::int64_t kMostPackedElements = std::int64_t{64} * 1024;

bool is_narrow(std::int64_t outputs, std::int64_t inputs) {
  return outputs * inputs <= kMostPackedElements;
}

/// Keeps the panels of an own product in the form that it reads.
void keep_packed(CpuLinearWeight& weight) {
  std::vector<Scratch> packed(weight.panels.size());
  for (std::size_t i = 0; i < packed.size(); ++i) {
    Panel& panel = weight.panels[i];
    auto* to = grow<float>(packed[i], packed_elements(weight, panel));
    pack_panel(weight, panel, to);
    panel.packed = reinterpret_cast<const std::byte*>(to);
    panel.rows = nullptr;
  }
  weight.stored = std::move(packed);
  weight.parts.clear();
}

}  // namespace

void pack_split(CpuLinearState& state, const CpuLinearWeight& weight, const Panel& panel,
                std::size_t worker, std::byte* to) {
  const auto& shape =
      state.library.prepared(library_type(weight.product), weight.depth(), panel.count);
  const auto inputs = static_cast<std::size_t>(weight.inputs());
  auto* rows = grow<std::uint16_t>(state.workers[worker].rows,
                                   static_cast<std::size_t>(shape.width * shape.inputs));
  for (std::int64_t i = 0; i < shape.width; ++i) {
    const std::byte* from = panel.rows + static_cast<std::size_t>(i) * inputs * size_of(panel.type);
    std::uint16_t* row = rows + static_cast<std::size_t>(i) * kSplitParts * inputs;
    split_bfloat16(from, panel.type, row, row + inputs, inputs);
    std::memcpy(row + 2 * inputs, row, inputs * sizeof(std::uint16_t));
  }
  state.library.pack(shape, rows, to, worker);
}

PackedPanel::PackedPanel(const CpuLinearWeight& weight, const Panel& panel) {
  const std::size_t padded = gemm_padded_width(static_cast<std::size_t>(panel.count));
  start = static_cast<std::size_t>(weight.depth()) * padded;
  kept = start + (weight.product == CpuProduct::kQuads ? padded : 0);
  elements = kept + weight.columns.size() * padded;
}

std::size_t packed_elements(const CpuLinearWeight& weight, const Panel& panel) {
  return PackedPanel(weight, panel).elements;
}

void pack_panel(const CpuLinearWeight& weight, const Panel& panel, float* to) {
  const auto inputs = static_cast<std::size_t>(weight.inputs());
  const auto width = static_cast<std::size_t>(panel.count);
  const PackedPanel at(weight, panel);
  const auto* bytes = reinterpret_cast<const std::int8_t*>(panel.rows);
  auto* groups = reinterpret_cast<std::int32_t*>(to);
  switch (weight.product) {
    case CpuProduct::kPairs:
      gemm_pack_pairs(bytes, inputs, width, groups);
      break;
    case CpuProduct::kQuads:
      gemm_pack_quads(bytes, inputs, width, groups, groups + at.start);
      break;
    case CpuProduct::kBFloat16Pairs:
      gemm_pack_bfloat16(reinterpret_cast<const std::uint16_t*>(panel.rows), inputs, width, groups);
      break;
    default:
      gemm_pack(panel.rows, panel.type, inputs, width, to);
  }
  if (!weight.columns.empty()) {
    gemm_pack(panel.kept, DataType::kFloat16, weight.columns.size(), width, to + at.kept);
  }
}

CpuProduct cpu_product(DataType type, std::int64_t inputs, std::int64_t outputs) {
  // oneDNN's native products need AVX-512; our own stand in where only lower targets may run, and
  // for narrow weights, whose products are a small part of a call of oneDNN's. What takes CPUID is
  // asked last, since a virtual machine needs tens of microseconds for it.
  const auto has_avx512 = [] { return (hwy::SupportedTargets() & HWY_AVX3) != 0; };
  const NativeProducts native = native_products();
  switch (type) {
    case DataType::kInt8:
      if (native.int8 && has_avx512() && (native.tiles || !is_narrow(outputs, inputs))) {
        return CpuProduct::kInt8;
      }
      return native.vnni && gemm_takes_quads() ? CpuProduct::kQuads : CpuProduct::kPairs;
    case DataType::kBFloat16:
      if (!native.bfloat16 || !has_avx512()) return CpuProduct::kFloats;
      return is_narrow(outputs, inputs) && !native.tiles && gemm_takes_bfloat16()
                 ? CpuProduct::kBFloat16Pairs
                 : CpuProduct::kBFloat16;
    case DataType::kFloat16:
      return native.tiles && inputs >= kLeastSplitInputs && has_avx512()
                 ? CpuProduct::kSplitBFloat16
                 : CpuProduct::kFloats;
    default:
      return CpuProduct::kFloats;
  }
}

std::unique_ptr<ops::LinearWeight> CpuBackend::do_prepare_linear(
    const HostTensor& weight, DataType type, std::span<const std::int32_t> kept) {
  return do_prepare_linear_parts({&weight, 1}, type, kept);
}

std::unique_ptr<ops::LinearWeight> CpuBackend::do_prepare_linear_parts(
    std::span<const HostTensor> parts, DataType type, std::span<const std::int32_t> kept) {
  const std::int64_t k = parts[0].shape[1];
  std::int64_t outputs = 0;
  for (const HostTensor& part : parts) outputs += part.shape[0];
  auto weight = std::make_unique<CpuLinearWeight>(outputs, k, type, kept);
  for (const HostTensor& part : parts) {
    // Every half is a float32, so a wider product is exact without a wider copy. Quantised values
    // are used as they are stored.
    const bool in_place = type == DataType::kFloat32 || type == DataType::kInt8;
    HostTensor stored = converted(part, in_place ? part.type : type);
    const std::byte* kept_rows = nullptr;
    if (!kept.empty()) {
      SplitColumns split = split_columns(stored, kept);
      stored = split.rest;
      kept_rows = weight->kept.emplace_back(std::move(split.kept)).data;
    }
    add_panels(*weight, stored, kept_rows);
  }
  pack_panels(*weight);
  return weight;
}

std::unique_ptr<ops::LinearWeight> CpuBackend::do_prepare_quantized(
    std::span<const QuantizedWeight> parts, std::span<const std::int32_t> kept) {
  const std::int64_t k = parts[0].values.shape[1];
  std::int64_t outputs = 0;
  for (const QuantizedWeight& part : parts) outputs += part.values.shape[0];
  auto weight = std::make_unique<CpuLinearWeight>(outputs, k, DataType::kInt8, kept);
  for (const QuantizedWeight& part : parts) {
    const std::vector<float> scales = to_floats(part.scales);
    weight->scales.insert(weight->scales.end(), scales.begin(), scales.end());
    const std::byte* kept_rows = nullptr;
    if (!kept.empty()) kept_rows = weight->kept.emplace_back(part.kept).data;
    add_panels(*weight, part.values, kept_rows);
  }
  pack_panels(*weight);
  return weight;
}

/// Rows of `stored`, which the weight keeps alive, as panels behind those that it has.
void CpuBackend::add_panels(CpuLinearWeight& weight, const HostTensor& stored,
                            const std::byte* kept_rows) {
  weight.parts.push_back(stored);
  const std::int64_t first =
      weight.panels.empty() ? 0 : weight.panels.back().first + weight.panels.back().count;
  const std::size_t row_bytes = static_cast<std::size_t>(weight.inputs()) * size_of(stored.type);
  for (std::int64_t row = 0; row < stored.shape[0]; row += kPanelRows) {
    const std::int64_t count = std::min(kPanelRows, stored.shape[0] - row);
    weight.panels.push_back({.rows = stored.data + static_cast<std::size_t>(row) * row_bytes,
                             .type = stored.type,
                             .count = count,
                             .first = first + row,
                             .kept = kept_rows});
    if (kept_rows != nullptr) {
      kept_rows +=
          static_cast<std::size_t>(count) * weight.columns.size() * size_of(DataType::kFloat16);
    }
  }
}

namespace {

/// Keeps the panels of a split product in oneDNN's form.
void keep_split(CpuLinearState& state, CpuLinearWeight& weight) {
  const SingleThreadOpenMp guard;  // oneDNN plans for the threads it sees
  const OneDnnProducts::Type type = library_type(weight.product);
  weight.stored.resize(weight.panels.size());
  for (std::size_t i = 0; i < weight.panels.size(); ++i) {
    Panel& panel = weight.panels[i];
    const auto& shape = state.library.prepare(type, weight.depth(), panel.count);
    auto* to = grow<std::byte>(weight.stored[i], shape.packed_bytes());
    pack_split(state, weight, panel, 0, to);
    panel.packed = to;
    panel.rows = nullptr;
  }
  weight.parts.clear();
}

}  // namespace

/// Brings the panels into the form of their product, once for all calls.
void CpuBackend::pack_panels(CpuLinearWeight& weight) {
  const std::int64_t k = weight.inputs();
  const CpuProduct product = weight.product;
  if (k == 0) return;
  const bool keeps_packed = is_narrow(weight.outputs(), k);
  if (product == CpuProduct::kSplitBFloat16) {
    if (keeps_packed) keep_split(*linear_state_, weight);
    return;
  }
  const bool is_quantized =
      weight.type() == DataType::kInt8 && weight.parts.front().type != DataType::kInt8;
  // What needs no rounding is used as it is stored, or packed from there.
  if (is_own(product) && !is_quantized) {
    if (keeps_packed) keep_packed(weight);
    return;
  }
  if (is_quantized) weight.scales.resize(static_cast<std::size_t>(weight.outputs()));
  weight.stored.resize(weight.panels.size());
  CpuLinearState& state = *linear_state_;
  if (!is_own(product)) {
    for (const Panel& panel : weight.panels) {
      state.library.prepare(library_type(product), k, panel.count);
    }
  }
  parallel_for(
      workers_, static_cast<std::int64_t>(weight.panels.size()),
      [&](std::size_t i, std::size_t worker) {
        const SingleThreadOpenMp guard;
        Panel& panel = weight.panels[i];
        Scratch& own_rows = weight.stored[i];
        const std::byte* rows = panel.rows;
        if (is_quantized) {
          Scratch& to = is_own(product) ? own_rows : state.workers[worker].rows;
          auto* values = grow<std::int8_t>(to, static_cast<std::size_t>(panel.count * k));
          quantize_rows({panel.rows, panel.type, panel.count, k, k}, values,
                        static_cast<std::size_t>(k), weight.scales.data() + panel.first);
          rows = reinterpret_cast<const std::byte*>(values);
        }
        panel.rows = rows;
        if (is_own(product)) return;
        const auto& shape = state.library.prepared(library_type(product), k, panel.count);
        auto* packed = grow<std::byte>(own_rows, shape.packed_bytes());
        state.library.pack(shape, rows, packed, worker);
        panel.packed = packed;
        panel.rows = nullptr;
      },
      stop());
  weight.parts.clear();
  if (keeps_packed && is_own(product)) keep_packed(weight);
}

}  // namespace virnucpro
