// Byte-pair encoding of DNA from left to right, for merges as training gives them.
//
// Two tokens are stable when merging their joint text alone gives these two again. Merging a text
// gives exactly that sequence of tokens in which all neighbours are stable: until the first merge
// across a border, the text between two borders is merged as if it were alone. So it is enough to
// look for such a sequence, longest tokens first. The tokens up to a position are always the same,
// so a position from which no way leads on need not be tried twice. Idea: github/rust-gems,
// crates/bpe (README); Berglund & van der Merwe, arXiv 2309.08715.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "tokenizer/merge_table.h"
#include "tokenizer/tokenizer_json.h"

namespace virnucpro {

/// Any number of threads may encode at once: they share what they find out about pairs.
class StableTokens {
 public:
  /// nullopt unless every token is made by one merge, later than its parts, and is what merging its
  /// own text gives, as training ensures. Also nullopt where the tables would be large: more than 4
  /// letters, ids from 8192 on, or tokens of more than 2^20 letters in all.
  static std::optional<StableTokens> make(const TokenizerFile& file, const MergeTable& merges);

  /// Appends the ids of `letters`, each of which is a token by itself. `merges` must be those given
  /// to make(); `positions` is working memory. O(n) for tokens of bounded length.
  void encode(std::string_view letters, const MergeTable& merges,
              std::vector<std::uint16_t>& positions, std::vector<std::int32_t>& ids) const;

 private:
  using Id = std::uint16_t;
  static constexpr Id kNone = 0xffff;
  static constexpr std::size_t kLetters = 4;
  static constexpr std::size_t kMostIds = 8192;  // two bits a pair: 16 MiB; DNABERT-S has 4
  static constexpr std::size_t kMostLetters = std::size_t{1} << 20;
  // Letters that one step of the table covers; the table fits the L1 cache.
  static constexpr std::size_t kStride = 6;
  // What encoding keeps of a position: the codes of kStride letters from there on, the first one in
  // the highest bits, and whether no way leads on from it.
  static constexpr std::uint16_t kCodes = (1u << 2 * kStride) - 1;
  static constexpr std::uint16_t kDeadEnd = kCodes + 1;

  struct Token {
    std::uint32_t length = 0;  // 0: not used here
    Id shorter = kNone;        // the longest other token that its text begins with
    Id left = kNone;           // the left one of the two it was merged from
    Id right = kNone;
    std::int32_t rank = -1;  // of that merge; -1: a letter, which comes before all
  };
  struct Node {
    std::array<std::uint32_t, kLetters> next{};  // 0: none
    Id token = kNone;
  };
  struct Start {
    std::uint32_t node = 0;  // 0: none
    Id token = kNone;        // the longest token on the way to this node
  };

  StableTokens() : starts_(kCodes + 1), nodes_(1) {}
  bool add_letters(const TokenizerFile& file);
  bool add_merges(const TokenizerFile& file, const MergeTable& merges);
  bool add_texts(const TokenizerFile& file);
  void add_starts();
  bool is_token(std::size_t id) const { return id < tokens_.size() && tokens_[id].length != 0; }
  bool is_untouched(Id left, Id right, std::uint32_t before, const MergeTable& merges) const;
  bool is_stable(Id left, Id right, const MergeTable& merges) const;
  Id longest(const std::vector<std::uint16_t>& positions, std::size_t begin) const;

  std::array<std::uint8_t, 256> codes_{};  // of letters, 0 to 3
  std::vector<Token> tokens_;              // by id
  std::vector<Start> starts_;              // by the codes of kStride letters
  std::vector<Node> nodes_;                // the trie of all texts
  // By the ids of two tokens, in rows of 2^row_shift_: bit 0 says that the pair was looked at, bit
  // 1 that it is stable. 32 pairs a word. Copies share it, since it holds for all of them.
  std::shared_ptr<std::atomic<std::uint64_t>[]> pairs_;
  unsigned row_shift_ = 0;
};

}  // namespace virnucpro
