#include "figures/record_names.h"

#include <algorithm>

#include "base/errors.h"
#include "base/escape.h"
#include "base/format.h"
#include "base/split.h"

namespace virnucpro {
namespace {

/// More commas than an id has.
constexpr std::size_t kMostParts = 20;

}  // namespace

RecordNames::RecordNames(const std::string& list) : parts_(split(list, ',')) {
  for (std::size_t begin = 0; begin < parts_.size(); ++begin) {
    const std::size_t last = std::min(parts_.size(), begin + kMostParts);
    for (std::size_t end = begin + 1; end <= last; ++end) found_[joined(begin, end)];
  }
}

void RecordNames::offer(std::string_view id, std::uint64_t record) {
  const auto found = found_.find(id);
  if (found != found_.end()) found->second.push_back(record);
}

std::vector<std::uint64_t> RecordNames::chosen(const std::string& place) const {
  std::vector<std::uint64_t> records;
  for (std::size_t begin = 0; begin < parts_.size();) {
    std::size_t end = std::min(parts_.size(), begin + kMostParts);
    while (end > begin && found_.at(joined(begin, end)).empty()) --end;
    if (end == begin) {
      throw InputError(
          fmt::format("{}: has no record '{}' (--record). Its first column has the ids.", place,
                      shown_id(parts_[begin])));
    }
    for (const std::uint64_t record : found_.at(joined(begin, end))) {
      if (std::ranges::find(records, record) == records.end()) records.push_back(record);
    }
    begin = end;
  }
  return records;
}

std::string RecordNames::joined(std::size_t begin, std::size_t end) const {
  std::string id = parts_[begin];
  for (std::size_t i = begin + 1; i < end; ++i) id += "," + parts_[i];
  return escaped(id);
}

}  // namespace virnucpro
