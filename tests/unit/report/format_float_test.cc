// float32 texts equal NumPy's, byte for byte.
#include "report/format_float.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <limits>
#include <span>
#include <string>

#include "base/sha256.h"

namespace virnucpro {
namespace {

struct Golden {
  std::uint32_t bits;
  const char* text;
};

#include "unit/report/float_goldens.inc"

std::uint64_t splitmix64(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15ULL;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

TEST(FormatFloat32, EqualsNumPyAtTheEdges) {
  for (const Golden& golden : kGoldens) {
    EXPECT_EQ(format_float32(std::bit_cast<float>(golden.bits)), golden.text)
        << std::hex << golden.bits;
  }
}

TEST(FormatFloat32, EqualsNumPyForAHundredThousandValuesOfZeroToOne) {
  std::uint64_t state = 1;
  for (const char* expected : kBlockHashes) {
    std::string lines;
    for (std::size_t i = 0; i < kPerBlock; ++i) {
      const std::uint64_t value = splitmix64(state);
      const float number =
          i % 2 == 1 ? std::bit_cast<float>(static_cast<std::uint32_t>(value % 0x3f800001u))
                     : static_cast<float>(static_cast<double>(value >> 40) / 16777216.0);
      append_float32(lines, number);
      lines += '\n';
    }
    EXPECT_EQ(sha256_hex(std::as_bytes(std::span(lines))), expected);
  }
}

TEST(FormatFloat32, WritesTheFormsOfThePublishedTables) {
  EXPECT_EQ(format_float32(0.99883f), "0.99883");
  EXPECT_EQ(format_float32(1.0f), "1.0");
  EXPECT_EQ(format_float32(0.0f), "0.0");
  EXPECT_EQ(format_float32(-0.5f), "-0.5");
  EXPECT_EQ(format_float32(1e-5f), "1e-05");
  EXPECT_EQ(format_float32(9.999e-5f), "9.999e-05");
  EXPECT_EQ(format_float32(std::numeric_limits<float>::quiet_NaN()), "nan");
  EXPECT_EQ(format_float32(-std::numeric_limits<float>::infinity()), "-inf");
}

}  // namespace
}  // namespace virnucpro
