// ESM-2 650M and DNABERT-S 117M shapes, whole, against float64 goldens.
#include <gtest/gtest.h>

#include "support/encoder_goldens.h"

namespace virnucpro {
namespace {

TEST(PublishedShapes, CpuBackendAgreesWithThePythonOriginals) {
  testing_support::check_encoders("large", "cpu", kPrecisions);
}

using testing_support::OnBackend;

VIRNUCPRO_ON_BACKENDS(PublishedShapesOnGpus, testing::ValuesIn(testing_support::cuda_names()));

TEST_P(PublishedShapesOnGpus, AgreeWithThePythonOriginals) {
  testing_support::check_encoders("large", GetParam(), kPrecisions);
}

}  // namespace
}  // namespace virnucpro
