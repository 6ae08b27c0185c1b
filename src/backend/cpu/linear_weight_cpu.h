// A dense layer's weight as the CPU backend keeps it: panels of rows in the form of their product.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "backend/cpu/linear_cpu.h"
#include "tensor/host_tensor.h"

namespace virnucpro {

// bfloat16 parts of a split product: high and low weight times high input, high times low.
inline constexpr std::int64_t kSplitParts = 3;

/// Makes room for `count` elements, which keep nothing of what was there.
template <typename T>
T* grow(Scratch& scratch, std::size_t count) {
  scratch.reserve((count * sizeof(T) + sizeof(float) - 1) / sizeof(float));
  return reinterpret_cast<T*>(scratch.data());
}

inline OneDnnProducts::Type library_type(CpuProduct product) {
  return product == CpuProduct::kInt8 ? OneDnnProducts::Type::s8 : OneDnnProducts::Type::bf16;
}

/// Up to kPanelRows rows of a weight, stored as `type`; or, where `packed` is set, in the form that
/// its product reads.
struct Panel {
  const std::byte* rows = nullptr;
  DataType type = DataType::kFloat32;
  std::int64_t count = 0;
  std::int64_t first = 0;  // the output column of its first row
  const std::byte* packed = nullptr;
  const std::byte* kept = nullptr;  // its rows of the columns that stay in float16
};

class CpuLinearWeight final : public ops::LinearWeight {
 public:
  CpuLinearWeight(std::int64_t outputs, std::int64_t inputs, DataType type,
                  std::span<const std::int32_t> kept_columns)
      : LinearWeight(outputs, inputs, type),
        product(cpu_product(type, inputs, outputs)),
        columns(kept_columns.begin(), kept_columns.end()) {}

  /// Elements of an input row in the form of the product: groups, where it takes several at once.
  std::int64_t depth() const {
    if (product == CpuProduct::kSplitBFloat16) return kSplitParts * inputs();
    const std::int64_t group = group_of(product);
    return (inputs() + group - 1) / group;
  }

  const CpuProduct product;
  const std::vector<std::int32_t> columns;  // that an int8 weight keeps in float16
  std::vector<HostTensor> kept;             // their weights, by parts
  std::vector<Panel> panels;
  std::vector<HostTensor> parts;  // keeps the rows alive
  std::vector<Scratch> stored;    // quantised rows or packed panels
  std::vector<float> scales;      // of the rows, where they are quantised
};

/// 4-byte elements of a panel in the form that an own product reads: the rows; then, for quads,
/// what the sum of each begins with; then the columns kept in float16.
std::size_t packed_elements(const CpuLinearWeight& weight, const Panel& panel);

/// Where the parts of such a panel begin after its rows, in elements; all are whole vectors.
struct PackedPanel {
  PackedPanel(const CpuLinearWeight& weight, const Panel& panel);

  std::size_t start;
  std::size_t kept;
  std::size_t elements;
};

/// Writes that form of rows that are stored; 64-byte aligned.
void pack_panel(const CpuLinearWeight& weight, const Panel& panel, float* to);

/// The same of a weight that is split into bfloat16 parts, in the form of oneDNN's product, which
/// must be prepared. `worker`: whose scratch memory it uses.
void pack_split(CpuLinearState& state, const CpuLinearWeight& weight, const Panel& panel,
                std::size_t worker, std::byte* to);

}  // namespace virnucpro
