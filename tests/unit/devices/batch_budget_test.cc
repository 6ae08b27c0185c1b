// The automatic size of batches: bounded, growing with memory, smaller for wider models.
#include "devices/batch_budget.h"

#include <gtest/gtest.h>

#include "backend/cpu/cpu_backend.h"
#include "base/errors.h"

namespace virnucpro {
namespace {

constexpr std::uint64_t kGiga = std::uint64_t{1} << 30;

TEST(AutomaticBatchTokens, LieBetweenItsBounds) {
  EXPECT_EQ(automatic_batch_tokens(0, 1280, 1), 1024);
  EXPECT_EQ(automatic_batch_tokens(kGiga / 4, 1280, 1), 1024);
  EXPECT_EQ(automatic_batch_tokens(1000 * kGiga, 1280, 1), 8192);
  EXPECT_EQ(automatic_batch_tokens(~std::uint64_t{0}, 1, 1), 8192);
  EXPECT_EQ(automatic_batch_tokens(std::nullopt, 1280, 4), 4096);
}

TEST(AutomaticBatchTokens, TakeAnEighthOfTheMemoryInWholeSteps) {
  // 4 GiB / 8 over 16 * 1280 * 4 bytes: 6553 tokens.
  EXPECT_EQ(automatic_batch_tokens(4 * kGiga, 1280, 1), 6400);
  EXPECT_EQ(automatic_batch_tokens(4 * kGiga, 1280, 2), 3072);  // 3276
  EXPECT_EQ(automatic_batch_tokens(4 * kGiga, 2560, 1), 3072);
  EXPECT_EQ(automatic_batch_tokens(4 * kGiga, 96, 1), 8192);
}

TEST(AutomaticBatchTokens, FillTheRoomOfADevice) {
  // 16 widths of 1280 elements of 2 bytes are 40 KiB a token.
  EXPECT_EQ(automatic_batch_tokens(BatchRoom{kGiga, 16384}, 1280, 2), 16384);  // 26214
  EXPECT_EQ(automatic_batch_tokens(BatchRoom{kGiga, 1000}, 1280, 2), 768);
  EXPECT_EQ(automatic_batch_tokens(BatchRoom{kGiga / 4, 16384}, 1280, 2), 6400);  // 6553
  EXPECT_EQ(automatic_batch_tokens(BatchRoom{kGiga / 4, 16384}, 1280, 4), 3072);  // 3276
  EXPECT_EQ(automatic_batch_tokens(BatchRoom{1000, 16384}, 1280, 2), 256);
  EXPECT_EQ(automatic_batch_tokens(BatchRoom{~std::uint64_t{0}, 16384}, 1, 1), 16384);
}

TEST(AutomaticBatchTokens, SufficeForAllLanesOfManyCores) {
  const auto tokens_of = [](std::size_t threads, std::int64_t width) {
    CpuBackend cpu(threads);
    Backend* const backends[] = {&cpu};
    return automatic_batch_tokens(backends, Precision::kFp16, width, 1000 * kGiga);
  };
  EXPECT_EQ(tokens_of(1, 128), 8192);
  EXPECT_EQ(tokens_of(2, 128), 16384);
  EXPECT_EQ(tokens_of(16, 128), 65536);
  EXPECT_EQ(tokens_of(48, 128), 98304);
  EXPECT_EQ(tokens_of(16, 1280), 8192);
}

TEST(AutomaticBatchTokens, RefuseNoWorkersAndNoWidth) {
  EXPECT_THROW(automatic_batch_tokens(kGiga, 1280, 0), ContractError);
  EXPECT_THROW(automatic_batch_tokens(kGiga, 0, 1), ContractError);
  EXPECT_THROW(automatic_batch_tokens(BatchRoom{kGiga, 0}, 1280, 2), ContractError);
  EXPECT_THROW(automatic_batch_tokens({}, Precision::kFp16, 1280, kGiga), ContractError);
}

}  // namespace
}  // namespace virnucpro
