// linear at the products of the encoders: (tokens, inputs, outputs, weight type, gelu, threads).
#include "bench_support.h"
#include "tensor/host_tensor.h"

namespace virnucpro {
namespace {

void linear(benchmark::State& state) {
  const std::int64_t m = state.range(0);
  const std::int64_t k = state.range(1);
  const std::int64_t n = state.range(2);
  const auto type = static_cast<DataType>(state.range(3));
  const auto activation = state.range(4) != 0 ? ops::Activation::kGelu : ops::Activation::kNone;
  DenseMatrix input = DenseMatrix::normal(m, k, 1);
  DenseMatrix output(m, n);
  const std::vector<float> bias = normal_values(n, 2, 1.0f);
  const HostTensor weight = convert(
      make_float_tensor({n, k}, normal_values(n * k, 3, 1.0f / std::sqrt(static_cast<float>(k)))),
      is_floating(type) ? type : DataType::kFloat16);
  CpuBackend backend(static_cast<std::size_t>(state.range(5)));
  const auto prepared = backend.prepare_linear(weight, type);
  ops::Linear op{input.view(), prepared.get(), {bias.data(), n}, activation, {}, output.view()};
  backend.linear(op);

  ReferenceBackend judge;
  const std::int64_t checked = std::min<std::int64_t>(m, 3);  // the reference is slow: a few rows
  const auto expected_weight = judge.prepare_linear(weight, type);
  DenseMatrix expected(checked, n);
  ops::Linear first = op;
  first.input = input.first(checked);
  first.weight = expected_weight.get();
  first.output = expected.view();
  judge.linear(first);
  // A processor that multiplies bfloat16 also rounds the input to 8 bits, or for float16 to 16.
  const double tolerance = type == DataType::kBFloat16  ? 2e-2
                           : type == DataType::kFloat16 ? 1e-4
                                                        : 1e-5;
  if (!answers_agree(state, output, expected, tolerance)) return;

  for (auto _ : state) backend.linear(op);
  report_flops(state, 2.0 * static_cast<double>(m * k * n));
}

void shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"m", "k", "n", "type", "gelu", "threads"});
  for (const DataType type :
       {DataType::kFloat32, DataType::kFloat16, DataType::kBFloat16, DataType::kInt8}) {
    const auto t = static_cast<std::int64_t>(type);
    bench->Args({2048, 64, 256, t, 0, 1});     // mini, DNABERT-S, gated layer
    bench->Args({2048, 80, 240, t, 0, 1});     // mini, ESM-2, qkv
    bench->Args({2048, 80, 320, t, 1, 1});     // fc1
    bench->Args({2048, 320, 80, t, 0, 1});     // fc2
    bench->Args({1024, 128, 384, t, 0, 1});    // tiny
    bench->Args({1024, 768, 6144, t, 0, 1});   // DNABERT-S, gated layer
    bench->Args({1024, 1280, 5120, t, 1, 1});  // ESM-2 650M, fc1
    bench->Args({1024, 2560, 7680, t, 0, 1});  // ESM-2 3B, qkv
    bench->Args({1024, 2560, 7680, t, 0, 2});
  }
}

BENCHMARK(linear)->Apply(shapes)->UseRealTime();

}  // namespace
}  // namespace virnucpro
