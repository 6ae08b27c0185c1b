// The ESM-2 alphabet against the ids of fair-esm 2.0.0.
#include "tokenizer/protein_alphabet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace virnucpro {
namespace {

using ::testing::ElementsAre;
using Ids = std::vector<std::int32_t>;

Ids encode(std::string_view residues) {
  Ids ids;
  encode_protein(residues, ids);
  return ids;
}

TEST(ProteinAlphabet, GivesEveryLetterItsIdOfFairEsm) {
  // esm.Alphabet.from_architecture("ESM-1b").encode("LAGVSERTIDPKQNFYMHWCXBUZO.-") is 4, 5, ... 30.
  const std::string letters = "LAGVSERTIDPKQNFYMHWCXBUZO.-";
  Ids expected = {kProteinClsId};
  for (std::int32_t id = 4; id <= 30; ++id) expected.push_back(id);
  expected.push_back(kProteinEosId);
  EXPECT_EQ(encode(letters), expected);
}

TEST(ProteinAlphabet, HasTheSpecialIdsOfFairEsm) {
  EXPECT_EQ(kProteinClsId, 0);
  EXPECT_EQ(kProteinPadId, 1);
  EXPECT_EQ(kProteinEosId, 2);
  EXPECT_EQ(kProteinUnknownId, 3);
  EXPECT_EQ(kProteinMaskId, 32);
  EXPECT_EQ(kProteinVocabularySize, 33u);
}

TEST(ProteinAlphabet, PutsClsAndEosAroundAnEmptyProtein) {
  EXPECT_THAT(encode(""), ElementsAre(0, 2));
}

TEST(ProteinAlphabet, GivesUnknownForEveryByteThatIsNoLetterOfIt) {
  EXPECT_THAT(encode("MJ*m \xff<"), ElementsAre(0, 20, 3, 3, 3, 3, 3, 3, 2));
  int known = 0;
  for (int byte = 0; byte < 256; ++byte) {
    if (protein_letter_id(static_cast<char>(byte)) != kProteinUnknownId) ++known;
  }
  EXPECT_EQ(known, 27);
}

TEST(ProteinAlphabet, AppendsToWhatIsThere) {
  Ids ids = {99};
  encode_protein("M", ids);
  encode_protein("K", ids);
  EXPECT_THAT(ids, ElementsAre(99, 0, 20, 2, 0, 15, 2));
}

}  // namespace
}  // namespace virnucpro
