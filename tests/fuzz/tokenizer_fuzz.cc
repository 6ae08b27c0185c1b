// Fuzz target: the DNA tokenizer's JSON, and encoding with whatever vocabulary it gives; where that
// goes from left to right, against the definition.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "fuzz/only_errors.h"
#include "support/merged_naively.h"
#include "tokenizer/dna_tokenizer.h"
#include "tokenizer/stable_tokens.h"

namespace {

using namespace virnucpro;

/// Letters that the vocabulary has, in the order of a text that repeats itself here and there.
std::string known_letters(const TokenizerFile& file) {
  constexpr std::string_view kOrder =
      "011010222013230000000101012301230120331313121110002220330123";
  std::string letters;
  for (const auto& [token, id] : file.vocabulary) {
    if (token.size() == 1) letters += token;
  }
  std::string text;
  for (std::size_t i = 0; !letters.empty() && i < kOrder.size(); ++i) {
    text += letters[static_cast<std::size_t>(kOrder[i] - '0') % letters.size()];
  }
  return text;
}

void expect_the_definition(const TokenizerFile& file) {
  const MergeTable merges(file.merges);
  const std::optional<StableTokens> tokens = StableTokens::make(file, merges);
  if (!tokens) return;
  const std::string text = known_letters(file);
  std::vector<std::int32_t> letters;
  for (const char letter : text) letters.push_back(file.vocabulary.at(std::string(1, letter)));
  std::vector<std::uint16_t> positions;
  std::vector<std::int32_t> ids;
  tokens->encode(text, merges, positions, ids);
  check(ids == test::merged_naively(letters, file.merges), "ids that merging does not give");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::string_view kBases = "ACGTACGTTTGACCAANNNNACGT acgt[CLS]\xff\tGATTACAGATTACA";
  fuzz::only_errors([&] {
    const std::string_view json(reinterpret_cast<const char*>(data), size);
    expect_the_definition(parse_tokenizer_json(json, "tokenizer.json"));
    const DnaTokenizer tokenizer = DnaTokenizer::from_json(json, "tokenizer.json");
    DnaTokenizer::Scratch scratch;
    std::vector<std::int32_t> ids;
    tokenizer.encode(kBases, scratch, ids);
    for (const std::int32_t id : ids) {
      check(id >= 0 && static_cast<std::size_t>(id) < tokenizer.vocabulary_size(),
            "id {} of a vocabulary of {}", id, tokenizer.vocabulary_size());
    }
  });
  return 0;
}
