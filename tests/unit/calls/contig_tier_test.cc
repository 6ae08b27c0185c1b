// Calls of contigs from their chunks: every tier, and what lowers it.
#include "calls/contig_tier.h"

#include <gtest/gtest.h>

#include <vector>

namespace virnucpro {
namespace {

constexpr ScorePair kClearVirus = {0.1f, 0.95f};
constexpr ScorePair kClearOther = {0.95f, 0.1f};
constexpr ScorePair kWeakVirus = {0.25f, 0.75f};

ContigTier tier_of(const std::vector<ScorePair>& chunks, const TierRule& rule = {}) {
  TierTally tally(rule);
  tally.begin();
  for (const ScorePair& chunk : chunks) tally.add(chunk);
  return tally.verdict();
}

std::string text_of(const ContigTier& contig) {
  return std::string(name_of(contig.call)) + " " + std::string(name_of(contig.tier));
}

TEST(ContigTier, IsHighForClearChunksAndLowerForFewOfThem) {
  EXPECT_EQ(text_of(tier_of(std::vector(5, kClearVirus))), "Viral high_confidence");
  EXPECT_EQ(text_of(tier_of(std::vector(5, kClearOther))), "Non-viral high_confidence");
  EXPECT_EQ(text_of(tier_of(std::vector(4, kClearVirus))), "Viral low_confidence");
  EXPECT_EQ(text_of(tier_of(std::vector(4, kWeakVirus))), "Viral review");
  EXPECT_EQ(text_of(tier_of(std::vector(4, kWeakVirus), {.min_chunks = 4})),
            "Viral low_confidence");
}

TEST(ContigTier, NeedsConfidentChunksForMoreThanLow) {
  EXPECT_EQ(text_of(tier_of(std::vector(20, kWeakVirus))), "Viral low_confidence");
  std::vector<ScorePair> one_in_ten(9, kWeakVirus);
  one_in_ten.push_back(kClearVirus);
  EXPECT_EQ(text_of(tier_of(one_in_ten)), "Viral moderate_confidence");
  one_in_ten.push_back(kWeakVirus);
  EXPECT_EQ(text_of(tier_of(one_in_ten)), "Viral low_confidence");
}

TEST(ContigTier, CountsAmbiguousChunksOutOfTheShares) {
  const ScorePair both = {0.75f, 0.875f};
  const ContigTier contig = tier_of({kClearVirus, both, both, kClearVirus, kWeakVirus, both});
  EXPECT_EQ(contig.chunks, 6u);
  EXPECT_EQ(contig.ambiguous, 3u);
  EXPECT_EQ(contig.confident_viral, 2u);
  EXPECT_DOUBLE_EQ(contig.viral_proportion, 2.0 / 3.0);
  const ContigTier none = tier_of(std::vector(5, both));
  EXPECT_EQ(none.viral_proportion, 0.0);
  EXPECT_EQ(text_of(none), "Ambiguous review");
}

TEST(ContigTier, OfTiesAloneIsAmbiguous) {
  const ContigTier contig = tier_of(std::vector<ScorePair>(7, {0.5f, 0.5f}));
  EXPECT_EQ(contig.weighted_delta, 0.0);
  EXPECT_EQ(text_of(contig), "Ambiguous review");
}

TEST(ContigTier, ForgetsTheContigBefore) {
  TierTally tally{TierRule{}};
  tally.add(kClearOther);
  tally.begin();
  EXPECT_TRUE(tally.is_empty());
  tally.add(kClearVirus);
  EXPECT_EQ(tally.verdict().chunks, 1u);
  EXPECT_EQ(tally.verdict().call, ContigCall::kViral);
}

}  // namespace
}  // namespace virnucpro
