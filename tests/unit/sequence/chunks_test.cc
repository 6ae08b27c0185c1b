// Chunks cover their record, overlap as published, and need no more than 64 bits.
#include "sequence/chunks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "base/errors.h"

namespace virnucpro {
namespace {

std::vector<Chunk> chunks_of(std::uint64_t bases, std::uint64_t length) {
  std::vector<Chunk> chunks;
  for (const Chunk chunk : ChunkRange(7, bases, length)) chunks.push_back(chunk);
  return chunks;
}

TEST(Chunks, OfTheWorkedExamples) {
  EXPECT_THAT(chunks_of(600, 500),
              ::testing::ElementsAre(Chunk{7, 0, 0, 500}, Chunk{7, 1, 299, 600}));
  EXPECT_THAT(chunks_of(1713, 500),
              ::testing::ElementsAre(Chunk{7, 0, 0, 500}, Chunk{7, 1, 428, 928},
                                     Chunk{7, 2, 856, 1356}, Chunk{7, 3, 1284, 1713}));
  EXPECT_THAT(chunks_of(501, 500),
              ::testing::ElementsAre(Chunk{7, 0, 0, 500}, Chunk{7, 1, 250, 501}));
}

TEST(Chunks, OfARecordWithoutBasesAreNone) {
  EXPECT_EQ(chunk_count(0, 500), 0U);
  EXPECT_TRUE(ChunkRange(0, 0, 500).empty());
  EXPECT_THAT(chunks_of(0, 500), ::testing::IsEmpty());
}

TEST(Chunks, OfAShortRecordIsTheRecordItself) {
  for (const std::uint64_t bases : {1, 2, 299, 300}) {
    EXPECT_THAT(chunks_of(bases, 300), ::testing::ElementsAre(Chunk{7, 0, 0, bases}));
  }
}

TEST(Chunks, OfAWholeMultipleDoNotOverlap) {
  EXPECT_THAT(
      chunks_of(900, 300),
      ::testing::ElementsAre(Chunk{7, 0, 0, 300}, Chunk{7, 1, 300, 600}, Chunk{7, 2, 600, 900}));
}

TEST(Chunks, CoverTheRecordInOrderAndOnlyTheLastIsShorter) {
  for (const std::uint64_t length : {1, 2, 3, 7, 300, 500}) {
    for (std::uint64_t bases = 1; bases <= 6000; ++bases) {
      const ChunkRange range(1, bases, length);
      SCOPED_TRACE(std::to_string(bases) + " bases, length " + std::to_string(length));
      ASSERT_EQ(range.size(), (bases + length - 1) / length);
      std::uint64_t covered = 0;
      std::uint64_t previous_start = 0;
      for (const Chunk chunk : range) {
        ASSERT_LE(chunk.start, covered);
        ASSERT_LT(chunk.start, chunk.end);
        ASSERT_TRUE(chunk.index == 0 || chunk.start > previous_start);
        ASSERT_TRUE(chunk.index + 1 == range.size() || chunk.end - chunk.start == length);
        ASSERT_LE(chunk.end - chunk.start, length);
        covered = chunk.end;
        previous_start = chunk.start;
      }
      ASSERT_EQ(covered, bases);
    }
  }
}

TEST(Chunks, FollowTheStepsOfTheSpecification) {
  for (const std::uint64_t length : {300, 500}) {
    for (std::uint64_t bases = 1; bases <= 6000; ++bases) {
      const std::uint64_t count = chunk_count(bases, length);
      const std::uint64_t surplus = count * length - bases;
      const std::uint64_t quotient = surplus / count;
      const std::uint64_t longer = surplus - quotient * (count - 1);
      std::uint64_t shift = 0;
      const ChunkRange range(0, bases, length);
      for (std::uint64_t i = 0; i < count; ++i) {
        ASSERT_EQ(range[i].start, i * length - shift) << bases << " bases, chunk " << i;
        shift += i < longer ? quotient + 1 : quotient;
      }
    }
  }
}

TEST(Chunks, OfTheLongestRecordDoNotOverflow) {
  const std::uint64_t bases = std::numeric_limits<std::uint64_t>::max();
  const ChunkRange range(0, bases, 500);
  EXPECT_EQ(range.size(), bases / 500 + 1);
  const Chunk last = range[range.size() - 1];
  EXPECT_EQ(last.end, bases);
  EXPECT_LT(last.start, last.end);
}

TEST(Chunks, OfLengthZeroAreOurMistake) { EXPECT_THROW(chunk_count(5, 0), ContractError); }

}  // namespace
}  // namespace virnucpro
