// The dense layer of the cpu backend: oneDNN products over weights that stay as they lie in the
// file.
//
// A weight [n, k] is used in panels of up to 128 rows. For each panel a worker widens it to float32
// and packs it for oneDNN in cache-sized buffers, multiplies every row tile with it, and applies
// bias, activation and residual while the tile is still in cache. Where the processor multiplies
// bfloat16, such weights are packed once when they are prepared.
//
// Row tiles have a fixed size: each product runs the same code on the same tile x k x panel
// problem, so a row's result cannot depend on how many rows there are, on its neighbours or on the
// threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <oneapi/dnnl/dnnl.hpp>
#include <tuple>
#include <vector>

#include "backend/cpu/host_memory.h"
#include "ops/linear.h"

namespace virnucpro {

/// What the dense layers of one CpuBackend keep: primitives made once per shape, scratch per
/// worker. Used by one thread at a time, as the backend; run_task by one thread per worker.
struct CpuLinearState {
  using Product = dnnl::memory::data_type;

  /// The primitives for one (inputs, panel width, product type).
  struct Primitives {
    dnnl::memory::desc packed;
    dnnl::reorder pack;
    dnnl::matmul multiply;
    std::size_t pack_scratch = 0;
    std::size_t multiply_scratch = 0;
  };

  /// What one worker needs; grows to the largest shape once.
  struct Worker {
    explicit Worker(const dnnl::engine& engine) : stream(engine) {}
    dnnl::stream stream;
    Scratch wide;
    Scratch packed;
    Scratch sums;
    Scratch tail;
    Scratch library;
  };

  explicit CpuLinearState(std::size_t worker_count);

  /// Makes the primitives at the first call for a shape.
  const Primitives& primitives(std::int64_t inputs, std::int64_t width, Product product);
  /// Rows [width, inputs] of the product's type to oneDNN's packed form.
  void pack(const Primitives& made, const void* rows, std::byte* to, std::int64_t inputs,
            std::int64_t width, Product product, std::size_t worker);

  dnnl::engine engine;
  std::vector<Worker> workers;
  Scratch narrowed;  // the whole input as bfloat16, shared by the tasks of one product
  std::map<std::tuple<std::int64_t, std::int64_t, Product>, Primitives> made;
};

/// True where oneDNN multiplies bfloat16 natively on this processor.
bool has_native_bfloat16();

}  // namespace virnucpro
