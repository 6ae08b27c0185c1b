// What a slow run is told to try.
#include "devices/faster_ways.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/cpu/linear_cpu.h"

namespace virnucpro {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

constexpr CpuProducts kPlain = {CpuProduct::kFloats, CpuProduct::kFloats, CpuProduct::kPairs};
constexpr CpuProducts kTiles = {CpuProduct::kSplitBFloat16, CpuProduct::kBFloat16,
                                CpuProduct::kInt8};

TEST(FasterWays, AreNoneOnAPlainProcessorThatIsUsedWhole) {
  EXPECT_THAT(faster_ways({.precision = Precision::kFp16, .products = kPlain}), IsEmpty());
}

TEST(FasterWays, NameFp16InPlaceOfFp32) {
  EXPECT_THAT(faster_ways({.precision = Precision::kFp32, .packed = false, .products = kPlain}),
              ElementsAre(StartsWith("--precision fp16 (packed")));
}

TEST(FasterWays, NameOnlyWhatTheProcessorMultiplies) {
  EXPECT_THAT(faster_ways({.precision = Precision::kFp16, .products = kTiles}),
              ElementsAre(StartsWith("--precision bf16 "), StartsWith("--precision int8 ")));
  EXPECT_THAT(faster_ways({.precision = Precision::kBf16, .products = kTiles}),
              ElementsAre(StartsWith("--precision int8 ")));
  EXPECT_THAT(faster_ways({.precision = Precision::kInt8, .products = kTiles}), IsEmpty());
  EXPECT_THAT(faster_ways({.precision = Precision::kFp16, .on_cpu = false, .products = kTiles}),
              IsEmpty());
}

TEST(FasterWays, NameInt8WhereVectorsOf256BitsHaveVnni) {
  constexpr CpuProducts kQuads = {CpuProduct::kFloats, CpuProduct::kFloats, CpuProduct::kQuads};
  EXPECT_THAT(faster_ways({.precision = Precision::kFp16, .products = kQuads}),
              ElementsAre(StartsWith("--precision int8 ")));
}

TEST(FasterWays, NameGpusWhereTheyWereNotLookedForAndIdleCores) {
  EXPECT_THAT(faster_ways({.precision = Precision::kFp16,
                           .packed = false,
                           .cpu_was_named = true,
                           .products = kPlain,
                           .threads = 2,
                           .cores = 8}),
              ElementsAre(StartsWith("--device auto"), StartsWith("packed batches"),
                          "--threads 8 (it runs with 2)"));
}

}  // namespace
}  // namespace virnucpro
