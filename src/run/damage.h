// The error of a database that is not, or no longer, what a run has written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/errors.h"

namespace virnucpro {

/// The rows or the file cannot be trusted. `found` is the message without the file and the advice.
class DamagedDatabase : public InputError {
 public:
  DamagedDatabase(const std::string& path, std::string found);
  const std::string& found() const { return found_; }

 private:
  std::string found_;
};

/// Throws DamagedDatabase, whose text says what to do; all messages about damage come from here.
/// `found` is a noun: "an empty table progress".
[[noreturn]] void fail_damaged(const std::string& path, const std::string& found);
/// The same for damage that was found within a record.
[[noreturn]] void fail_damaged_record(const std::string& path, std::uint64_t ordinal,
                                      std::string_view id, const std::string& found);

}  // namespace virnucpro
