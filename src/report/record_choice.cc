#include "report/record_choice.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace virnucpro {

std::string_view name_of(WhichRecords which) {
  switch (which) {
    case WhichRecords::kViral:
      return "viral";
    case WhichRecords::kOthers:
      return "others";
    case WhichRecords::kAllButViral:
      break;
  }
  return "all-but-viral";
}

std::string_view template_name(std::string_view id) {
  return id.ends_with("/1") || id.ends_with("/2") ? id.substr(0, id.size() - 2) : id;
}

RecordChoice::Hash RecordChoice::hash_of(std::string_view name) {
  std::uint64_t low = 0x9e3779b97f4a7c15ULL ^ name.size();
  std::uint64_t high = 0xd1b54a32d192ed03ULL + name.size();
  while (!name.empty()) {
    std::uint64_t word = 0;
    const std::size_t count = std::min<std::size_t>(name.size(), 8);
    std::memcpy(&word, name.data(), count);
    name.remove_prefix(count);
    low = (low ^ word) * 0xff51afd7ed558ccdULL;
    low ^= low >> 32;
    high = (high + word) * 0xc4ceb9fe1a85ec53ULL;
    high ^= high >> 29;
  }
  return {low * 0x9fb21c651e98df25ULL, high ^ (low >> 7)};
}

void RecordChoice::add(std::string_view id, bool is_viral, bool is_scored) {
  viral_.push_back(is_viral);
  scored_.push_back(is_scored);
  if (is_viral) viral_names_.push_back(hash_of(template_name(id)));
  if (is_scored && which_ == WhichRecords::kOthers) {
    scored_names_.push_back(hash_of(template_name(id)));
  }
}

void RecordChoice::finish() {
  for (std::vector<Hash>* names : {&viral_names_, &scored_names_}) {
    std::ranges::sort(*names);
    const auto rest = std::ranges::unique(*names);
    names->erase(rest.begin(), rest.end());
  }
}

bool RecordChoice::takes(bool is_viral, bool is_scored) const {
  switch (which_) {
    case WhichRecords::kViral:
      return is_viral;
    case WhichRecords::kOthers:
      return is_scored && !is_viral;
    case WhichRecords::kAllButViral:
      break;
  }
  return !is_viral;
}

bool RecordChoice::takes(std::uint64_t ordinal, std::string_view name, bool has_mates) const {
  check(ordinal < viral_.size(), "record {} of {}", ordinal, viral_.size());
  if (has_mates || template_name(name).size() < name.size()) return takes_name(name);
  return takes(viral_[ordinal], scored_[ordinal]);
}

bool RecordChoice::takes_name(std::string_view name) const {
  const Hash hash = hash_of(template_name(name));
  return takes(std::ranges::binary_search(viral_names_, hash),
               std::ranges::binary_search(scored_names_, hash));
}

}  // namespace virnucpro
