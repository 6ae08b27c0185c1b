// Six-frame translation, each of its published oddities, its longest runs, and its buffers.
#include "sequence/frames.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
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

// What is read of a chunk by a rule, with its place.
struct Reading {
  Frame frame;
  std::size_t start;
  std::size_t end;
  bool is_run;
  std::string nucleotides;
  std::string protein;
  friend bool operator==(const Reading&, const Reading&) = default;
  friend void PrintTo(const Reading& reading, std::ostream* out) {
    *out << frame_name(reading.frame) << " " << reading.start << "-" << reading.end
         << (reading.is_run ? " run " : " open ") << reading.nucleotides << " " << reading.protein;
  }
};

std::vector<Reading> readings_of(std::string_view bases, const FrameRule& rule) {
  OrfBuffer buffer;
  find_orfs(bases, rule, buffer);
  std::vector<Reading> found;
  for (const Orf& orf : buffer.orfs()) {
    found.push_back({orf.frame, orf.start, orf.end, orf.is_run, std::string(orf.nucleotides),
                     std::string(orf.protein)});
  }
  return found;
}

FrameRule runs_rule(std::size_t runs, std::uint32_t least, std::uint64_t code = 1) {
  return {GeneticCode::of_number(code).value(), kFrameChoices.at(runs), least};
}

std::string upper(std::string bases) {
  for (char& c : bases) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return bases;
}

std::string naive_reverse(const std::string& bases) {
  std::string reverse;
  for (auto it = bases.rbegin(); it != bases.rend(); ++it) {
    const std::size_t at = std::string("ACGT").find(*it);
    reverse += at == std::string::npos ? *it : "TGCA"[at];
  }
  return reverse;
}

std::string naive_protein(const std::string& bases, GeneticCode code) {
  const std::string order = "TCAG";
  std::string protein;
  for (std::size_t i = 0; i + 3 <= bases.size(); i += 3) {
    const std::size_t a = order.find(bases[i]);
    const std::size_t b = order.find(bases[i + 1]);
    const std::size_t c = order.find(bases[i + 2]);
    if (a > 3 || b > 3 || c > 3) continue;
    protein += code.amino_acids()[a * 16 + b * 4 + c];
  }
  return protein;
}

// Every stretch of whole codons of every frame, judged by its own translation.
std::vector<Reading> naive_runs(std::string bases, const FrameRule& rule) {
  bases = upper(std::move(bases));
  const std::string reverse = naive_reverse(bases);
  std::vector<Reading> best;
  for (std::size_t number = 0; number < 6; ++number) {
    const std::string& strand = number < 3 ? bases : reverse;
    std::optional<Reading> longest;
    for (std::size_t first = number % 3; first + 3 <= strand.size(); first += 3) {
      for (std::size_t last = first + 3; last <= strand.size(); last += 3) {
        const std::string text = strand.substr(first, last - first);
        const std::string protein = naive_protein(text, rule.code);
        if (protein.find('*') != std::string::npos) break;
        if (naive_protein(text.substr(0, 3), rule.code).empty()) break;
        if (naive_protein(text.substr(text.size() - 3), rule.code).empty()) continue;
        const std::size_t start = number < 3 ? first : strand.size() - last;
        const bool wins = !longest || protein.size() > longest->protein.size() ||
                          (protein.size() == longest->protein.size() && start < longest->start);
        if (wins) {
          longest =
              Reading{static_cast<Frame>(number), start, start + text.size(), true, text, protein};
        }
      }
    }
    if (longest && 3 * longest->protein.size() >= rule.least_run) best.push_back(*longest);
  }
  std::stable_sort(best.begin(), best.end(), [](const Reading& a, const Reading& b) {
    return a.protein.size() > b.protein.size();
  });
  best.resize(std::min(best.size(), rule.runs()));
  std::sort(best.begin(), best.end(),
            [](const Reading& a, const Reading& b) { return a.frame < b.frame; });
  return best;
}

TEST(Runs, StandForAChunkWithoutAnOpenFrame) {
  // A stop in each frame of either strand, and 30 bases behind them.
  const std::string stops = "TAATTAATTAA";
  const std::string chunk = stops + "GCTGCTGCAGCCGCTGGAGCTGGTGGCGCT" + stops;
  EXPECT_THAT(readings_of(chunk, {}), ::testing::IsEmpty());
  EXPECT_THAT(readings_of(chunk, runs_rule(0, 3)), ::testing::IsEmpty());
  const std::vector<Reading> found = readings_of(chunk, runs_rule(1, 3));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].is_run);
  EXPECT_EQ(found, naive_runs(chunk, runs_rule(1, 3)));
  EXPECT_THAT(readings_of(chunk, runs_rule(1, 60)), ::testing::IsEmpty());
}

TEST(Runs, AreNotReadOfAChunkWithAnOpenFrame) {
  // F1 reads ATG TAA; R1 is open.
  const std::vector<Reading> found = readings_of("ATGTAA", runs_rule(2, 3));
  ASSERT_FALSE(found.empty());
  for (const Reading& reading : found) {
    EXPECT_FALSE(reading.is_run);
    EXPECT_NE(reading.frame, Frame::kF1);
  }
}

