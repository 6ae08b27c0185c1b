// ESM-2 650M and DNABERT-S 117M shapes, whole, against float64 goldens.
#include <gtest/gtest.h>

#include "support/encoder_goldens.h"

namespace virnucpro {
namespace {

TEST(PublishedShapes, CpuBackendAgreesWithThePythonOriginals) {
  testing_support::check_encoders("large", "cpu", kPrecisions);
}

}  // namespace
}  // namespace virnucpro
