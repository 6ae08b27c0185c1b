#include "backend/cuda/precision_costs.h"

#include "backend/cuda/plugin.h"

namespace virnucpro {

std::vector<PrecisionCost> cuda_precision_costs(int major, int minor) {
  std::vector<PrecisionCost> costs = {
      {Precision::kFp16, "FP16 products on tensor cores, FP32 sums", 2.0},
      {Precision::kBf16, "BF16 products on tensor cores, FP32 sums", 2.0},
      {Precision::kInt8, "8-bit products on tensor cores, exact sums that another pass scales",
       1.0}};
  if (has_fp8(major, minor)) {
    // Hopper's library has a scale per row (docs/explanation/cuda.md).
    costs.push_back({Precision::kFp8,
                     major >= 9
                         ? "E4M3 products on tensor cores, scaled as they are made"
                         : "E4M3 products on tensor cores, FP32 sums that another pass scales",
                     1.0});
  }
  costs.push_back({Precision::kFp32, "FP32 products, no tensor cores", 4.0});
  return costs;
}

}  // namespace virnucpro
