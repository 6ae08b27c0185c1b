// gated_gelu at the intermediate widths of DNABERT-S and a tiny model, 512 tokens.
#include "bench_support.h"

namespace virnucpro {
namespace {

void gated_gelu(benchmark::State& state) {
  const std::int64_t rows = 512;
  const std::int64_t width = state.range(0);
  DenseMatrix input = DenseMatrix::normal(rows, 2 * width, 1, 2.0f);
  DenseMatrix output(rows, width);
  DenseMatrix expected(rows, width);
  CpuBackend backend(static_cast<std::size_t>(state.range(1)));
  backend.gated_gelu({input.view(), output.view()});
  ReferenceBackend().gated_gelu({input.view(), expected.view()});
  if (!answers_agree(state, output, expected, 1e-6)) return;
  for (auto _ : state) backend.gated_gelu({input.view(), output.view()});
  state.SetItemsProcessed(state.iterations() * rows * width);
}

BENCHMARK(gated_gelu)
    ->UseRealTime()
    ->ArgNames({"width", "threads"})
    ->Args({512, 1})   // tiny
    ->Args({3072, 1})  // DNABERT-S
    ->Args({3072, 2});

}  // namespace
}  // namespace virnucpro
