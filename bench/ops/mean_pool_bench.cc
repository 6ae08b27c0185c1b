// mean_pool as ESM-2 uses it (first and last token left out), 12 sequences: (length, width,
// threads).
#include "bench_support.h"

namespace virnucpro {
namespace {

void mean_pool(benchmark::State& state) {
  constexpr std::int64_t kSequences = 12;
  const std::int64_t length = state.range(0);
  const std::int64_t width = state.range(1);
  DenseMatrix input = DenseMatrix::normal(kSequences * length, width, 1);
  DenseMatrix output(kSequences, width);
  DenseMatrix expected(kSequences, width);
  std::vector<std::int32_t> offsets;
  for (std::int64_t s = 0; s <= kSequences; ++s) {
    offsets.push_back(static_cast<std::int32_t>(s * length));
  }
  CpuBackend backend(static_cast<std::size_t>(state.range(2)));
  ops::MeanPool op;
  op.input = input.view();
  op.sequences = ops::Sequences::packed({offsets.data(), kSequences + 1});
  op.skip_front = 1;
  op.skip_back = 1;
  op.max_rows = 1024;
  op.output = expected.view();
  ReferenceBackend().mean_pool(op);
  op.output = output.view();
  backend.mean_pool(op);
  if (!answers_agree(state, output, expected, 1e-6)) return;

  for (auto _ : state) backend.mean_pool(op);
  state.SetBytesProcessed(state.iterations() * kSequences * length * width * 4);
}

BENCHMARK(mean_pool)
    ->UseRealTime()
    ->ArgNames({"length", "width", "threads"})
    ->Args({110, 768, 1})   // DNABERT-S
    ->Args({170, 1280, 1})  // ESM-2 650M
    ->Args({170, 2560, 1})  // ESM-2 3B
    ->Args({170, 2560, 2});

}  // namespace
}  // namespace virnucpro
