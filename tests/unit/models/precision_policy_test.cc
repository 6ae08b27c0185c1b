// The precision policy: every combination of flag and environment.
#include "models/precision_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "backend/cpu/cpu_backend.h"
#include "backend/reference/reference_backend.h"
#include "base/errors.h"

namespace virnucpro {
namespace {

Environment environment(std::map<std::string, std::string> values) {
  return [values](const std::string& name) -> std::optional<std::string> {
    const auto found = values.find(name);
    if (found == values.end()) return std::nullopt;
    return found->second;
  };
}

TEST(PrecisionPolicy, PackedFp16IsTheDefaultAndSilent) {
  const PrecisionChoice choice = choose_precision({}, environment({}));
  EXPECT_EQ(choice.precision, Precision::kFp16);
  EXPECT_TRUE(choice.packed);
  EXPECT_TRUE(choice.warnings.empty());
}

TEST(PrecisionPolicy, DisableFp16OverridesTheFlagAndWarnsOnceWithTheCost) {
  for (const char* value : {"1", "true", " YES "}) {
    const PrecisionChoice choice =
        choose_precision({.precision = Precision::kBf16, .no_packing = true},
                         environment({{"VIRNUCPRO_DISABLE_FP16", value}}));
    EXPECT_EQ(choice.precision, Precision::kFp32);
    EXPECT_THAT(choice.warnings,
                testing::ElementsAre(testing::AllOf(testing::HasSubstr("slower"),
                                                    testing::HasSubstr("twice the memory"))));
  }
  EXPECT_EQ(choose_precision({}, environment({{"VIRNUCPRO_DISABLE_FP16", "0"}})).precision,
            Precision::kFp16);
}

TEST(PrecisionPolicy, Fp32PackedFailsAndNamesBothWaysOut) {
  for (const bool by_flag : {false, true}) {
    PrecisionRequest request;
    if (by_flag) request.precision = Precision::kFp32;
    const Environment variables =
        by_flag ? environment({}) : environment({{"VIRNUCPRO_DISABLE_FP16", "1"}});
    try {
      choose_precision(request, variables);
      FAIL();
    } catch (const PrecisionError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("unset VIRNUCPRO_DISABLE_FP16"));
      EXPECT_THAT(error.what(), testing::HasSubstr("VIRNUCPRO_DISABLE_PACKING=1 or --no-packing"));
    }
  }
}

TEST(PrecisionPolicy, TheFlagOrTheVariableUnpacks) {
  EXPECT_FALSE(choose_precision({.no_packing = true}, environment({})).packed);
  EXPECT_FALSE(choose_precision({}, environment({{"VIRNUCPRO_DISABLE_PACKING", "yes"}})).packed);
  EXPECT_TRUE(choose_precision({}, environment({{"VIRNUCPRO_DISABLE_PACKING", "no"}})).packed);
}

TEST(PrecisionPolicy, PackedBf16WorksWithOneWarning) {
  const PrecisionChoice choice = choose_precision({.precision = Precision::kBf16}, environment({}));
  EXPECT_EQ(choice.precision, Precision::kBf16);
  EXPECT_TRUE(choice.packed);
  EXPECT_THAT(choice.warnings, testing::ElementsAre(testing::HasSubstr("bf16")));
}

TEST(PrecisionPolicy, Int8RunsPackedAndUnpackedWithOneWarningThatSaysHowToMeasureIt) {
  for (const bool no_packing : {false, true}) {
    const PrecisionChoice choice = choose_precision(
        {.precision = Precision::kInt8, .no_packing = no_packing}, environment({}));
    EXPECT_EQ(choice.precision, Precision::kInt8);
    EXPECT_EQ(choice.packed, !no_packing);
    EXPECT_THAT(choice.warnings,
                testing::ElementsAre(testing::AllOf(testing::HasSubstr("precision int8"),
                                                    testing::HasSubstr("virnucpro precision"))));
  }
}

TEST(PrecisionPolicy, EveryPrecisionHasItsNameAndItsTypes) {
  for (const Precision precision : kPrecisions) {
    EXPECT_TRUE(is_floating(weight_type(precision))) << name_of(precision);
    const DataType expected = precision == Precision::kInt8  ? DataType::kInt8
                              : precision == Precision::kFp8 ? DataType::kFloat8E4M3
                                                             : weight_type(precision);
    EXPECT_EQ(linear_type(precision), expected) << name_of(precision);
    EXPECT_NE(name_of(precision), "?");
  }
  EXPECT_EQ(weight_type(Precision::kInt8), DataType::kFloat16);
  EXPECT_EQ(weight_type(Precision::kFp8), DataType::kFloat16);
}

TEST(PrecisionPolicy, ADeviceWithoutAPrecisionIsRefusedWithWhatItHas) {
  const CpuBackend cpu(1);
  for (const Precision precision : kPrecisions) {
    EXPECT_NO_THROW(require_offered(precision, ReferenceBackend()));
    if (precision == Precision::kFp8) continue;
    EXPECT_NO_THROW(require_offered(precision, cpu));
  }
  try {
    require_offered(Precision::kFp8, cpu);
    FAIL();
  } catch (const PrecisionError& error) {
    EXPECT_THAT(error.what(),
                testing::StartsWith("precision fp8 needs a GPU of compute capability 8.9 or newer "
                                    "(Ada, Hopper); this device (cpu: "));
    EXPECT_THAT(error.what(), testing::EndsWith(") has fp16, bf16, int8, fp32"));
  }
}

}  // namespace
}  // namespace virnucpro
