// Dense products by oneDNN where this processor multiplies bfloat16 or int8 natively: one tile of
// rows times one packed panel of weight rows.
//
// Tiles have a fixed size: each product runs the same code on the same tile x inputs x width
// problem, so a row's result cannot depend on how many rows there are or on its neighbours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <oneapi/dnnl/dnnl.hpp>
#include <tuple>
#include <vector>

#include "backend/cpu/host_memory.h"

namespace virnucpro {

/// What oneDNN multiplies faster than float32 on this processor. A type that the processor would
/// emulate, or whose 8-bit products it sums in 16 bits (AVX-512 without VNNI), is false.
struct NativeProducts {
  bool bfloat16 = false;  // AVX512_BF16 or AMX: float32 sums
  bool tiles = false;     // AMX, for both: several times the rate of vectors
  bool int8 = false;      // VNNI or AMX: exact int32 sums
  bool vnni = false;      // of AVX2 or AVX-512; false where ONEDNN_MAX_CPU_ISA is below
};
NativeProducts native_products();

/// The products of one CpuBackend: primitives made once per shape, scratch per worker.
class OneDnnProducts {
 public:
  using Type = dnnl::memory::data_type;  // bf16: float32 sums; s8: int32 sums

  /// For tiles [tile_rows(inputs), inputs] and panels of `width` weight rows.
  struct Shape {
    Type type;
    std::int64_t inputs;
    std::int64_t width;
    dnnl::memory::desc packed;
    dnnl::reorder reorder;
    dnnl::matmul matmul;
    std::size_t reorder_scratch;
    std::size_t matmul_scratch;

    std::size_t packed_bytes() const { return packed.get_size(); }
  };

  explicit OneDnnProducts(std::size_t worker_count);

  /// Rows of a tile; depends on the inputs alone.
  static std::int64_t tile_rows(std::int64_t inputs);

  /// Makes the primitives at the first call for a shape. Not to be called while workers run.
  const Shape& prepare(Type type, std::int64_t inputs, std::int64_t width);
  /// A shape that was prepared before. Thread-safe.
  const Shape& prepared(Type type, std::int64_t inputs, std::int64_t width) const;

  /// Rows [width, inputs] to oneDNN's packed form. One thread per worker.
  void pack(const Shape& shape, const void* rows, void* packed, std::size_t worker);

  /// Multiplies tiles with one packed panel into `sums` [tile rows, width]. One thread per worker;
  /// borrows everything.
  class Panel {
   public:
    Panel(OneDnnProducts& products, const Shape& shape, const void* packed, void* sums,
          std::size_t worker);
    void multiply(const void* tile);

   private:
    const Shape& shape_;
    const dnnl::stream& stream_;
    dnnl::memory tile_;
    dnnl::memory packed_;
    dnnl::memory sums_;
    dnnl::memory scratch_;
  };

 private:
  struct Worker {
    dnnl::stream stream;
    Scratch scratch;
  };

  dnnl::engine engine_;
  std::vector<Worker> workers_;
  std::map<std::tuple<Type, std::int64_t, std::int64_t>, Shape> shapes_;
};

}  // namespace virnucpro
