#include "tokenizer/stable_tokens.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/check.h"

namespace virnucpro {

std::optional<StableTokens> StableTokens::make(const TokenizerFile& file,
                                               const MergeTable& merges) {
  StableTokens made;
  if (!made.add_letters(file) || !made.add_merges(file, merges) || !made.add_texts(file)) {
    return std::nullopt;
  }
  made.add_starts();
  const std::size_t row = std::bit_ceil(std::max<std::size_t>(made.tokens_.size(), 32));
  made.row_shift_ = static_cast<unsigned>(std::countr_zero(row));
  made.pairs_ = std::make_unique<std::atomic<std::uint64_t>[]>(row * row / 32);
  return made;
}

bool StableTokens::add_letters(const TokenizerFile& file) {
  std::uint8_t letters = 0;
  for (const auto& [text, id] : file.vocabulary) {
    const auto at = static_cast<std::size_t>(id);
    if (text.size() != 1) continue;
    if (letters == kLetters || at >= kMostIds) return false;
    codes_[static_cast<unsigned char>(text[0])] = letters++;
    tokens_.resize(std::max(tokens_.size(), at + 1));
    tokens_[at].length = 1;
  }
  return true;
}

bool StableTokens::add_merges(const TokenizerFile& file, const MergeTable& merges) {
  for (std::size_t rank = 0; rank < file.merges.size(); ++rank) {
    const auto left = static_cast<std::size_t>(file.merges[rank].left);
    const auto right = static_cast<std::size_t>(file.merges[rank].right);
    const auto joined = static_cast<std::size_t>(file.merges[rank].joined);
    if (!is_token(left) || !is_token(right) || is_token(joined) || joined >= kMostIds) return false;
    tokens_.resize(std::max(tokens_.size(), joined + 1));
    tokens_[joined] = {.length = tokens_[left].length + tokens_[right].length,
                       .left = static_cast<Id>(left),
                       .right = static_cast<Id>(right),
                       .rank = static_cast<std::int32_t>(rank)};
    if (!is_untouched(tokens_[joined].left, tokens_[joined].right, static_cast<std::uint32_t>(rank),
                      merges)) {
      return false;
    }
  }
  return true;
}

bool StableTokens::add_texts(const TokenizerFile& file) {
  std::size_t size = 0;
  // The vocabulary is ordered by text, so the beginnings of a token come before it.
  for (const auto& [text, id] : file.vocabulary) {
    if (!is_token(static_cast<std::size_t>(id))) continue;
    size += text.size();
    if (size > kMostLetters) return false;
    std::size_t at = 0;
    Token& token = tokens_[static_cast<std::size_t>(id)];
    for (const char letter : text) {
      if (nodes_[at].token != kNone) token.shorter = nodes_[at].token;
      const std::size_t code = codes_[static_cast<unsigned char>(letter)];
      if (nodes_[at].next[code] == 0) {
        nodes_[at].next[code] = static_cast<std::uint32_t>(nodes_.size());
        nodes_.emplace_back();
      }
      at = nodes_[at].next[code];
    }
    nodes_[at].token = static_cast<Id>(id);
  }
  return true;
}

void StableTokens::add_starts() {
  for (std::size_t codes = 0; codes < starts_.size(); ++codes) {
    Start& start = starts_[codes];
    for (std::size_t i = 0; i < kStride; ++i) {
      start.node = nodes_[start.node].next[codes >> 2 * (kStride - 1 - i) & 3];
      if (start.node == 0) break;
      if (nodes_[start.node].token != kNone) start.token = nodes_[start.node].token;
    }
  }
}

/// True when no merge of a rank below `before` crosses the border between the two. It goes back in
/// time: it undoes the later of the merges that the tokens at the border come from, and asks
/// whether the two tokens of that moment would have been merged before that. Merges come in the
/// order of their ranks, because none is possible before its parts exist, and those of one rank
/// from left to right. So on a tie the right token is the later one, and a merge across the border
/// comes before a merge right of it and after one left of it.
bool StableTokens::is_untouched(Id left, Id right, std::uint32_t before,
                                const MergeTable& merges) const {
  for (;;) {
    if (merges.find(left, right).rank < before) return false;
    const Token& a = tokens_[left];
    const Token& b = tokens_[right];
    if (a.rank > b.rank) {
      before = static_cast<std::uint32_t>(a.rank);
      left = a.right;
    } else if (b.rank >= 0) {
      before = static_cast<std::uint32_t>(b.rank) + 1;
      right = b.left;
    } else {
      return true;  // two letters
    }
  }
}

/// Other threads may find out the same at the same time; both bits of a pair are set at once.
bool StableTokens::is_stable(Id left, Id right, const MergeTable& merges) const {
  const std::size_t pair = (static_cast<std::size_t>(left) << row_shift_) + right;
  std::atomic<std::uint64_t>& word = pairs_.get()[pair / 32];
  const std::uint64_t known = word.load(std::memory_order_relaxed) >> 2 * (pair % 32);
  if ((known & 1) != 0) return (known & 2) != 0;
  const bool stable = is_untouched(left, right, MergeTable::kNoRank, merges);
  word.fetch_or(std::uint64_t{stable ? 3u : 1u} << 2 * (pair % 32), std::memory_order_relaxed);
  return stable;
}

StableTokens::Id StableTokens::longest(const std::vector<std::uint16_t>& positions,
                                       std::size_t begin) const {
  Id found = kNone;
  std::size_t node = 0;
  std::size_t at = begin;
  if (positions.size() - begin >= kStride) {
    const Start& start = starts_[positions[begin] & kCodes];
    found = start.token;
    node = start.node;
    at += kStride;
    if (node == 0) return found;
  }
  for (; at < positions.size(); ++at) {
    node = nodes_[node].next[(positions[at] & kCodes) >> 2 * (kStride - 1)];
    if (node == 0) break;
    if (nodes_[node].token != kNone) found = nodes_[node].token;
  }
  return found;
}

void StableTokens::encode(std::string_view letters, const MergeTable& merges,
                          std::vector<std::uint16_t>& positions,
                          std::vector<std::int32_t>& ids) const {
  positions.resize(letters.size());
  unsigned codes = 0;
  for (std::size_t i = letters.size(); i-- > 0;) {
    const unsigned code = codes_[static_cast<unsigned char>(letters[i])];
    codes = codes >> 2 | code << 2 * (kStride - 1);
    positions[i] = static_cast<std::uint16_t>(codes);
  }

  const std::size_t first = ids.size();
  std::size_t begin = 0;
  while (begin < letters.size()) {
    Id token = longest(positions, begin);
    for (;;) {
      if (token == kNone) {  // no way leads on from here: go back one token
        check(ids.size() > first, "no tokens for {} letters", letters.size());
        positions[begin] |= kDeadEnd;
        const Token& last = tokens_[static_cast<std::size_t>(ids.back())];
        ids.pop_back();
        begin -= last.length;
        token = last.shorter;
        continue;
      }
      const std::size_t end = begin + tokens_[token].length;
      const bool leads_on = end == letters.size() || (positions[end] & kDeadEnd) == 0;
      if (leads_on &&
          (ids.size() == first || is_stable(static_cast<Id>(ids.back()), token, merges))) {
        ids.push_back(token);
        begin = end;
        break;
      }
      token = tokens_[token].shorter;
    }
  }
}

}  // namespace virnucpro
