// What processors multiply, from the flags that Linux lists for them.
#include "backend/cpu/instruction_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "backend/cpu/linear_cpu.h"
#include "backend/cpu/precision_costs.h"
#include "backend/cpu/processor.h"

namespace virnucpro {
namespace {

using testing::HasSubstr;

const std::string kAvx2 = "fpu sse2 ssse3 sse4_1 avx fma avx2 ";
const std::string kAvx512 = kAvx2 + "avx512f avx512dq avx512bw avx512vl ";
const std::string kSapphireRapids =
    kAvx512 + "avx_vnni avx512_bf16 avx512_vnni avx512_fp16 amx_bf16 amx_tile amx_int8 ";

InstructionSet set_of(const std::string& flags, const std::string& key = "flags\t\t") {
  std::istringstream cpuinfo("processor\t: 0\nmodel name\t: some\nvmx flags\t: amx_tile\n" + key +
                             ": " + flags + "\nbugs\t\t: none\n\nprocessor\t: 1\n" + key +
                             ": other\n");
  return instruction_set_of(read_processor_flags(cpuinfo));
}

TEST(InstructionSet, OfKnownProcessors) {
  EXPECT_EQ(describe(set_of(kAvx2)), "AVX2; no products of BF16, 8 bits or FP16");  // Zen 3
  EXPECT_EQ(describe(set_of(kAvx2 + "avx_vnni")),                                   // Alder Lake
            "AVX2; products of 8 bits (vectors)");
  EXPECT_EQ(describe(set_of(kAvx512)), "AVX-512; no products of BF16, 8 bits or FP16");  // Skylake
  EXPECT_EQ(describe(set_of(kAvx512 + "avx512_vnni")),                                   // Ice Lake
            "AVX-512; products of 8 bits (vectors)");
  EXPECT_EQ(describe(set_of(kAvx512 + "avx512_vnni avx512_bf16")),  // Zen 4
            "AVX-512; products of BF16 (vectors), 8 bits (vectors)");
  EXPECT_EQ(describe(set_of(kSapphireRapids)),
            "AVX-512; products of BF16 (vectors, tiles), 8 bits (vectors, tiles), FP16 (vectors)");
  EXPECT_EQ(describe(set_of(kSapphireRapids + "amx_fp16")),  // Granite Rapids
            "AVX-512; products of BF16 (vectors, tiles), 8 bits (vectors, tiles), FP16 (vectors, "
            "tiles)");
  EXPECT_EQ(describe(set_of("fp asimd asimdhp asimddp bf16", "Features")),  // arm64
            "NEON; products of BF16 (vectors), 8 bits (vectors), FP16 (vectors)");
  EXPECT_EQ(describe(set_of("fp asimd", "Features")), "NEON; no products of BF16, 8 bits or FP16");
}

TEST(InstructionSet, NeedsTheVectorsThatAProductWorksOn) {
  EXPECT_FALSE(set_of(kAvx2 + "avx512f avx512_bf16").bfloat16);
  EXPECT_FALSE(set_of(kAvx512 + "amx_bf16").bfloat16_tiles);
  EXPECT_EQ(set_of("").vectors, "none that are known");
  std::istringstream nothing("");
  EXPECT_TRUE(read_processor_flags(nothing).empty());
}

TEST(InstructionSet, OfThisProcessorIsKnown) {
  EXPECT_NE(instruction_set().vectors, "none that are known");
  EXPECT_EQ(precision_costs().size(), kPrecisions.size() - 1);  // without fp8
}

constexpr CpuProducts kPlain = {CpuProduct::kFloats, CpuProduct::kFloats, CpuProduct::kPairs};
constexpr CpuProducts kZen4 = {CpuProduct::kFloats, CpuProduct::kBFloat16, CpuProduct::kInt8};
constexpr CpuProducts kAmx = {CpuProduct::kSplitBFloat16, CpuProduct::kBFloat16, CpuProduct::kInt8};

TEST(PrecisionCosts, FollowTheProductsInUse) {
  const auto plain = precision_costs(kPlain, set_of(kAvx2));
  EXPECT_THAT(plain[1].computed_as, HasSubstr("no faster than FP16"));
  EXPECT_THAT(plain[2].computed_as, HasSubstr("pairs"));

  constexpr CpuProducts kAvxVnni = {CpuProduct::kFloats, CpuProduct::kFloats, CpuProduct::kQuads};
  EXPECT_THAT(precision_costs(kAvxVnni, set_of(kAvx2 + "avx_vnni "))[2].computed_as,
              HasSubstr("VNNI"));

  const auto zen4 = precision_costs(kZen4, set_of(kAvx512 + "avx512_bf16 avx512_vnni"));
  EXPECT_THAT(zen4[1].computed_as, HasSubstr("AVX512_BF16"));
  EXPECT_THAT(zen4[2].computed_as, HasSubstr("VNNI"));

  const auto amx = precision_costs(kAmx, set_of(kSapphireRapids));
  EXPECT_THAT(amx[0].computed_as, HasSubstr("three of BF16"));
  EXPECT_THAT(amx[1].computed_as, HasSubstr("AMX"));
  EXPECT_EQ(amx[2].precision, Precision::kInt8);
  EXPECT_EQ(amx[2].bytes_per_weight, 1.0);
}

}  // namespace
}  // namespace virnucpro
