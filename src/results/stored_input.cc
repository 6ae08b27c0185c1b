#include "results/stored_input.h"

#include <algorithm>

#include "base/counted.h"
#include "base/errors.h"
#include "base/escape.h"
#include "base/format.h"
#include "sequence/packed_bases.h"

namespace virnucpro {
namespace {

constexpr const char* kOtherInput =
    "the input has changed since the run began. Put the old input back to go on, or start over "
    "with --force.";
constexpr const char* kOtherThen =
    "the input is the one that the run began with, so it was another one while an earlier process "
    "read it. Start over with --force.";

}  // namespace

const char* StoredInput::advice() const { return is_known_ ? kOtherThen : kOtherInput; }

void StoredInput::compare(const Record& record) {
  const bool is_stored = records_++ < stored_;
  if (!is_stored && !is_whole_) return;
  bool is_same = false;
  database_.read_record(record.ordinal, [&](const StoredRecord& kept) {
    packed_.clear();
    pack_bases(record.bases, packed_);
    is_same = kept.id == record.id && kept.length == record.bases.size() &&
              std::equal(kept.bases.begin(), kept.bases.end(), packed_.begin(), packed_.end());
  });
  if (is_same) return;
  throw InputError(fmt::format("record {} ('{}') is not the one that {} holds: {}",
                               record.ordinal + 1, escaped(record.id), database_.path(), advice()));
}

void StoredInput::require_all() const {
  if (records_ >= stored_) return;
  throw InputError(fmt::format("the input ends after {}, and {} holds {}: {}",
                               counted(records_, "record"), database_.path(), stored_, advice()));
}

}  // namespace virnucpro
