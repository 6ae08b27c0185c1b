#include "dataset/translation_index.h"

#include <algorithm>
#include <cstring>

namespace virnucpro {
namespace {

constexpr std::size_t kWordLetters = sizeof(std::uint64_t);

std::uint64_t word_at(const char* text) {
  std::uint64_t word = 0;
  std::memcpy(&word, text, kWordLetters);
  return word;
}

}  // namespace

TranslationIndex::TranslationIndex(std::span<const std::string> translations) {
  std::size_t letters = 0;
  for (const std::string& translation : translations) letters += translation.size() + 1;
  text_.reserve(letters);
  for (const std::string& translation : translations) text_.append(translation).append(1, '\n');
  if (text_.size() < kWordLetters) return;
  words_.reserve(text_.size() - kWordLetters + 1);
  for (std::size_t i = 0; i + kWordLetters <= text_.size(); ++i) {
    words_.push_back({word_at(&text_[i]), i});
  }
  std::sort(words_.begin(), words_.end(),
            [](const Word& a, const Word& b) { return a.letters < b.letters; });
}

bool TranslationIndex::contains(std::string_view protein) const {
  const std::string_view text = text_;
  // Only chunks of less than 27 bases have proteins this short.
  if (protein.size() < kWordLetters) return text.find(protein) != std::string_view::npos;
  const std::uint64_t letters = word_at(protein.data());
  auto word = std::lower_bound(
      words_.begin(), words_.end(), letters,
      [](const Word& candidate, std::uint64_t value) { return candidate.letters < value; });
  for (; word != words_.end() && word->letters == letters; ++word) {
    if (text.substr(word->position, protein.size()) == protein) return true;
  }
  return false;
}

}  // namespace virnucpro
