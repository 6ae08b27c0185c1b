// Splits words and unknown letters; merges in any order, by a linked list of tokens and a heap of
// possible merges.
#include "tokenizer/dna_tokenizer.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <utility>

#include "base/check.h"

namespace virnucpro {
namespace {

constexpr std::int32_t kNoId = -1;
constexpr std::uint32_t kNoRank = MergeTable::kNoRank;
constexpr std::uint32_t kNoNode = std::numeric_limits<std::uint32_t>::max();
// Indices of letters are 32 bits wide; sequences come in chunks of some hundred bases.
constexpr std::size_t kLongestText = std::size_t{1} << 31;

// The pre-tokenizer Whitespace is the pattern \w+|[^\w\s]+: runs of one kind are words.
enum class Kind : std::uint8_t { kWord, kPunctuation, kSpace };

// Bytes from 0x80 on count as letters of a word: strings are bytes here, not Unicode.
constexpr std::array<Kind, 256> kKinds = [] {
  std::array<Kind, 256> kinds{};
  for (std::size_t byte = 0; byte < kinds.size(); ++byte) {
    const bool space = (byte >= '\t' && byte <= '\r') || byte == ' ';
    const bool word = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                      (byte >= 'a' && byte <= 'z') || byte == '_' || byte >= 0x80;
    kinds[byte] = space ? Kind::kSpace : word ? Kind::kWord : Kind::kPunctuation;
  }
  return kinds;
}();

Kind kind_of(char letter) { return kKinds[static_cast<unsigned char>(letter)]; }

// Ordered by rank, then from left to right.
std::uint64_t heap_entry(std::uint32_t rank, std::size_t node) {
  return (static_cast<std::uint64_t>(rank) << 32) | static_cast<std::uint32_t>(node);
}

}  // namespace

DnaTokenizer DnaTokenizer::from_json(std::string_view json, const std::string& origin) {
  return DnaTokenizer(parse_tokenizer_json(json, origin));
}

DnaTokenizer::DnaTokenizer(TokenizerFile file)
    : merges_(file.merges),
      stable_(StableTokens::make(file, merges_)),
      vocabulary_(std::move(file.vocabulary)),
      unknown_id_(file.unknown_id),
      fuse_unknown_(file.fuse_unknown),
      before_(std::move(file.before)),
      after_(std::move(file.after)) {
  letter_ids_.fill(kNoId);
  for (const auto& [token, id] : vocabulary_) {
    vocabulary_size_ = std::max(vocabulary_size_, static_cast<std::size_t>(id) + 1);
    if (token.size() == 1) letter_ids_[static_cast<unsigned char>(token[0])] = id;
  }
}

std::optional<std::int32_t> DnaTokenizer::id_of(std::string_view token) const {
  const auto found = vocabulary_.find(token);
  if (found == vocabulary_.end()) return std::nullopt;
  return found->second;
}

void DnaTokenizer::encode(std::string_view bases, Scratch& scratch,
                          std::vector<std::int32_t>& ids) const {
  check(bases.size() < kLongestText, "a sequence of {} bases reached the tokenizer", bases.size());
  ids.insert(ids.end(), before_.begin(), before_.end());
  std::size_t start = 0;
  while (start < bases.size()) {
    const Kind kind = kind_of(bases[start]);
    std::size_t end = start + 1;
    while (end < bases.size() && kind_of(bases[end]) == kind) ++end;
    if (kind != Kind::kSpace) encode_word(bases.substr(start, end - start), scratch, ids);
    start = end;
  }
  ids.insert(ids.end(), after_.begin(), after_.end());
}

// Merges never cross an unknown letter, so each stretch of known ones is encoded by itself.
void DnaTokenizer::encode_word(std::string_view word, Scratch& scratch,
                               std::vector<std::int32_t>& ids) const {
  const auto known = [&](std::size_t at) {
    return letter_ids_[static_cast<unsigned char>(word[at])] != kNoId;
  };
  bool after_unknown = false;
  std::size_t start = 0;
  while (start < word.size()) {
    std::size_t end = start;
    while (end < word.size() && known(end)) ++end;
    if (end == start) {
      if (!fuse_unknown_ || !after_unknown) ids.push_back(unknown_id_);
      after_unknown = true;
      ++start;
    } else {
      const std::string_view letters = word.substr(start, end - start);
      if (stable_) {
        stable_->encode(letters, merges_, scratch.positions_, ids);
      } else {
        merge_letters(letters, scratch, ids);
      }
      after_unknown = false;
      start = end;
    }
  }
}

void DnaTokenizer::merge_letters(std::string_view letters, Scratch& scratch,
                                 std::vector<std::int32_t>& ids) const {
  auto& nodes = scratch.nodes_;
  auto& heap = scratch.heap_;
  nodes.resize(letters.size());
  heap.clear();

  // Sets the merge of a node with the next one and queues it. Older entries of the heap for the
  // node are recognised as stale by their rank: each merge has its own rank, and the pair at one
  // place only ever grows, so it never comes back.
  const auto pair_up = [&](std::uint32_t at) {
    Scratch::Node& node = nodes[at];
    node.rank = kNoRank;
    if (node.next == kNoNode) return false;
    const MergeTable::Merge& merge = merges_.find(node.id, nodes[node.next].id);
    node.rank = merge.rank;
    node.joined = merge.joined;
    return node.rank != kNoRank;
  };
  const auto count = static_cast<std::uint32_t>(letters.size());
  for (std::uint32_t i = 0; i < count; ++i) {
    nodes[i].id = letter_ids_[static_cast<unsigned char>(letters[i])];
    nodes[i].previous = i == 0 ? kNoNode : i - 1;
    nodes[i].next = i + 1 == count ? kNoNode : i + 1;
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    if (pair_up(i)) heap.push_back(heap_entry(nodes[i].rank, i));
  }
  const auto later = std::greater<>();
  std::make_heap(heap.begin(), heap.end(), later);

  while (!heap.empty()) {
    const std::uint64_t entry = heap.front();
    std::pop_heap(heap.begin(), heap.end(), later);
    heap.pop_back();
    const auto at = static_cast<std::uint32_t>(entry);
    Scratch::Node& node = nodes[at];
    if (node.rank != static_cast<std::uint32_t>(entry >> 32)) continue;  // stale

    Scratch::Node& swallowed = nodes[node.next];
    swallowed.rank = kNoRank;  // whatever the heap still holds for it is stale now
    node.id = node.joined;
    node.next = swallowed.next;
    if (node.next != kNoNode) nodes[node.next].previous = at;

    for (const std::uint32_t changed : {node.previous, at}) {
      if (changed != kNoNode && pair_up(changed)) {
        heap.push_back(heap_entry(nodes[changed].rank, changed));
        std::push_heap(heap.begin(), heap.end(), later);
      }
    }
  }
  if (count == 0) return;
  for (std::uint32_t at = 0; at != kNoNode; at = nodes[at].next) ids.push_back(nodes[at].id);
}

}  // namespace virnucpro
