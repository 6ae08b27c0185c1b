// The multiplications of a forward pass, against numbers worked out by hand.
#include "bench/model_shapes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/errors.h"
#include "weights/embedded_bundle.h"

namespace virnucpro {
namespace {

constexpr double kGiga = 1e9;

/// 10^9 FLOPs a token in sequences of `length` tokens.
double gigaflops_per_token(const EncoderWork& work, std::uint64_t length) {
  return (work.linear_flops(length) + work.attention_flops(length * length)) /
         static_cast<double>(length) / kGiga;
}

TEST(EncoderWork, OfEsm2) {
  const EncoderWork work = work_of(*shapes_named("esm2-650m").esm2);
  // 33 layers of 12 d^2 weights.
  EXPECT_EQ(work.linear_flops(1), 2.0 * 33 * 12 * 1280 * 1280);
  EXPECT_EQ(work.attention_flops(170 * 170), 33.0 * 4 * 170 * 170 * 1280);
  EXPECT_NEAR(gigaflops_per_token(work, 170), 1.326, 0.0005);

  EXPECT_NEAR(gigaflops_per_token(work_of(*shapes_named("esm2-3b").esm2), 170), 5.725, 0.0006);
  const EncoderWork cut = work_of(*shapes_named("esm2-3b-4l").esm2);
  EXPECT_NEAR(gigaflops_per_token(cut, 170), 5.725 * 4 / 36, 0.0001);
}

TEST(EncoderWork, OfDnabertS) {
  const EncoderWork work = work_of(*shapes_named("dnabert-117m").dnabert_s);
  // 4 d^2 of attention, 768 -> 6144 with its gate, 3072 -> 768.
  EXPECT_EQ(work.linear_flops(1), 2.0 * 12 * (4 * 768 * 768 + 768 * 6144 + 3072 * 768));
  EXPECT_NEAR(gigaflops_per_token(work, 170), 0.2328, 0.00005);
}

TEST(EncoderWork, GrowsWithTokensAndWithTheirSquares) {
  const EncoderWork work = work_of(*shapes_named("mini").esm2);
  EXPECT_EQ(work.linear_flops(1000), 1000 * work.linear_flops(1));
  EXPECT_EQ(work.attention_flops(1000), 1000 * work.attention_flops(1));
  EXPECT_EQ(work.linear_flops(0), 0.0);
}

TEST(KnownShapes, AreFoundByName) {
  for (const ModelShapes& shapes : known_shapes()) {
    EXPECT_EQ(shapes_named(shapes.name).name, shapes.name);
    EXPECT_TRUE(shapes.dnabert_s || shapes.esm2) << shapes.name;
  }
  EXPECT_THROW(shapes_named("esm2-15b"), ConfigError);
}

TEST(KnownShapes, ThePublishedPairsAreTheirPartsTogether) {
  for (const char* size : {"650m", "3b"}) {
    const ModelShapes& pair = shapes_named(std::string("published-") + size);
    EXPECT_EQ(pair.esm2, shapes_named(std::string("esm2-") + size).esm2);
    EXPECT_EQ(pair.dnabert_s, shapes_named("dnabert-117m").dnabert_s);
  }
}

TEST(KnownShapes, MiniIsTheEmbeddedBundle) {
  const BundleInfo info = embedded_bundle().info();
  EXPECT_EQ(shapes_named("mini").dnabert_s, info.dnabert_s_config);
  EXPECT_EQ(shapes_named("mini").esm2, info.esm2_config);
  EXPECT_EQ(shapes_named("mini").classifier_hidden, info.classifiers.front().hidden_dim);
}

TEST(MatmulCeiling, WeighsEachProductByItsTime) {
  MatmulCeiling ceiling;
  ceiling.products = {{{100, 100, 3}, 10.0, ""}, {{100, 100, 1}, 30.0, ""}};
  // Three at 10 and one at 30: 4 of work in 3 / 10 + 1 / 30 of time.
  EXPECT_DOUBLE_EQ(ceiling.flops_per_second(), 4.0 / (3.0 / 10 + 1.0 / 30));
}

}  // namespace
}  // namespace virnucpro
