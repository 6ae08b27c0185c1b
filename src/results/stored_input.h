// Checks that the input read now is the one that a run's database holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "run/run_database.h"
#include "sequence/record.h"

namespace virnucpro {

/// Takes the records of a run in input order and compares them, byte by byte, with those stored
/// when it was made. Borrows the database. Used by one thread at a time. Throws InputError where
/// they differ.
class StoredInput {
 public:
  /// `is_known`, for messages: the input has the hash that the run began with.
  StoredInput(const RunDatabase& database, bool is_known)
      : database_(database),
        is_known_(is_known),
        stored_(database.extent().records),
        is_whole_(database.is_complete()) {}

  void compare(const Record& record);
  /// To be called after the last record.
  void require_all() const;

 private:
  const char* advice() const;

  const RunDatabase& database_;
  const bool is_known_;
  const std::uint64_t stored_;
  const bool is_whole_;  // nothing may follow
  std::uint64_t records_ = 0;
  std::vector<std::byte> packed_;
};

}  // namespace virnucpro
