// ESM-2 650M and DNABERT-S 117M shapes, whole, against float64 goldens.
#include <gtest/gtest.h>

#include "support/encoder_goldens.h"

namespace virnucpro {
namespace {

TEST(PublishedShapes, CpuBackendAgreesWithThePythonOriginals) {
  constexpr Precision kSome[] = {Precision::kFp16, Precision::kFp32, Precision::kBf16};
  testing_support::check_encoders("large", "cpu", kSome);
}

}  // namespace
}  // namespace virnucpro
