// convert between the types of weights and activations, 512 rows: (from, to, width, threads).
#include "bench_support.h"
#include "tensor/host_tensor.h"

namespace virnucpro {
namespace {

void convert_type(benchmark::State& state) {
  constexpr std::int64_t kRows = 512;
  const auto from = static_cast<DataType>(state.range(0));
  const auto to = static_cast<DataType>(state.range(1));
  const std::int64_t width = state.range(2);
  const HostTensor input =
      convert(make_float_tensor({kRows, width}, normal_values(kRows * width, 1, 1.0f)), from);
  const std::size_t bytes = static_cast<std::size_t>(kRows * width) * size_of(to);
  std::vector<std::byte> output(bytes);
  std::vector<std::byte> expected(bytes);
  CpuBackend backend(static_cast<std::size_t>(state.range(3)));
  ops::Convert op;
  op.input = {input.data, from, kRows, width, width};
  op.output = {expected.data(), to, kRows, width, width};
  ReferenceBackend().convert(op);
  op.output.data = output.data();
  backend.convert(op);
  if (output != expected) return state.SkipWithError("the answer differs from the reference");

  for (auto _ : state) backend.convert(op);
  state.SetBytesProcessed(state.iterations() * kRows * width *
                          static_cast<std::int64_t>(size_of(from) + size_of(to)));
}

constexpr auto kFloat = static_cast<std::int64_t>(DataType::kFloat32);
constexpr auto kHalf = static_cast<std::int64_t>(DataType::kFloat16);
constexpr auto kBfloat = static_cast<std::int64_t>(DataType::kBFloat16);

BENCHMARK(convert_type)
    ->Name("convert")
    ->UseRealTime()
    ->ArgNames({"from", "to", "width", "threads"})
    ->Args({kHalf, kFloat, 1280, 1})
    ->Args({kFloat, kHalf, 1280, 1})
    ->Args({kBfloat, kFloat, 1280, 1})
    ->Args({kFloat, kBfloat, 1280, 1})
    ->Args({kHalf, kFloat, 2560, 2});

}  // namespace
}  // namespace virnucpro
