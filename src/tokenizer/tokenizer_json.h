// What the DNA tokenizer takes from a Hugging Face tokenizer.json, read and checked.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace virnucpro {

/// A byte-pair vocabulary as plain data. Every id is in [0, 2^24), no two tokens share one, and
/// every merge names tokens of the vocabulary. Owned by the caller.
struct TokenizerFile {
  /// `joined` is the token that `left` followed by `right` becomes.
  struct Merge {
    std::int32_t left;
    std::int32_t right;
    std::int32_t joined;
  };

  std::map<std::string, std::int32_t, std::less<>> vocabulary;
  std::vector<Merge> merges;  // the index is the rank: 0 is merged first
  std::int32_t unknown_id = 0;
  bool fuse_unknown = false;         // a run of unknown letters is one token
  std::vector<std::int32_t> before;  // ids that the template puts in front of a sequence
  std::vector<std::int32_t> after;   // ids that the template puts behind it
};

/// `origin` names the source in messages. Throws ModelError naming origin and field when the text
/// is damaged or asks for something that would change the ids and is not supported. `truncation`,
/// `padding` and `decoder` are not read. Thread-safe.
TokenizerFile parse_tokenizer_json(std::string_view json, const std::string& origin);

}  // namespace virnucpro
