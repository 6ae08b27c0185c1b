// The ESM-2 alphabet: residues to ids, one letter each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace virnucpro {

// Ids of fair-esm's alphabet, which are the rows of ESM-2's embedding table.
inline constexpr std::int32_t kProteinClsId = 0;
inline constexpr std::int32_t kProteinPadId = 1;
inline constexpr std::int32_t kProteinEosId = 2;
inline constexpr std::int32_t kProteinUnknownId = 3;
inline constexpr std::int32_t kProteinMaskId = 32;
inline constexpr std::size_t kProteinVocabularySize = 33;

/// The id of one residue, <unk> for a letter outside the alphabet (lower case and `*` included).
std::int32_t protein_letter_id(char residue);

/// Appends <cls>, one id per byte of `residues`, <eos>: residues.size() + 2 ids. Thread-safe.
void encode_protein(std::string_view residues, std::vector<std::int32_t>& ids);

}  // namespace virnucpro
