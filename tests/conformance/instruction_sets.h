// Tests of kernels that run once on every instruction set which this processor has.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "hwy/highway.h"

namespace virnucpro {

/// The parameter is a Highway target; kernels run on it while a test does.
class OnEachInstructionSet : public testing::TestWithParam<std::int64_t> {
 protected:
  void SetUp() override { use(GetParam()); }
  void TearDown() override { use(0); }

 private:
  /// 0: what the processor supports.
  static void use(std::int64_t target) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  }
};

inline std::string name_of_target(const testing::TestParamInfo<std::int64_t>& target) {
  return hwy::TargetName(target.param);
}

}  // namespace virnucpro

/// Runs the tests of `Suite`, which derives from OnEachInstructionSet.
#define VIRNUCPRO_ON_EACH_INSTRUCTION_SET(Suite)                                                   \
  INSTANTIATE_TEST_SUITE_P(Targets, Suite, testing::ValuesIn(hwy::SupportedAndGeneratedTargets()), \
                           name_of_target)
