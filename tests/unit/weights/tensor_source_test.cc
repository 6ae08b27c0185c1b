// Named tensors: taken once, checked, and errors that say what is wrong.
#include "weights/tensor_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/weights/weights_test_data.h"

namespace virnucpro {
namespace {

TensorSource example() {
  TensorSource source("model.pt");
  source.add("fc1.weight", make_float_tensor({2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6}));
  source.add("fc1.bias", make_float_tensor({2}, std::vector<float>{7, 8}));
  source.add("steps", HostTensor{DataType::kInt64, Shape{}, nullptr, nullptr});
  return source;
}

TEST(TensorSource, HandsEachTensorOutOnce) {
  TensorSource source = example();
  EXPECT_THAT(to_floats(source.take("fc1.bias", {2})), testing::ElementsAre(7, 8));
  EXPECT_FALSE(source.has("fc1.bias"));
  EXPECT_EQ(model_error([&] { source.take("fc1.bias", {2}); }),
            "model.pt: tensor 'fc1.bias' is missing; the nearest names are 'fc1.weight', 'steps'");
}

TEST(TensorSource, NamesBothShapesOfAMisshapenTensor) {
  TensorSource source = example();
  EXPECT_EQ(model_error([&] {
              source.take("fc1.weight", {3, 2});
            }),
            "model.pt: tensor 'fc1.weight' has shape [2, 3], expected [3, 2]");
  EXPECT_TRUE(source.has("fc1.weight"));
}

TEST(TensorSource, NamesTheNameInTheFileToo) {
  TensorSource source = example();
  source.rename([](const std::string& name) { return "layers.0." + name; });
  EXPECT_EQ(model_error([&] { source.take("layers.0.fc1.bias", {5}); }),
            "model.pt: tensor 'layers.0.fc1.bias' ('fc1.bias' in the file) has shape [2], expected "
            "[5]");
}

TEST(TensorSource, RefusesIntegersWhereWeightsAreExpected) {
  TensorSource source = example();
  EXPECT_EQ(model_error([&] { source.take("steps", {}); }),
            "model.pt: tensor 'steps' is of type int64, expected float32, float16 or bfloat16");
  EXPECT_EQ(source.take_any("steps").type, DataType::kInt64);
}

TEST(TensorSource, ListsTheTensorsThatNobodyTook) {
  TensorSource source = example();
  source.take_any("fc1.bias");
  EXPECT_EQ(model_error([&] { source.expect_all_taken(); }),
            "model.pt: 2 tensors that this model does not have: 'fc1.weight' [2, 3], 'steps' []");
  source.drop([](const std::string& name) { return name == "steps"; });
  EXPECT_EQ(model_error([&] { source.expect_all_taken(); }),
            "model.pt: 1 tensor that this model does not have: 'fc1.weight' [2, 3]");
  source.take_any("fc1.weight");
  source.expect_all_taken();
  EXPECT_EQ(model_error([&] { source.take_any("x"); }),
            "model.pt: tensor 'x' is missing (there are no tensors left)");
}

TEST(TensorSource, CutsLongLists) {
  TensorSource source("x");
  for (int i = 0; i < 9; ++i) source.add("t" + std::to_string(i), make_float_tensor({0}, {}));
  EXPECT_EQ(model_error([&] { source.expect_all_taken(); }),
            "x: 9 tensors that this model does not have: 't0' [0], 't1' [0], 't2' [0], 't3' [0], "
            "'t4' [0] and 4 more");
}

TEST(TensorSource, RefusesTwoTensorsOfOneName) {
  TensorSource source = example();
  EXPECT_EQ(model_error([&] { source.rename([](const std::string&) { return "same"; }); }),
            "model.pt: two tensors are named 'same'");
}

TEST(TensorSource, KeepsHostileNamesOutOfMessages) {
  TensorSource source("x");
  source.add(std::string("a\n\x1b[31m\xff") + std::string(300, 'b'), make_float_tensor({0}, {}));
  const std::string text = model_error([&] { source.expect_all_taken(); });
  EXPECT_THAT(text, testing::HasSubstr("'a\\x0a\\x1b[31m\\xff"));
  EXPECT_LT(text.size(), 250u);
}

TEST(TensorSource, ChecksThatExactlyTheExpectedTensorsAreThere) {
  TensorSource source = example();
  const std::vector<ExpectedTensor> some = {{"fc1.weight", {2, 3}}, {"fc1.bias", {2}}};
  EXPECT_EQ(model_error([&] { source.require_exactly(some); }),
            "model.pt: 1 tensor that this model does not have: 'steps' []");
  source.drop([](const std::string& name) { return name == "steps"; });
  source.require_exactly(some);
  EXPECT_EQ(source.size(), 2u);
}

}  // namespace
}  // namespace virnucpro
