// softmax over the classifier's two classes, and over rows as long as attention's: (rows, columns,
// threads).
#include "bench_support.h"

namespace virnucpro {
namespace {

void softmax(benchmark::State& state) {
  const std::int64_t rows = state.range(0);
  const std::int64_t columns = state.range(1);
  DenseMatrix input = DenseMatrix::normal(rows, columns, 1, 4.0f);
  DenseMatrix output(rows, columns);
  DenseMatrix expected(rows, columns);
  CpuBackend backend(static_cast<std::size_t>(state.range(2)));
  backend.softmax({input.view(), output.view()});
  ReferenceBackend().softmax({input.view(), expected.view()});
  if (!answers_agree(state, output, expected, 1e-6)) return;
  for (auto _ : state) backend.softmax({input.view(), output.view()});
  state.SetItemsProcessed(state.iterations() * rows * columns);
}

BENCHMARK(softmax)
    ->UseRealTime()
    ->ArgNames({"rows", "columns", "threads"})
    ->Args({2048, 2, 1})  // the classifier, a window of frames
    ->Args({2048, 170, 1})
    ->Args({2048, 170, 2});

}  // namespace
}  // namespace virnucpro
