// rotary at the head widths of ESM-2, sequences of 170 tokens: (heads, head width, threads).
#include "bench_support.h"

namespace virnucpro {
namespace {

void rotary(benchmark::State& state) {
  constexpr std::int64_t kSequences = 12;
  constexpr std::int64_t kLength = 170;
  const std::int64_t heads = state.range(0);
  const std::int64_t width = state.range(1);
  DenseMatrix qkv = DenseMatrix::normal(kSequences * kLength, 3 * heads * width, 1);
  DenseMatrix expected = qkv;
  std::vector<std::int32_t> offsets;
  for (std::int64_t s = 0; s <= kSequences; ++s) {
    offsets.push_back(static_cast<std::int32_t>(s * kLength));
  }
  CpuBackend backend(static_cast<std::size_t>(state.range(2)));
  ops::Rotary op;
  op.qkv = qkv.view();
  op.sequences = ops::Sequences::packed({offsets.data(), kSequences + 1});
  op.heads = heads;
  op.query_scale = 0.125f;
  backend.rotary(op);
  ops::Rotary judged = op;
  judged.qkv = expected.view();
  ReferenceBackend().rotary(judged);
  if (!answers_agree(state, qkv, expected, 1e-5)) return;

  op.query_scale = 1.0f;  // in place: any other factor would end in zero or infinity
  for (auto _ : state) backend.rotary(op);
  // Queries and keys, read and written.
  state.SetBytesProcessed(state.iterations() * kSequences * kLength * 2 * heads * width * 2 * 4);
}

BENCHMARK(rotary)
    ->UseRealTime()
    ->ArgNames({"heads", "width", "threads"})
    ->Args({5, 16, 1})   // mini
    ->Args({20, 64, 1})  // ESM-2 650M
    ->Args({40, 64, 1})  // ESM-2 3B
    ->Args({40, 64, 2});

}  // namespace
}  // namespace virnucpro
