// Fragments and the frames that count, against slow and plain ways of finding them.
#include "dataset/fragment_finder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "dataset/translation_index.h"

namespace virnucpro {
namespace {

std::string random_bases(std::size_t count, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::string bases;
  for (std::size_t i = 0; i < count; ++i) bases += "ACGT"[random() % 4];
  return bases;
}

/// No stop in the first frame of either strand.
std::string open_bases(std::size_t codons, std::uint32_t seed) {
  constexpr std::string_view kCodons[] = {"GCT", "GAC", "AAA", "CGT", "ACC", "GTG", "CAG"};
  std::mt19937 random(seed);
  std::string bases;
  for (std::size_t i = 0; i < codons; ++i) bases += kCodons[random() % std::size(kCodons)];
  return bases;
}

std::string reverse_complement(std::string bases) {
  std::reverse(bases.begin(), bases.end());
  for (char& c : bases) c = c == 'A' ? 'T' : c == 'C' ? 'G' : c == 'G' ? 'C' : 'A';
  return bases;
}

std::string protein_of(std::string_view bases, Frame frame) {
  OrfBuffer orfs;
  find_orfs(bases, orfs);
  for (const Orf& orf : orfs.orfs()) {
    if (orf.frame == frame) return std::string(orf.protein);
  }
  return "";
}

TEST(TranslationIndex, AgreesWithStringSearch) {
  std::mt19937 random(7);
  std::vector<std::string> translations;
  for (std::size_t i = 0; i < 30; ++i) {
    std::string& text = translations.emplace_back();
    // Few letters, so that words repeat; some translations shorter than a word, one empty.
    for (std::size_t k = 0; k < i * 3; ++k) text += "MKL"[random() % 3];
  }
  const TranslationIndex index(translations);
  std::size_t found = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string protein;
    const std::size_t length = 1 + random() % 14;
    if (i % 2 == 0) {
      const std::string& from = translations[10 + random() % 20];
      protein = from.substr(random() % (from.size() - 15), length);
    } else {
      for (std::size_t k = 0; k < length; ++k) protein += "MKL"[random() % 3];
    }
    const bool expected = std::any_of(
        translations.begin(), translations.end(),
        [&](const std::string& text) { return text.find(protein) != std::string::npos; });
    ASSERT_EQ(index.contains(protein), expected) << protein;
    found += expected ? 1 : 0;
  }
  EXPECT_GT(found, 10'000U);
  EXPECT_LT(found, 20'000U);
}

TEST(TranslationIndex, NeverReachesFromOneTranslationIntoTheNext) {
  const std::vector<std::string> translations = {"MKLMKLMKL", "AAAAAAAAA"};
  const TranslationIndex index(translations);
  EXPECT_TRUE(index.contains("MKLMKLMKL"));
  EXPECT_FALSE(index.contains("KLMKLMKLA"));
  EXPECT_FALSE(index.contains("LAA"));
  EXPECT_FALSE(TranslationIndex({}).contains("M"));
}

TEST(FragmentFinder, TakesEveryStopFreeFrameWithoutAnnotation) {
  Genome genome;
  genome.bases = random_bases(60'000, 3);
  FragmentCounts counts;
  FragmentFinder finder(300);
  const std::vector<FoundFragment> found = finder.find(genome, counts);
  std::size_t next = 0;
  std::uint64_t without = 0;
  OrfBuffer orfs;
  for (const Chunk& chunk : ChunkRange(0, genome.bases.size(), 300)) {
    find_orfs(std::string_view(genome.bases).substr(chunk.start, chunk.end - chunk.start), orfs);
    if (orfs.orfs().empty()) {
      ++without;
      continue;
    }
    ASSERT_LT(next, found.size());
    EXPECT_EQ(found[next].chunk, chunk);
    EXPECT_EQ(found[next].frames.size(), orfs.orfs().size());
    for (const Orf& orf : orfs.orfs()) EXPECT_TRUE(found[next].frames.contains(orf.frame));
    ++next;
  }
  EXPECT_EQ(next, found.size());
  EXPECT_EQ(counts.chunks, 200U);
  EXPECT_EQ(counts.without_frame, without);
  EXPECT_GT(next, 0U);
  EXPECT_GT(without, 0U);
}

TEST(FragmentFinder, CountsOnlyFramesWhoseWholeProteinIsAnnotated) {
  Genome genome;
  genome.is_annotated = true;
  genome.bases = open_bases(1000, 5);  // 10 chunks of 300 without overlap
  const auto chunk = [&](std::size_t i) { return genome.bases.substr(i * 300, 300); };
  // A protein over chunks 2 to 4 and a bit around, one on the reverse strand in chunk 6, and one
  // that ends a residue early in chunk 8.
  genome.translations = {
      "M" + protein_of(chunk(2) + chunk(3) + chunk(4), Frame::kF1) + "K",
      protein_of(chunk(6), Frame::kR1),
      protein_of(chunk(8), Frame::kF1).substr(0, 99),
  };
  FragmentCounts counts;
  const std::vector<FoundFragment> found = FragmentFinder(300).find(genome, counts);
  std::vector<std::uint64_t> places;
  for (const FoundFragment& fragment : found) {
    places.push_back(fragment.chunk.index);
    EXPECT_EQ(fragment.frames.size(), 1U);
    EXPECT_TRUE(fragment.frames.contains(fragment.chunk.index == 6 ? Frame::kR1 : Frame::kF1));
  }
  EXPECT_THAT(places, testing::ElementsAre(2, 3, 4, 6));
  EXPECT_EQ(counts.without_frame, 6U);
  // Annotated without any coding sequence: nothing counts.
  genome.translations.clear();
  EXPECT_TRUE(FragmentFinder(300).find(genome, counts).empty());
}

TEST(FragmentFinder, AgreesWithANaiveSearchOnAnAnnotatedGenome) {
  Genome genome;
  genome.is_annotated = true;
  for (std::uint32_t i = 0; i < 40; ++i) {
    genome.bases += open_bases(200 + i * 10, i);
    genome.bases += random_bases(100, i);
    const std::string gene = genome.bases.substr(genome.bases.size() - 700, 500);
    for (const Frame frame : {Frame::kF1, Frame::kF2, Frame::kF3, Frame::kR1}) {
      if (const std::string protein = protein_of(gene, frame); !protein.empty() && i % 3 > 0) {
        genome.translations.push_back(protein);
      }
    }
  }
  FragmentCounts counts;
  const std::vector<FoundFragment> found = FragmentFinder(300).find(genome, counts);
  std::size_t next = 0;
  OrfBuffer orfs;
  for (const Chunk& chunk : ChunkRange(0, genome.bases.size(), 300)) {
    FrameMask frames;
    find_orfs(std::string_view(genome.bases).substr(chunk.start, chunk.end - chunk.start), orfs);
    for (const Orf& orf : orfs.orfs()) {
      for (const std::string& text : genome.translations) {
        if (text.find(orf.protein) != std::string::npos) frames.insert(orf.frame);
      }
    }
    if (frames.empty()) continue;
    ASSERT_LT(next, found.size());
    EXPECT_EQ(found[next].chunk, chunk);
    EXPECT_EQ(found[next].frames, frames);
    ++next;
  }
  EXPECT_EQ(next, found.size());
  EXPECT_GT(next, 5U);
}

TEST(FragmentFinder, LeavesOutUnknownLettersAndFoldsCase) {
  Genome genome;
  genome.bases = open_bases(300, 1);
  genome.bases[10] = 'n';
  genome.bases[310] = static_cast<char>(genome.bases[310] - 'A' + 'a');
  FragmentCounts counts;
  const std::vector<FoundFragment> found = FragmentFinder(300).find(genome, counts);
  EXPECT_EQ(counts.with_unknown, 1U);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].chunk.start, 300U);
  std::string upper;
  ASSERT_TRUE(plain_bases(std::string_view(genome.bases).substr(300, 300), upper));
  EXPECT_EQ(found[0].hash, strand_free_hash(upper));
  genome.bases.clear();
  EXPECT_TRUE(FragmentFinder(300).find(genome, counts).empty());
}

TEST(StrandFreeHash, IsTheSameForBothStrandsAndOnEveryMachine) {
  std::set<std::uint64_t> hashes;
  for (std::uint32_t i = 0; i < 2000; ++i) {
    const std::string bases = random_bases(300, i);
    EXPECT_EQ(strand_free_hash(bases), strand_free_hash(reverse_complement(bases)));
    hashes.insert(strand_free_hash(bases));
  }
  EXPECT_EQ(hashes.size(), 2000U);
  EXPECT_EQ(strand_free_hash("ACGTTGCA"), strand_free_hash("TGCAACGT"));
  EXPECT_NE(strand_free_hash("ACGTTGCA"), strand_free_hash("ACGTTGCC"));
}

}  // namespace
}  // namespace virnucpro
