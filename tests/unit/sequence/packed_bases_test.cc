// Bases that are packed and unpacked again.
#include "sequence/packed_bases.h"

#include <gtest/gtest.h>

#include <random>

namespace virnucpro {
namespace {

using Bytes = std::vector<std::byte>;

Bytes packed(std::string_view bases) {
  Bytes bytes;
  pack_bases(bases, bytes);
  return bytes;
}

Bytes bytes_of(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

void expect_round_trip(const std::string& bases) {
  const Bytes bytes = packed(bases);
  EXPECT_LE(bytes.size(), bases.size() + 1);
  std::string again = "left from before";
  ASSERT_TRUE(unpack_bases(bytes, bases.size(), again)) << bases.substr(0, 80);
  EXPECT_EQ(again, bases);
}

std::string random_bases(std::mt19937& random, std::size_t length, std::string_view letters) {
  std::string bases(length, ' ');
  for (char& c : bases) c = letters[random() % letters.size()];
  return bases;
}

TEST(PackedBases, ComeBackAsTheyWere) {
  for (const char* bases : {"",         "A",         "AC",           "ACG",
                            "ACGT",     "TTGCA",     "GGGCCC",       "ACGTACG",
                            "GATTACAA", "CCCCGGGGT", "acgt",         "ACgtAC",
                            "NNNN",     "nnnn",      "ACGTNNNNACGT", "ACGTnnNNacgtRYK",
                            "ACGU-*.",  "X",         "xyz",          "NaNaNaNaNaNaNaNa"}) {
    expect_round_trip(bases);
  }
}

TEST(PackedBases, MayBeAnyBytes) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  expect_round_trip(all);
  expect_round_trip(std::string(1000, '\0'));
  expect_round_trip(std::string(100, 'A') + '\0' + std::string(100, 'C'));
  expect_round_trip(std::string(1000, '\xff') + std::string(1000, 'g'));
}

TEST(PackedBases, TakeAQuarterOfTheirSize) {
  EXPECT_EQ(packed("").size(), 1U);
  EXPECT_EQ(packed(std::string(1000, 'G')).size(), 251U);
  EXPECT_LE(packed(std::string(500, 'N') + std::string(500, 'a')).size(), 262U);
}

TEST(PackedBases, AreNeverLargerThanTheBasesAndAByte) {
  std::string bases;
  for (int i = 0; i < 500; ++i) bases += "aN";
  EXPECT_EQ(packed(bases).size(), bases.size() + 1);
  expect_round_trip(bases);
}

TEST(PackedBases, AreAppended) {
  Bytes bytes = packed("ACGT");
  const Bytes first = bytes;
  pack_bases("ggNN", bytes);
  const Bytes second = packed("ggNN");
  ASSERT_EQ(bytes.size(), first.size() + second.size());
  EXPECT_TRUE(std::equal(first.begin(), first.end(), bytes.begin()));
  EXPECT_TRUE(std::equal(second.begin(), second.end(),
                         bytes.begin() + static_cast<std::ptrdiff_t>(first.size())));
}

TEST(PackedBases, HaveAFormThatStays) {
  // Databases hold it: A 0, C 1, T 2, G 3, from the lowest bits up.
  EXPECT_EQ(packed("ACTGC"), bytes_of({1, 0b11100100, 1}));
  EXPECT_EQ(packed("AAAAAAAAAAAAAAAAaaNNAAAA"),
            bytes_of({2, 0, 0, 0, 0, 0, 0, 1, 16, 2, 18, 2, 'N'}));
  EXPECT_EQ(packed("NN"), bytes_of({0, 'N', 'N'}));
}

TEST(PackedBases, ComeBackWhateverTheirLettersAndLength) {
  std::mt19937 random(7);
  for (const std::string_view letters :
       {"ACGT", "ACGTacgt", "ACGTN", "AAAAAAAAAAAAAAAAAAAAAAAAn", "ACGTRYKMnnnnnn-", "Nn"}) {
    for (std::size_t length = 0; length < 300; ++length) {
      expect_round_trip(random_bases(random, length, letters));
    }
    expect_round_trip(random_bases(random, 100'003, letters));
  }
}

TEST(PackedBases, AreRefusedWhenTheyAreNotThePackedForm) {
  std::string bases;
  const auto refuses = [&](std::initializer_list<int> values, std::uint64_t length) {
    return !unpack_bases(bytes_of(values), length, bases);
  };
  EXPECT_TRUE(refuses({}, 0));
  EXPECT_TRUE(refuses({3}, 0)) << "an unknown form";
  EXPECT_TRUE(refuses({1, 0}, 0)) << "a byte too many";
  EXPECT_TRUE(refuses({1, 0}, 5)) << "a byte too few";
  EXPECT_TRUE(refuses({1, 0b01000000}, 3)) << "letters after the end";
  EXPECT_TRUE(refuses({1}, ~std::uint64_t{0})) << "a length beyond all memory";
  EXPECT_TRUE(refuses({2}, ~std::uint64_t{0}));
  EXPECT_TRUE(refuses({0}, ~std::uint64_t{0}));
  EXPECT_TRUE(refuses({0, 'A', 'C', 'G', 'T'}, 4)) << "raw though it packs";
  EXPECT_TRUE(refuses({0}, 0));
  EXPECT_TRUE(refuses({2, 0, 0, 0}, 8)) << "runs that are none";
  EXPECT_TRUE(refuses({2, 0, 0, 1, 7, 2}, 8)) << "lower case beyond the end";
  EXPECT_TRUE(refuses({2, 0, 0, 1, 0, 0}, 8)) << "an empty run";
  EXPECT_TRUE(refuses({2, 0, 0, 0x81, 0, 0, 1}, 8)) << "a number longer than it must be";
  EXPECT_TRUE(refuses({2, 0, 0, 0, 0, 4}, 8)) << "a run without its letter";
  EXPECT_TRUE(refuses({2, 0, 0, 0, 0, 4, 'A'}, 8)) << "A as another letter";
  EXPECT_TRUE(refuses({2, 0, 0, 0, 0, 4, 'n'}, 8)) << "lower case as another letter";
  EXPECT_TRUE(refuses({2, 1, 0, 0, 0, 4, 'N'}, 8)) << "a letter below another";
  std::string large(64, 'A');
  Bytes bytes = packed(large.replace(10, 8, "acgtNNNN"));
  EXPECT_TRUE(unpack_bases(bytes, 64, bases));
  EXPECT_FALSE(unpack_bases(bytes, 65, bases));
  EXPECT_FALSE(unpack_bases(bytes, 80, bases));
}

TEST(PackedBases, AreTheOnlyFormOfWhatTheyUnpackTo) {
  std::mt19937 random(11);
  const std::string bases = std::string(40, 'A') + "acgtNNNNryACGT" + std::string(40, 'c');
  const Bytes good = packed(bases);
  std::size_t accepted = 0;
  for (int i = 0; i < 200'000; ++i) {
    Bytes changed = good;
    for (std::size_t change = 0; change < 1 + random() % 3; ++change) {
      changed[random() % changed.size()] = static_cast<std::byte>(random());
    }
    changed.resize(changed.size() - random() % 3);
    const std::uint64_t length = bases.size() - random() % 2;
    std::string again;
    if (!unpack_bases(changed, length, again)) continue;
    ++accepted;
    ASSERT_EQ(again.size(), length);
    ASSERT_EQ(packed(again), changed);
  }
  EXPECT_GT(accepted, 100U);
}

}  // namespace
}  // namespace virnucpro
