// Byte-pair encoding of DNA: the same ids as Hugging Face tokenizers give with the same
// tokenizer.json.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/merge_table.h"
#include "tokenizer/stable_tokens.h"
#include "tokenizer/tokenizer_json.h"

namespace virnucpro {

/// Immutable once loaded: any number of threads may encode at once, each with its own Scratch.
class DnaTokenizer {
 public:
  /// Working memory of encode(). Grows to the longest sequence seen and allocates nothing after
  /// that. One per thread; may serve several tokenizers.
  class Scratch;

  /// Reads the text of a tokenizer.json; `origin` names it in messages. Throws ModelError naming
  /// origin and field when the file is damaged or asks for anything not supported here.
  static DnaTokenizer from_json(std::string_view json, const std::string& origin);

  /// Appends the template's leading ids, one id per token of `bases`, and the trailing ids.
  /// Takes any bytes: white space separates words and gives no id, every other byte outside the
  /// vocabulary is one unknown token. Case counts ("acgt" is four unknown letters), and a special
  /// token spelled out in `bases` ("[CLS]") is text: data cannot forge one. O(n log n).
  /// Throws ContractError for 2^31 bases or more.
  void encode(std::string_view bases, Scratch& scratch, std::vector<std::int32_t>& ids) const;

  /// One more than the largest id: the rows that an embedding table must have.
  std::size_t vocabulary_size() const { return vocabulary_size_; }

  std::int32_t unknown_id() const { return unknown_id_; }
  /// The ids that the template puts before and after every sequence: [CLS] and [SEP] as published.
  std::span<const std::int32_t> leading_ids() const { return before_; }
  std::span<const std::int32_t> trailing_ids() const { return after_; }
  /// The id of a token, special ones included; nullopt when there is none.
  std::optional<std::int32_t> id_of(std::string_view token) const;

 private:
  explicit DnaTokenizer(TokenizerFile file);
  void encode_word(std::string_view word, Scratch& scratch, std::vector<std::int32_t>& ids) const;
  void merge_letters(std::string_view letters, Scratch& scratch,
                     std::vector<std::int32_t>& ids) const;

  MergeTable merges_;
  std::optional<StableTokens> stable_;  // the fast way, where the merges allow it
  std::map<std::string, std::int32_t, std::less<>> vocabulary_;
  std::size_t vocabulary_size_ = 0;
  std::int32_t unknown_id_;
  bool fuse_unknown_;
  std::vector<std::int32_t> before_;
  std::vector<std::int32_t> after_;
  std::array<std::int32_t, 256> letter_ids_;  // kNoId where a byte is not in the vocabulary
};

class DnaTokenizer::Scratch {
 private:
  friend class DnaTokenizer;

  // A token of the word while it is merged, in a list that shrinks. It stays at the index of its
  // first letter. `rank` and `joined` are the merge with the token behind it.
  struct Node {
    std::int32_t id;
    std::uint32_t previous;
    std::uint32_t next;
    std::uint32_t rank;
    std::int32_t joined;
  };

  std::vector<Node> nodes_;
  std::vector<std::uint64_t>
      heap_;  // rank in the high half, index of the left node in the low half
  std::vector<std::uint16_t> positions_;
};

}  // namespace virnucpro
