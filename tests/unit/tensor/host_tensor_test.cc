// Host tensors: conversion, sharing and joining.
#include "tensor/host_tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"

namespace virnucpro {
namespace {

TEST(HostTensor, ConvertsAndSharesWhenNothingChanges) {
  const std::vector<float> values = {0.0f, 1.0f, -2.5f, 65504.0f, 1e-7f, 3.14159f};
  const HostTensor tensor = make_float_tensor({2, 3}, values);
  EXPECT_EQ(convert(tensor, DataType::kFloat32).data, tensor.data);
  const std::vector<float> half = to_floats(convert(tensor, DataType::kFloat16));
  EXPECT_EQ(half[3], 65504.0f);
  EXPECT_NEAR(half[5], 3.14159f, 1e-3);
  const std::vector<float> brain = to_floats(convert(tensor, DataType::kBFloat16));
  EXPECT_NEAR(brain[5], 3.14159f, 1.6e-2);
}

TEST(HostTensor, JoinsRowsInOrder) {
  const HostTensor parts[] = {make_float_tensor({1, 2}, std::vector<float>{1, 2}),
                              make_float_tensor({2, 2}, std::vector<float>{3, 4, 5, 6})};
  const HostTensor joined = concatenate_rows(parts);
  EXPECT_EQ(joined.shape, (Shape{3, 2}));
  EXPECT_THAT(to_floats(joined), testing::ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(HostTensor, RefusesRowsOfDifferentWidth) {
  const HostTensor parts[] = {make_float_tensor({1, 2}, std::vector<float>{1, 2}),
                              make_float_tensor({1, 3}, std::vector<float>{3, 4, 5})};
  EXPECT_THROW(concatenate_rows(parts), ContractError);
}

}  // namespace
}  // namespace virnucpro
