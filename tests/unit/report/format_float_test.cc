// float32 texts equal NumPy's, byte for byte.
#include "report/format_float.h"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include "base/sha256.h"

namespace virnucpro {
namespace {

struct FloatGolden {
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
  for (const FloatGolden& golden : kFloatGoldens) {
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

TEST(FormatFloat64, HasTheDigitsThatPositionalNotationHas) {
  std::uint64_t state = 2;
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t bits = splitmix64(state);
    // Shares and all sizes below one, as doubles and as widened floats, of either sign.
    const double share = static_cast<double>(bits >> 11) / 9007199254740992.0;
    const double value = i % 3 == 0 ? share : share * std::pow(10.0, -static_cast<int>(bits % 5));
    for (const double each : {value, -value, double{static_cast<float>(value)}}) {
      if (std::abs(each) < 1e-4) continue;
      char digits[64];
      const auto end =
          std::to_chars(digits, digits + sizeof digits, each, std::chars_format::fixed);
      std::string text;
      append_float64(text, each);
      ASSERT_EQ(text, std::string(digits, end.ptr));
    }
  }
  for (const auto& [value, expected] : std::initializer_list<std::pair<double, const char*>>{
           {1e-4, "0.0001"}, {-0.001, "-0.001"}, {0.1, "0.1"}, {9.99e-5, "9.99e-05"}}) {
    std::string text;
    append_float64(text, value);
    EXPECT_EQ(text, expected);
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
