// Steps of the optimizers against the formulas of torch.optim.SGD and torch.optim.AdamW.
#include "training/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>

namespace virnucpro {
namespace {

TEST(Optimizer, SgdHasMomentumAndDecayInTheGradient) {
  Optimizer<double> optimizer(OptimizerKind::kSgd, 0.1, 1);
  std::vector<double> parameter = {2.0};
  optimizer.step(0.5, std::vector<double>{1.0}, parameter);
  // 1 + 0.1 * 2 = 1.2;  2 - 0.5 * 1.2
  EXPECT_DOUBLE_EQ(parameter[0], 1.4);
  optimizer.step(0.5, std::vector<double>{-1.0}, parameter);
  // 0.9 * 1.2 - 1 + 0.1 * 1.4 = 0.22;  1.4 - 0.5 * 0.22
  EXPECT_DOUBLE_EQ(parameter[0], 1.29);
}

TEST(Optimizer, AdamWDecaysApartFromTheGradientAndCorrectsItsBias) {
  Optimizer<double> optimizer(OptimizerKind::kAdamW, 0.1, 2);
  std::vector<double> parameters = {2.0, -1.0};
  optimizer.step(0.5, std::vector<double>{3.0, 0.0}, parameters);
  // The first step is the sign of the gradient: 2 * (1 - 0.05) - 0.5 * 3 / (3 + 1e-8).
  EXPECT_NEAR(parameters[0], 1.9 - 0.5 * 3.0 / (3.0 + 1e-8), 1e-12);
  EXPECT_NEAR(parameters[1], -0.95, 1e-12) << "only the decay";
  const double before = parameters[0];
  optimizer.step(0.5, std::vector<double>{-1.0, 0.0}, parameters);
  const double mean = (0.9 * 0.1 * 3.0 - 0.1) / (1.0 - 0.81);
  const double square = (0.999 * 0.001 * 9.0 + 0.001) / (1.0 - 0.999 * 0.999);
  EXPECT_NEAR(parameters[0], 0.95 * before - 0.5 * mean / (std::sqrt(square) + 1e-8), 1e-12);
}

TEST(Optimizer, SchedulesFallAsTheySay) {
  EXPECT_EQ(scheduled_rate(Schedule::kConstant, 0.3, 7, 8), 0.3);
  EXPECT_EQ(scheduled_rate(Schedule::kStep, 0.3, 3, 8), 0.3);
  EXPECT_DOUBLE_EQ(scheduled_rate(Schedule::kStep, 0.3, 4, 8), 0.03);
  EXPECT_DOUBLE_EQ(scheduled_rate(Schedule::kStep, 0.3, 6, 8), 0.003);
  EXPECT_DOUBLE_EQ(scheduled_rate(Schedule::kCosine, 0.3, 0, 8), 0.3);
  EXPECT_DOUBLE_EQ(scheduled_rate(Schedule::kCosine, 0.3, 4, 8), 0.15);
  EXPECT_NEAR(scheduled_rate(Schedule::kCosine, 0.3, 8, 8), 0.0, 1e-15);
}

}  // namespace
}  // namespace virnucpro
