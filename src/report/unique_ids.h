// Makes names unique: the second record of a name gets _1, the third _2 ...
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/name_hash.h"

namespace virnucpro {

/// Remembers every name it gave as a 128-bit hash: 16 bytes a record at a load of at most 3/4. Two
/// names with one hash (probability 1e-24 for ten million) would only cost a needless suffix.
/// Thread-confined.
class UniqueIds {
 public:
  /// Returns `id` the first time, later `id` with the first suffix _1, _2 ... that is not in use.
  std::string assign(std::string_view id);

  /// How many names got a suffix.
  std::uint64_t renamed() const { return renamed_; }

 private:
  using Hash = NameHash;
  struct LowHalf {
    std::size_t operator()(const Hash& hash) const { return hash.low; }
  };

  static Hash hash_of(std::string_view id);
  /// False when the hash was there already.
  bool insert(Hash hash);
  void grow();

  std::vector<Hash> slots_;  // open addressing; all zero means free
  std::size_t used_ = 0;
  std::unordered_map<Hash, std::uint64_t, LowHalf> next_suffix_;  // of repeated names only
  std::uint64_t renamed_ = 0;
};

/// The warning that `renamed` names got a suffix in `where`.
std::string repeated_ids_text(std::uint64_t renamed, std::string_view where);

}  // namespace virnucpro
