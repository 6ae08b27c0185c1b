#include "run/damage.h"

#include <utility>

#include "base/escape.h"
#include "base/format.h"

namespace virnucpro {

void fail_damaged(const std::string& path, const std::string& found) {
  throw DamagedDatabase(path, found);
}

void fail_damaged_record(const std::string& path, std::uint64_t ordinal, std::string_view id,
                         const std::string& found) {
  fail_damaged(path, fmt::format("record {} ('{}') damaged: {}", ordinal + 1, shown_id(id), found));
}

DamagedDatabase::DamagedDatabase(const std::string& path, std::string found)
    : InputError(fmt::format(
          "{}: expected the database of a run, found {}. The same 'virnucpro predict' with "
          "--repair computes again what is damaged; --force throws it away.",
          path, found)),
      found_(std::move(found)) {}

}  // namespace virnucpro
