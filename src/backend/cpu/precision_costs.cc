#include "backend/cpu/precision_costs.h"

#include "backend/cpu/linear_cpu.h"
#include "backend/cpu/processor.h"

namespace virnucpro {
namespace {

/// How one type of weight is multiplied, in words.
std::string_view way_of(Precision precision, CpuProduct product, const InstructionSet& set) {
  // oneDNN uses tiles wherever they are, and split products are worth their cost only with tiles.
  switch (product) {
    case CpuProduct::kFloats:
      if (precision == Precision::kFp16) return "FP16 weights, FP32 products";
      if (precision == Precision::kFp32) return "FP32 products";
      return "BF16 weights, FP32 products: no faster than FP16 here";
    case CpuProduct::kSplitBFloat16:
      return "FP16 weights, each product in three of BF16 (AMX)";
    case CpuProduct::kBFloat16Pairs:
    case CpuProduct::kBFloat16:
      return set.bfloat16_tiles ? "BF16 products, FP32 sums (AMX)"
                                : "BF16 products, FP32 sums (AVX512_BF16)";
    case CpuProduct::kQuads:
    case CpuProduct::kInt8:
      return set.int8_tiles ? "8-bit products, exact sums (AMX)"
                            : "8-bit products, exact sums (VNNI)";
    case CpuProduct::kPairs:
      return "8-bit weights, products in pairs of 16 bits";
  }
  return "FP32 products";
}

CpuProduct product_of(Precision precision, const CpuProducts& products) {
  switch (precision) {
    case Precision::kFp16:
      return products.float16;
    case Precision::kBf16:
      return products.bfloat16;
    case Precision::kInt8:
      return products.int8;
    case Precision::kFp8:
    case Precision::kFp32:
      break;
  }
  return CpuProduct::kFloats;
}

}  // namespace

std::vector<PrecisionCost> precision_costs(const CpuProducts& products, const InstructionSet& set) {
  std::vector<PrecisionCost> costs;
  for (const Precision precision : kPrecisions) {
    if (precision == Precision::kFp8) continue;  // no processor multiplies E4M3
    // A bundle's float16 weights stay as they lie in the file; fp32 widens them at use.
    costs.push_back({precision, way_of(precision, product_of(precision, products), set),
                     precision == Precision::kInt8 ? 1.0 : 2.0});
  }
  return costs;
}

std::vector<PrecisionCost> precision_costs() {
  return precision_costs({.float16 = cpu_product(DataType::kFloat16),
                          .bfloat16 = cpu_product(DataType::kBFloat16),
                          .int8 = cpu_product(DataType::kInt8)},
                         instruction_set());
}

}  // namespace virnucpro
