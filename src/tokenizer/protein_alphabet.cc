// The table of letters of the ESM-2 alphabet.
#include "tokenizer/protein_alphabet.h"

#include <array>

namespace virnucpro {
namespace {

// Ids 4 to 30 in their order: residues by frequency, the rare and ambiguous ones, insertion, gap.
constexpr std::string_view kLetters = "LAGVSERTIDPKQNFYMHWCXBUZO.-";
constexpr std::int32_t kFirstLetterId = 4;
constexpr std::int32_t kNullId =
    31;  // <null_1> fills the table up to a multiple of 8 before <mask>
static_assert(kFirstLetterId + static_cast<std::int32_t>(kLetters.size()) == kNullId);
static_assert(kNullId + 1 == kProteinMaskId);

constexpr std::array<std::int32_t, 256> kLetterIds = [] {
  std::array<std::int32_t, 256> ids{};
  ids.fill(kProteinUnknownId);
  for (std::size_t i = 0; i < kLetters.size(); ++i) {
    ids[static_cast<unsigned char>(kLetters[i])] = kFirstLetterId + static_cast<std::int32_t>(i);
  }
  return ids;
}();

}  // namespace

std::int32_t protein_letter_id(char residue) {
  return kLetterIds[static_cast<unsigned char>(residue)];
}

void encode_protein(std::string_view residues, std::vector<std::int32_t>& ids) {
  const std::size_t start = ids.size();
  ids.resize(start + residues.size() + 2);
  ids[start] = kProteinClsId;
  for (std::size_t i = 0; i < residues.size(); ++i) {
    ids[start + 1 + i] = protein_letter_id(residues[i]);
  }
  ids.back() = kProteinEosId;
}

}  // namespace virnucpro
