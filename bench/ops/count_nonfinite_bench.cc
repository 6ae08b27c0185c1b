// count_nonfinite over the pooled embeddings of a batch: (sequences, width, threads).
#include <limits>

#include "bench_support.h"

namespace virnucpro {
namespace {

void count_nonfinite(benchmark::State& state) {
  const std::int64_t rows = state.range(0);
  const std::int64_t width = state.range(1);
  DenseMatrix input = DenseMatrix::normal(rows, width, 1);
  input.values.front() = std::numeric_limits<float>::infinity();
  input.values.back() = std::numeric_limits<float>::quiet_NaN();
  std::vector<std::int32_t> counts(static_cast<std::size_t>(rows));
  std::vector<std::int32_t> expected_counts(counts.size());
  CpuBackend backend(static_cast<std::size_t>(state.range(2)));
  const ops::NonfiniteCount found = backend.count_nonfinite({input.view(), counts});
  const ops::NonfiniteCount expected =
      ReferenceBackend().count_nonfinite({input.view(), expected_counts});
  if (found.nan != expected.nan || found.infinite != expected.infinite ||
      found.finite_min != expected.finite_min || found.finite_max != expected.finite_max ||
      counts != expected_counts) {
    return state.SkipWithError("the answer differs from the reference");
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(backend.count_nonfinite({input.view(), counts}));
  }
  state.SetBytesProcessed(state.iterations() * rows * width * 4);
}

BENCHMARK(count_nonfinite)
    ->UseRealTime()
    ->ArgNames({"sequences", "width", "threads"})
    ->Args({24, 768, 1})
    ->Args({24, 2560, 1})
    ->Args({4096, 2560, 2});  // a whole batch of tokens

}  // namespace
}  // namespace virnucpro
