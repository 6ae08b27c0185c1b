// layer_norm with residual at the widths of the encoders, 512 tokens.
#include "bench_support.h"

namespace virnucpro {
namespace {

void layer_norm(benchmark::State& state) {
  const std::int64_t rows = 512;
  const std::int64_t width = state.range(0);
  DenseMatrix input = DenseMatrix::normal(rows, width, 1);
  DenseMatrix residual = DenseMatrix::normal(rows, width, 2);
  DenseMatrix output(rows, width);
  DenseMatrix expected(rows, width);
  const std::vector<float> gamma = normal_values(width, 3, 1.0f);
  const std::vector<float> beta = normal_values(width, 4, 1.0f);
  CpuBackend backend(static_cast<std::size_t>(state.range(1)));
  ops::LayerNorm op{input.view(),         residual.view(), {gamma.data(), width},
                    {beta.data(), width}, 1e-5f,           output.view()};
  backend.layer_norm(op);
  op.output = expected.view();
  ReferenceBackend().layer_norm(op);
  if (!answers_agree(state, output, expected, 1e-5)) return;
  op.output = output.view();
  for (auto _ : state) backend.layer_norm(op);
  state.SetBytesProcessed(state.iterations() * rows * width * 3 * 4);
}

BENCHMARK(layer_norm)
    ->UseRealTime()
    ->ArgNames({"width", "threads"})
    ->Args({128, 1})   // tiny
    ->Args({768, 1})   // DNABERT-S
    ->Args({1280, 1})  // ESM-2 650M
    ->Args({2560, 1})  // ESM-2 3B
    ->Args({2560, 2});

}  // namespace
}  // namespace virnucpro
