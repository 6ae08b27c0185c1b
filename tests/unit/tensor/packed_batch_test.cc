// The rules of packed and padded batches.
#include "tensor/packed_batch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"

namespace virnucpro {
namespace {

TEST(PackedBatch, AcceptsIncreasingOffsetsThatEndAtTheTokenCount) {
  const PackedBatch batch{{1, 2, 3}, {0, 1, 3}};
  EXPECT_NO_THROW(batch.validate());
  EXPECT_EQ(batch.longest(), 2);
}

TEST(PackedBatch, RefusesBrokenOffsets) {
  EXPECT_THROW((PackedBatch{{1, 2, 3}, {1, 3}}.validate()), ContractError);
  EXPECT_THROW((PackedBatch{{1, 2, 3}, {0, 2, 2, 3}}.validate()), ContractError);
  EXPECT_THROW((PackedBatch{{1, 2, 3}, {0, 2}}.validate()), ContractError);
  EXPECT_THROW((PackedBatch{{}, {}}.validate()), ContractError);
}

TEST(PaddedBatch, FillsRowsUpToTheLongest) {
  const PaddedBatch padded = pad(PackedBatch{{5, 6, 7}, {0, 1, 3}}, 9);
  EXPECT_THAT(padded.tokens, testing::ElementsAre(5, 9, 6, 7));
  EXPECT_THAT(padded.lengths, testing::ElementsAre(1, 2));
  EXPECT_NO_THROW(padded.validate());
}

}  // namespace
}  // namespace virnucpro
