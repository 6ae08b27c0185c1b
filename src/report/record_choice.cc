#include "report/record_choice.h"

#include <algorithm>

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

void RecordChoice::add(std::string_view id, bool is_viral, bool is_scored) {
  viral_.push_back(is_viral);
  scored_.push_back(is_scored);
  if (is_viral) viral_names_.push_back(hash_of_name(template_name(id)));
  if (is_scored && which_ == WhichRecords::kOthers) {
    scored_names_.push_back(hash_of_name(template_name(id)));
  }
}

void RecordChoice::finish() {
  for (std::vector<NameHash>* names : {&viral_names_, &scored_names_}) {
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
  const NameHash hash = hash_of_name(template_name(name));
  return takes(std::ranges::binary_search(viral_names_, hash),
               std::ranges::binary_search(scored_names_, hash));
}

}  // namespace virnucpro
