// The dense layer of the CPU backend: which product it uses, weights in the form of that product,
// and panels of weight rows times tiles of input rows, spread over the workers.
//
// A weight [n, k] is used in panels of up to 128 rows. Weights of 32 and 16 bits stay as they lie
// in the file: a worker widens and packs a panel into a cache-sized buffer, multiplies many rows
// with it, and applies bias, activation and residual while the sums are still in cache. Weights
// that oneDNN multiplies natively (bfloat16, int8) are packed once, when they are prepared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "backend/cpu/host_memory.h"
#include "backend/cpu/linear_onednn.h"
#include "ops/linear.h"

namespace virnucpro {

/// The smallest input width of the published encoders, which have 768 to 2560.
inline constexpr std::int64_t kUsualInputs = 768;

/// How a dense layer's products are computed.
enum class CpuProduct {
  kFloats,         // float32 products, our own (gemm_cpu.h)
  kPairs,          // exact products of int8, as int16 pairs, our own
  kQuads,          // the same, four at a time (VNNI), our own
  kBFloat16Pairs,  // bfloat16 products with vectors, our own
  kBFloat16,       // bfloat16 products, by oneDNN
  kSplitBFloat16,  // float16 weights and float32 inputs as sums of two bfloat16, by oneDNN
  kInt8,           // exact products of int8, by oneDNN
};

/// The product that this processor uses for weights [outputs, inputs] of `type`. Thread-safe.
CpuProduct cpu_product(DataType type, std::int64_t inputs = kUsualInputs,
                       std::int64_t outputs = kUsualInputs);

/// Our own products allocate nothing; oneDNN does in every call.
constexpr bool is_own(CpuProduct product) {
  return product == CpuProduct::kFloats || product == CpuProduct::kPairs ||
         product == CpuProduct::kQuads || product == CpuProduct::kBFloat16Pairs;
}

/// Elements of an input row that our own product takes as one of 4 bytes.
constexpr std::int64_t group_of(CpuProduct product) {
  if (product == CpuProduct::kQuads) return 4;
  return product == CpuProduct::kPairs || product == CpuProduct::kBFloat16Pairs ? 2 : 1;
}

/// What the dense layers of one CpuBackend keep. Used by one thread at a time, like the backend;
/// each of `workers` by one thread.
struct CpuLinearState {
  /// Grows to the largest shape once.
  struct Worker {
    Scratch rows;    // weight rows on their way into a packed panel
    Scratch packed;  // a panel
    Scratch sums;
    Scratch values;  // sums that wait for their activation
    Scratch tail;
    Scratch kept_packed;  // the same for columns kept in float16, where oneDNN multiplies the rest
    Scratch kept_sums;
    Scratch kept_tail;
    Scratch row;  // a row of the input without these columns
  };

  explicit CpuLinearState(std::size_t worker_count)
      : library(worker_count), workers(worker_count) {}

  OneDnnProducts library;
  std::vector<Worker> workers;
  Scratch input;   // the whole input in the form of the product, shared by its tasks
  Scratch scales;  // of the input's rows
  Scratch kept;    // the input's values in the columns kept in float16, row by row
};

}  // namespace virnucpro
