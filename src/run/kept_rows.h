// What can still be proven of a damaged database that was put aside.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "run/stored_rows.h"

namespace virnucpro {

/// A damaged database has this name while another is made from what is left of it.
inline constexpr const char* kSetAsideFile = "run.db.damaged";

bool has_set_aside(const std::string& folder);
/// Gives the run's database and its log the other name, unless an older one bears it already: that
/// one has more, and the database of the repair that was broken off is removed. OutputError.
void set_aside(const std::string& folder);
/// Removes it, if there is one. OutputError.
void remove_set_aside(const std::string& folder);

/// Rows that lie in the damaged database as this work would have stored them for this input: their
/// checksums say so, and nothing else in the file has to be right. Only read. Thread-confined.
class KeptRows {
 public:
  /// `work` is that of the run now. A file that cannot be opened at all has no rows.
  KeptRows(const std::string& folder, const std::vector<RunFact>& work);
  ~KeptRows();
  KeptRows(const KeptRows&) = delete;
  KeptRows& operator=(const KeptRows&) = delete;

  /// The record of the input that the next chunks belong to.
  void begin_record(const StoredRecord& record);
  /// Calls `take` if the chunk of this number is proven, with its ORFs: `orfs` of them from
  /// `first_orf` on. Returns whether.
  bool read_chunk(std::uint64_t number, std::uint64_t first_orf, std::size_t orfs,
                  const std::function<void(const StoredChunk&, std::span<const StoredOrf>)>& take);
  /// Empty unless it is proven.
  std::vector<float> read_embedding(std::uint64_t orf, StoredEncoder encoder);

 private:
  struct Impl;
  struct Proof;
  std::unique_ptr<Impl> impl_;  ///< null where nothing can be read
  std::unique_ptr<Proof> proof_;
};

}  // namespace virnucpro
