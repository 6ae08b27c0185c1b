#include "report/unique_ids.h"

#include <utility>

#include "base/counted.h"
#include "base/format.h"

namespace virnucpro {

UniqueIds::Hash UniqueIds::hash_of(std::string_view id) {
  Hash hash = hash_of_name(id);
  if (hash == Hash{}) hash.low = 1;  // all zero is the mark of a free slot
  return hash;
}

bool UniqueIds::insert(Hash hash) {
  if (4 * (used_ + 1) > 3 * slots_.size()) grow();
  for (std::size_t i = hash.low & (slots_.size() - 1);; i = (i + 1) & (slots_.size() - 1)) {
    if (slots_[i] == hash) return false;
    if (slots_[i] == Hash{}) {
      slots_[i] = hash;
      ++used_;
      return true;
    }
  }
}

void UniqueIds::grow() {
  std::vector<Hash> old(slots_.empty() ? 1024 : 2 * slots_.size());
  std::swap(old, slots_);
  used_ = 0;
  for (const Hash& hash : old) {
    if (!(hash == Hash{})) insert(hash);
  }
}

std::string UniqueIds::assign(std::string_view id) {
  std::string name(id);
  const Hash hash = hash_of(id);
  if (insert(hash)) return name;
  ++renamed_;
  std::uint64_t& suffix = next_suffix_[hash];
  do {
    name.resize(id.size());
    name += '_';
    name += std::to_string(++suffix);
  } while (!insert(hash_of(name)));
  return name;
}

std::string repeated_ids_text(std::uint64_t renamed, std::string_view where) {
  return fmt::format("{} an id that an earlier record has; _1, _2 ... was added to theirs in {}",
                     counted(renamed, "record has", "records have"), where);
}

}  // namespace virnucpro
