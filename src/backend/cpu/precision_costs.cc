#include "backend/cpu/precision_costs.h"

#include "backend/cpu/linear_cpu.h"
#include "backend/cpu/processor.h"

namespace virnucpro {
namespace {

// Rates of whole runs; float32 products with the same vectors have the rate 1. Measured on AVX-512
// (EPYC of Zen 4, oneDNN), on AMX (Xeon of Emerald Rapids, two cores: docs/performance.md) and, for
// pairs, on AVX2 (EPYC of Zen 3). `virnucpro bench` measures them on any machine.
constexpr double kBFloat16Vectors = 1.9;
constexpr double kBFloat16Tiles = 3.3;
constexpr double kSplitTiles = 1.25;  // three products of bfloat16, weights split at each use
constexpr double kInt8Vectors = 3.7;
constexpr double kInt8Tiles = 4.5;
constexpr double kPairsX86 = 1.6;
constexpr double kPairsNeon = 1.0;  // one instruction multiplies four floats or four pairs

/// How one type of weight is multiplied: in words, and how fast.
struct Way {
  std::string_view computed_as;
  double rate;
};

Way way_of(Precision precision, CpuProduct product, const InstructionSet& set) {
  // oneDNN uses tiles wherever they are, and split products are worth their cost only with tiles.
  switch (product) {
    case CpuProduct::kFloats:
      if (precision == Precision::kFp16) return {"FP16 weights, FP32 products", 1.0};
      if (precision == Precision::kFp32) return {"FP32 products", 1.0};
      return {"BF16 weights, FP32 products: no faster than FP16 here", 1.0};
    case CpuProduct::kSplitBFloat16:
      return {"FP16 weights, each product in three of BF16 (AMX)", kSplitTiles};
    case CpuProduct::kBFloat16:
      if (set.bfloat16_tiles) return {"BF16 products, FP32 sums (AMX)", kBFloat16Tiles};
      return {"BF16 products, FP32 sums (AVX512_BF16)", kBFloat16Vectors};
    case CpuProduct::kInt8:
      if (set.int8_tiles) return {"8-bit products, exact sums (AMX)", kInt8Tiles};
      return {"8-bit products, exact sums (VNNI)", kInt8Vectors};
    case CpuProduct::kPairs:
      return {"8-bit weights, products in pairs of 16 bits",
              set.vectors == "NEON" ? kPairsNeon : kPairsX86};
  }
  return {"FP32 products", 1.0};
}

CpuProduct product_of(Precision precision, const CpuProducts& products) {
  switch (precision) {
    case Precision::kFp16:
      return products.float16;
    case Precision::kBf16:
      return products.bfloat16;
    case Precision::kInt8:
      return products.int8;
    case Precision::kFp32:
      break;
  }
  return CpuProduct::kFloats;
}

}  // namespace

std::vector<PrecisionCost> precision_costs(const CpuProducts& products, const InstructionSet& set) {
  const double fp16 = way_of(Precision::kFp16, products.float16, set).rate;
  std::vector<PrecisionCost> costs;
  for (const Precision precision : kPrecisions) {
    const Way way = way_of(precision, product_of(precision, products), set);
    // A bundle's float16 weights stay as they lie in the file; fp32 widens them at use.
    costs.push_back(
        {precision, way.computed_as, way.rate / fp16, precision == Precision::kInt8 ? 1.0 : 2.0});
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
