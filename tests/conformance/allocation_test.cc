// The cpu backend's second batch of one size allocates nothing (the dense layer aside, whose
// library keeps its own house).
#include <gtest/gtest.h>

#include "backend/cpu/cpu_backend.h"
#include "conformance/allocation_counter.h"
#include "conformance/conformance.h"

namespace virnucpro {
namespace {

struct Batch {
  std::vector<std::int32_t> offsets = offsets_of({100, 30, 5, 61});
  std::vector<std::int32_t> ids = std::vector<std::int32_t>(196, 3);
  std::vector<float> vector = random_values(192, 1);
  std::vector<std::int32_t> bad = std::vector<std::int32_t>(4);
  Grid table = Grid::random(33, 192, 1, DataType::kFloat16);
  Grid tokens = Grid(196, 192);
  Grid qkv = Grid::random(196, 3 * 192, 2);
  Grid gated = Grid(196, 96);
  Grid pooled = Grid(4, 192);
  Grid half = Grid(196, 192, DataType::kFloat16);
};

void run_all(Backend& backend, Batch& b) {
  const ops::Sequences sequences = ops::Sequences::packed(ints(b.offsets));
  backend.embedding_lookup({ints(b.ids), b.table.view(), floats(b.vector), 0.88f, b.tokens.view()});
  backend.layer_norm({b.tokens.view(), b.tokens.view(), floats(b.vector), floats(b.vector), 1e-5f,
                      b.tokens.view()});
  backend.attention_packed({b.qkv.view(), sequences, 12, 0.25f, {}, true, b.tokens.view()});
  backend.gated_gelu({b.tokens.view(), b.gated.view()});
  backend.mean_pool({b.tokens.view(), sequences, 1, 1, 0, b.pooled.view()});
  backend.softmax({b.pooled.view(), b.pooled.view()});
  backend.count_nonfinite({b.pooled.view(), b.bad});
  backend.convert({b.tokens.view(), b.half.view()});
}

TEST(Allocation, ASteadyStateAllocatesNothing) {
  for (const std::size_t threads : {1, 2}) {
    CpuBackend backend(threads);
    Batch batch;
    run_all(backend, batch);
    const std::int64_t before = allocations_so_far();
    run_all(backend, batch);
    EXPECT_EQ(allocations_so_far() - before, 0) << threads << " threads";
  }
}

}  // namespace
}  // namespace virnucpro