TEST(Runs, TheSecondIsOfAnotherFrame) {
  std::mt19937 random(3);
  std::size_t pairs = 0;
  for (int round = 0; round < 200; ++round) {
    std::string bases(300, 'A');
    for (char& c : bases) c = "ACGT"[random() % 4];
    const std::vector<Reading> found = readings_of(bases, runs_rule(2, 60));
    if (found.size() != 2 || !found[0].is_run) continue;
    ++pairs;
    EXPECT_NE(found[0].frame, found[1].frame);
  }
  EXPECT_GT(pairs, 50U);
}

TEST(Runs, OfNothingButOtherLettersAreNone) {
  EXPECT_THAT(readings_of(std::string(300, 'N'), runs_rule(2, 3)), ::testing::IsEmpty());
  EXPECT_THAT(readings_of("", runs_rule(2, 0)), ::testing::IsEmpty());
}

TEST(Runs, AgreeWithTheNaiveReadingOnAnyBytesInEveryCode) {
  std::mt19937 random(17);
  std::size_t runs = 0;
  for (std::size_t code = 0; code < GeneticCode::count(); ++code) {
    for (int round = 0; round < 60; ++round) {
      std::string bases(random() % 90, 'A');
      const bool wild = round % 3 == 0;
      for (char& c : bases) {
        const std::string letters = round % 2 == 0 ? "ACGTacgt" : "TTAATAGA";
        c = wild && random() % 8 == 0 ? static_cast<char>(random() % 256) : letters[random() % 8];
      }
      const FrameRule rule{GeneticCode::at(code), kFrameChoices.at(1 + round % 2),
                           static_cast<std::uint32_t>(3 * (round % 5))};
      const std::vector<Reading> found = readings_of(bases, rule);
      if (!found.empty() && !found[0].is_run) continue;
      ASSERT_EQ(found, naive_runs(bases, rule)) << bases << " code " << rule.code.number();
      runs += found.size();
    }
  }
  EXPECT_GT(runs, 200U);
}

TEST(Frames, LieWhereTheySayInTheChunk) {
  std::mt19937 random(23);
  std::size_t checked = 0;
  for (int round = 0; round < 2000; ++round) {
    std::string bases(random() % 100, 'A');
    for (char& c : bases) c = "ACGTN"[random() % (round % 4 == 0 ? 5 : 4)];
    for (const Reading& reading : readings_of(bases, runs_rule(2, 6))) {
      const std::string slice = bases.substr(reading.start, reading.end - reading.start);
      const bool forward = reading.frame <= Frame::kF3;
      EXPECT_EQ(forward ? slice : naive_reverse(slice), reading.nucleotides) << bases;
      ++checked;
    }
  }
  EXPECT_GT(checked, 1000U);
}

TEST(Frames, AreOpenByTheChosenCode) {
  // TGA is tryptophan in code 4 and glycine in 25, TAG glutamine in 15; TAA stays a stop.
  const auto first_protein = [](std::string_view codon, std::uint64_t code) -> std::string {
    const std::vector<Reading> found = readings_of(codon, runs_rule(0, 60, code));
    if (found.empty() || found[0].frame != Frame::kF1) return "";
    return found[0].protein;
  };
  EXPECT_EQ(first_protein("TGA", 1), "");
  EXPECT_EQ(first_protein("TGA", 4), "W");
  EXPECT_EQ(first_protein("TGA", 25), "G");
  EXPECT_EQ(first_protein("TAG", 15), "Q");
  EXPECT_EQ(first_protein("TAA", 4), "");
  EXPECT_EQ(first_protein("AGA", 2), "");
  EXPECT_EQ(first_protein("AGA", 1), "R");
}

TEST(GeneticCodes, AreFoundByTheirNumbers) {
  EXPECT_EQ(GeneticCode().number(), 1);
  EXPECT_EQ(GeneticCode::of_number(11).value().number(), 11);
  for (const std::uint64_t none : {0, 7, 8, 17, 20, 34, 1000}) {
    EXPECT_FALSE(GeneticCode::of_number(none).has_value()) << none;
  }
  EXPECT_EQ(GeneticCode::numbers(),
            "1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 15, 16, 21, 22, 23, 24, 25, 26, 27, 28, 29, "
            "30, 31, 32, 33");
  for (std::size_t i = 0; i < GeneticCode::count(); ++i) {
    EXPECT_EQ(GeneticCode::at(i).amino_acids().size(), 64U);
    EXPECT_FALSE(GeneticCode::at(i).name().empty());
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
  const std::size_t before = virnucpro::test::allocations_so_far();
  std::size_t found = 0;
  for (const std::string& chunk : chunks) {
    find_orfs(chunk, buffer);
    found += buffer.orfs().size();
  }
  EXPECT_EQ(virnucpro::test::allocations_so_far(), before);
  EXPECT_GT(found, 0U);
}

TEST(Ids, CountChunksFromOneAndEndInTheFrame) {
  EXPECT_EQ(chunk_id("contig_9", 0), "contig_9_chunk_1");
  EXPECT_EQ(chunk_id("", 11), "_chunk_12");
  EXPECT_EQ(frame_id(chunk_id("a", 1), Frame::kR2), "a_chunk_2R2");
}

}  // namespace
}  // namespace virnucpro
