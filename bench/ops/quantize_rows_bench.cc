// Rows rounded to 8 bits, as the input of every int8 dense layer is: 512 rows, one thread: (width,
// type).
#include "backend/cpu/quantize_cpu.h"

#include "bench_support.h"
#include "tensor/quantize.h"

namespace virnucpro {
namespace {

template <typename Quantized>
void quantize_rows_to(benchmark::State& state) {
  constexpr std::int64_t kRows = 512;
  const std::int64_t width = state.range(0);
  const auto type = static_cast<DataType>(state.range(1));
  const HostTensor input =
      convert(make_float_tensor({kRows, width}, normal_values(kRows * width, 1, 1.0f)), type);
  const ConstMatrix rows{input.data, type, kRows, width, width};
  std::vector<Quantized> values(static_cast<std::size_t>(kRows * width));
  std::vector<float> scales(kRows);
  const auto stride = static_cast<std::size_t>(width);
  quantize_rows(rows, values.data(), stride, scales.data());
  const QuantizedRows expected = quantize_rows(input);
  const auto* judged = reinterpret_cast<const std::int8_t*>(expected.values.data);
  if (!std::equal(values.begin(), values.end(), judged) || scales != expected.scales) {
    return state.SkipWithError("the answer differs from the definition");
  }
  for (auto _ : state) {
    quantize_rows(rows, values.data(), stride, scales.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * kRows * width *
                          static_cast<std::int64_t>(size_of(type) + sizeof(Quantized)));
}

void shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"width", "type"});
  for (const std::int64_t width : {768, 1280, 5120}) {
    bench->Args({width, static_cast<std::int64_t>(DataType::kFloat32)});
  }
  bench->Args({1280, static_cast<std::int64_t>(DataType::kFloat16)});  // a weight
}

BENCHMARK(quantize_rows_to<std::int8_t>)->Name("quantize_rows/int8")->Apply(shapes)->UseRealTime();
BENCHMARK(quantize_rows_to<std::int16_t>)
    ->Name("quantize_rows/int16")
    ->Apply(shapes)
    ->UseRealTime();

}  // namespace
}  // namespace virnucpro
