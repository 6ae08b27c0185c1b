#include "devices/faster_ways.h"

#include "backend/cpu/linear_cpu.h"
#include "backend/cpu/processor.h"
#include "base/format.h"

namespace virnucpro {

std::vector<std::string> faster_ways(const WayFacts& facts) {
  std::vector<std::string> ways;
  if (facts.on_cpu && facts.cpu_was_named) {
    ways.emplace_back("--device auto, if 'virnucpro devices' lists a GPU");
  }
  if (facts.precision == Precision::kFp32) {
    ways.emplace_back("--precision fp16 (packed batches, half the memory to read)");
  } else if (!facts.packed) {
    ways.emplace_back("packed batches (without --no-packing)");
  }
  if (facts.on_cpu) {
    const bool has_int8 =
        facts.products.int8 == CpuProduct::kInt8 || facts.products.int8 == CpuProduct::kQuads;
    const bool has_bf16 = facts.products.bfloat16 == CpuProduct::kBFloat16;
    if (has_bf16 && facts.precision != Precision::kBf16 && facts.precision != Precision::kInt8) {
      ways.emplace_back("--precision bf16 (this processor multiplies bfloat16)");
    }
    if (has_int8 && facts.precision != Precision::kInt8) {
      ways.emplace_back("--precision int8 (this processor multiplies 8 bits)");
    }
    if (facts.threads < facts.cores) {
      ways.push_back(fmt::format("--threads {} (it runs with {})", facts.cores, facts.threads));
    }
  }
  return ways;
}

std::vector<std::string> faster_ways(const PrecisionChoice& precision, const Workers& workers,
                                     bool cpu_was_named) {
  const bool on_cpu = workers.gpus.empty();
  return faster_ways({.precision = precision.precision,
                      .packed = precision.packed,
                      .on_cpu = on_cpu,
                      .cpu_was_named = on_cpu && cpu_was_named,
                      .products = {.float16 = cpu_product(DataType::kFloat16),
                                   .bfloat16 = cpu_product(DataType::kBFloat16),
                                   .int8 = cpu_product(DataType::kInt8)},
                      .threads = workers.threads,
                      .cores = usable_cores()});
}

}  // namespace virnucpro
