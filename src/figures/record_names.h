// Records that a user names in one list with commas.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace virnucpro {

/// Finds the ids of a list among those of a table. An id may have commas: the longest that the
/// table has is taken. Ids are compared as tables write them (base/escape.h).
class RecordNames {
 public:
  explicit RecordNames(const std::string& list);

  /// To be called for every record; keeps those that the list may mean.
  void offer(std::string_view id, std::uint64_t record);
  /// The records, in the order of the list, each once; those that share an id in their own order.
  /// Throws InputError for an id that was not offered; `place` names the table.
  std::vector<std::uint64_t> chosen(const std::string& place) const;

 private:
  std::string joined(std::size_t begin, std::size_t end) const;

  std::vector<std::string> parts_;
  std::map<std::string, std::vector<std::uint64_t>, std::less<>> found_;  // by all possible ids
};

}  // namespace virnucpro
