// Six-frame translation, each of its published oddities, and its buffers.
#include "sequence/frames.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "allocation_counter.h"
#include "sequence/ids.h"

namespace virnucpro {
namespace {

struct Found {
  Frame frame;
  std::string nucleotides;
  std::string protein;
  friend bool operator==(const Found&, const Found&) = default;
  friend void PrintTo(const Found& found, std::ostream* out) {
    *out << frame_name(found.frame) << " " << found.nucleotides << " " << found.protein;
  }
};

std::vector<Found> orfs_of(std::string_view bases) {
  OrfBuffer buffer;
  find_orfs(bases, buffer);
  std::vector<Found> found;
  for (const Orf& orf : buffer.orfs()) {
    found.push_back({orf.frame, std::string(orf.nucleotides), std::string(orf.protein)});
  }
  return found;
}

std::map<Frame, Found> by_frame(std::string_view bases) {
  std::map<Frame, Found> frames;
  for (const Found& found : orfs_of(bases)) frames[found.frame] = found;
  return frames;
}

// The specification, followed as naively as possible.
std::vector<Found> naive_orfs(std::string bases) {
  const std::string order = "TCAG";
  const std::string amino = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG";
  for (char& c : bases) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  std::string reverse;
  for (auto it = bases.rbegin(); it != bases.rend(); ++it) {
    const std::size_t at = std::string("ACGT").find(*it);
    reverse += at == std::string::npos ? *it : "TGCA"[at];
  }
  std::vector<Found> found;
  for (std::size_t number = 0; number < 6; ++number) {
    const std::string& strand = number < 3 ? bases : reverse;
    const std::size_t first = number % 3;
    std::string protein;
    for (std::size_t i = first; i + 3 <= strand.size(); i += 3) {
      std::size_t index = 0;
      bool known = true;
      for (std::size_t j = 0; j < 3; ++j) {
        const std::size_t code = order.find(strand[i + j]);
        known = known && code != std::string::npos;
        index = index * 4 + code % 4;
      }
      if (known) protein += amino[index];
    }
    if (protein.empty() || protein.find('*') != std::string::npos) continue;
    found.push_back(
        {static_cast<Frame>(number), strand.substr(first, 3 * protein.size() + 1), protein});
  }
  return found;
}

TEST(Frames, ComeInTheOrderOfTheResults) {
  std::vector<Frame> order;
  for (const Found& found : orfs_of("CCCCCCCC")) order.push_back(found.frame);
  EXPECT_THAT(order, ::testing::ElementsAre(Frame::kF1, Frame::kF2, Frame::kF3, Frame::kR1,
                                            Frame::kR2, Frame::kR3));
}

TEST(Frames, HaveTheNamesOfTheResults) {
  std::string names;
  for (int number = 0; number < 6; ++number) names += frame_name(static_cast<Frame>(number));
  EXPECT_EQ(names, "F1F2F3R1R2R3");
}

TEST(Frames, WithAStopAreDropped) {
  // F1 reads ATG TAA, R1 reads TTA CAT.
  auto frames = by_frame("ATGTAA");
  EXPECT_FALSE(frames.contains(Frame::kF1));
  EXPECT_EQ(frames.at(Frame::kR1).protein, "LH");
  for (const char* stop : {"TAA", "TAG", "TGA"}) EXPECT_FALSE(by_frame(stop).contains(Frame::kF1));
}

TEST(Frames, WithAStopInTheLastCodonAreDropped) {
  EXPECT_FALSE(by_frame("GCTGCTGCTTGA").contains(Frame::kF1));
}

TEST(Frames, KeepOneBaseMoreThanTheirCodons) {
  auto frames = by_frame("GCTGCTGCTG");
  EXPECT_EQ(frames.at(Frame::kF1).nucleotides, "GCTGCTGCTG");
  EXPECT_EQ(frames.at(Frame::kF1).protein, "AAA");
}

TEST(Frames, AreClippedWhereNoBaseIsLeft) {
  auto frames = by_frame("GCTGCTGCT");
  EXPECT_EQ(frames.at(Frame::kF1).nucleotides, "GCTGCTGCT");
  EXPECT_EQ(frames.at(Frame::kF2).nucleotides, "CTGCTGC");
  EXPECT_EQ(frames.at(Frame::kF3).nucleotides, "TGCTGCT");
}

TEST(Frames, SkipACodonWithAnotherLetterAndCutTheNucleotidesShort) {
  // Codons GCT GCN GGT GAT: the second gives nothing, so nine bases and one more are kept.
  auto frames = by_frame("GCTGCNGGTGAT");
  EXPECT_EQ(frames.at(Frame::kF1).protein, "AGD");
  EXPECT_EQ(frames.at(Frame::kF1).nucleotides, "GCTGCNGGTG");
}

TEST(Frames, OfNothingButOtherLettersAreNone) {
  EXPECT_THAT(orfs_of("NNNNNNNNN"), ::testing::IsEmpty());
  EXPECT_THAT(orfs_of("UUUUUUUUU"), ::testing::IsEmpty());
}

TEST(Frames, ComplementOnlyTheFourBases) {
  // The reverse strand of GCTRYM-K is K-MYRAGC: R and Y stay what they are.
  EXPECT_EQ(by_frame("GCCGCTRYM-KA").at(Frame::kR1).nucleotides, "TK-MYRA");
}

TEST(Frames, FoldCaseFirst) { EXPECT_EQ(orfs_of("gcTgCtaCtgn"), orfs_of("GCTGCTACTGN")); }

TEST(Frames, OfFewerThanThreeBasesAreNone) {
  for (const char* bases : {"", "A", "AC"}) EXPECT_THAT(orfs_of(bases), ::testing::IsEmpty());
  EXPECT_THAT(orfs_of("GCT"),
              ::testing::ElementsAre(Found{Frame::kF1, "GCT", "A"}, Found{Frame::kR1, "AGC", "S"}));
}

TEST(Frames, TranslateEveryCodonOfTheStandardCode) {
  for (const char a : std::string("ACGTN")) {
    for (const char b : std::string("ACGTN")) {
      for (const char c : std::string("ACGTN")) {
        const std::string codon = {a, b, c};
        EXPECT_EQ(orfs_of(codon), naive_orfs(codon)) << codon;
      }
    }
  }
}

TEST(Frames, AgreeWithTheNaiveReadingOnAnyBytes) {
  std::mt19937 random(11);
  for (int round = 0; round < 3000; ++round) {
    std::string bases(random() % 80, 'A');
    const bool wild = round % 3 == 0;
    for (char& c : bases) {
      c = wild && random() % 8 == 0 ? static_cast<char>(random() % 256) : "ACGTacgt"[random() % 8];
    }
    ASSERT_EQ(orfs_of(bases), naive_orfs(bases)) << bases;
  }
}

TEST(Frames, AllocateNothingOnceTheBufferHasGrown) {
  std::mt19937 random(5);
  std::vector<std::string> chunks(50, std::string(500, 'C'));
  for (std::string& chunk : chunks) {
    for (char& c : chunk) c = "ACGC"[random() % 4];
    chunk.resize(300 + random() % 201);
  }
  OrfBuffer buffer;
  find_orfs(std::string(500, 'C'), buffer);
  const std::size_t before = virnucpro::testing::allocations_so_far();
  std::size_t found = 0;
  for (const std::string& chunk : chunks) {
    find_orfs(chunk, buffer);
    found += buffer.orfs().size();
  }
  EXPECT_EQ(virnucpro::testing::allocations_so_far(), before);
  EXPECT_GT(found, 0U);
}

TEST(Ids, CountChunksFromOneAndEndInTheFrame) {
  EXPECT_EQ(chunk_id("contig_9", 0), "contig_9_chunk_1");
  EXPECT_EQ(chunk_id("", 11), "_chunk_12");
  EXPECT_EQ(frame_id(chunk_id("a", 1), Frame::kR2), "a_chunk_2R2");
}

}  // namespace
}  // namespace virnucpro
