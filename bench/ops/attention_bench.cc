// attention_packed at the shapes of the encoders: (tokens per sequence, heads, head width,
// positions: 0 none, 1 ALiBi, 2 rotary).
#include "bench_support.h"

namespace virnucpro {
namespace {

void attention(benchmark::State& state) {
  const std::int64_t length = state.range(0);
  const std::int64_t heads = state.range(1);
  const std::int64_t width = state.range(2);
  const bool alibi = state.range(3) == 1;
  const auto threads = static_cast<std::size_t>(state.range(4));
  const std::int64_t sequences = std::max<std::int64_t>(1, 2048 / length);
  std::vector<std::int32_t> offsets;
  for (std::int64_t s = 0; s <= sequences; ++s) {
    offsets.push_back(static_cast<std::int32_t>(s * length));
  }
  const std::int64_t tokens = offsets.back();
  DenseMatrix qkv = DenseMatrix::normal(tokens, 3 * heads * width, 1);
  DenseMatrix output(tokens, heads * width);
  const std::vector<float> slopes(static_cast<std::size_t>(heads), 0.25f);
  CpuBackend backend(threads);

  ops::Attention op;
  op.heads = heads;
  op.scale = 1.0f / std::sqrt(static_cast<float>(width));
  if (alibi) op.alibi_slopes = {slopes.data(), heads};
  op.rotary = state.range(3) == 2;
  op.qkv = qkv.view();
  op.output = output.view();
  op.sequences = ops::Sequences::packed({offsets.data(), sequences + 1});
  backend.attention_packed(op);

  DenseMatrix expected(length, heads * width);  // the reference is slow: one sequence
  ops::Attention first = op;
  first.qkv = qkv.first(length);
  first.output = expected.view();
  first.sequences = ops::Sequences::packed({offsets.data(), 2});
  ReferenceBackend().attention_packed(first);
  if (!answers_agree(state, output, expected, 1e-5)) return;

  for (auto _ : state) backend.attention_packed(op);
  // Two products with length^2 * width multiply-adds per head.
  report_flops(state, 4.0 * static_cast<double>(length * length * width * heads * sequences));
}

BENCHMARK(attention)
    ->UseRealTime()
    ->ArgNames({"length", "heads", "width", "positions", "threads"})
    ->Args({50, 20, 64, 2, 1})   // ESM-2 650M, short frames
    ->Args({100, 20, 64, 2, 1})  // ESM-2 650M, 300 bases
    ->Args({170, 20, 64, 0, 1})  // ESM-2 650M and 3B (2 x 20 heads), 500 bases
    ->Args({170, 20, 64, 2, 1})
    ->Args({170, 40, 64, 2, 2})
    ->Args({1026, 20, 64, 2, 1})  // the longest protein
    ->Args({110, 12, 64, 1, 1})   // DNABERT-S, 500 bases
    ->Args({170, 20, 16, 2, 1})   // ESM-2 8M
    ->Args({170, 20, 24, 2, 1})   // ESM-2 35M
    ->Args({168, 5, 16, 2, 1})    // mini, proteins
    ->Args({110, 2, 32, 1, 1});   // mini, nucleotides

}  // namespace
}  // namespace virnucpro
