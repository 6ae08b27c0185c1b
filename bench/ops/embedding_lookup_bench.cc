// embedding_lookup at the tables of the encoders, 2048 tokens: (rows, width, table type, threads).
#include "bench_support.h"
#include "tensor/host_tensor.h"

namespace virnucpro {
namespace {

void embedding_lookup(benchmark::State& state) {
  constexpr std::int64_t kTokens = 2048;
  const std::int64_t rows = state.range(0);
  const std::int64_t width = state.range(1);
  const auto type = static_cast<DataType>(state.range(2));
  const HostTensor table =
      convert(make_float_tensor({rows, width}, normal_values(rows * width, 1, 1.0f)), type);
  const std::vector<float> addend = normal_values(width, 2, 1.0f);
  std::mt19937 random(3);
  std::vector<std::int32_t> ids(kTokens);
  for (std::int32_t& id : ids) id = static_cast<std::int32_t>(random() % rows);
  DenseMatrix output(kTokens, width);
  DenseMatrix expected(kTokens, width);
  CpuBackend backend(static_cast<std::size_t>(state.range(3)));
  ops::EmbeddingLookup op;
  op.ids = {ids.data(), kTokens};
  op.table = {table.data, type, rows, width, width};
  op.addend = {addend.data(), width};
  op.scale = 0.88f;
  op.output = expected.view();
  ReferenceBackend().embedding_lookup(op);
  op.output = output.view();
  backend.embedding_lookup(op);
  if (!answers_agree(state, output, expected, 1e-6)) return;

  for (auto _ : state) backend.embedding_lookup(op);
  const auto bytes = static_cast<std::int64_t>(size_of(type) + sizeof(float));
  state.SetBytesProcessed(state.iterations() * kTokens * width * bytes);
}

constexpr auto kHalf = static_cast<std::int64_t>(DataType::kFloat16);
constexpr auto kFloat = static_cast<std::int64_t>(DataType::kFloat32);

BENCHMARK(embedding_lookup)
    ->UseRealTime()
    ->ArgNames({"rows", "width", "type", "threads"})
    ->Args({4096, 768, kHalf, 1})  // DNABERT-S
    ->Args({33, 1280, kHalf, 1})   // ESM-2 650M
    ->Args({33, 1280, kFloat, 1})
    ->Args({33, 2560, kHalf, 2});  // ESM-2 3B

}  // namespace
}  // namespace virnucpro
