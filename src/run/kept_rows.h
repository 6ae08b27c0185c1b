// Rows of a damaged database, put aside, that can still be proven.
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

/// The name of a damaged database while another one is made from what is left of it.
inline constexpr const char* kSetAsideFile = "run.db.damaged";

bool has_set_aside(const std::string& folder);
/// Renames the run's database and its log to this name, unless an older one has it already: that
/// one holds more, so the database of the interrupted repair is removed instead. OutputError.
void set_aside(const std::string& folder);
/// Removes the database that was put aside, if there is one. OutputError.
void remove_set_aside(const std::string& folder);

/// Rows in the damaged database that this work would have stored for this input, as their checksums
/// prove; nothing else in the file has to be right. Only read. Thread-confined.
class KeptRows {
 public:
  /// `work` is that of the current run. A file that cannot be opened at all has no rows.
  KeptRows(const std::string& folder, const std::vector<RunFact>& work);
  ~KeptRows();
  KeptRows(const KeptRows&) = delete;
  KeptRows& operator=(const KeptRows&) = delete;

  /// Sets the record of the input that the next chunks belong to.
  void begin_record(const StoredRecord& record);
  /// Calls `take` if the chunk of this number is proven together with its ORFs, which are `orfs` in
  /// number from `first_orf` on. Returns whether it did.
  bool read_chunk(std::uint64_t number, std::uint64_t first_orf, std::size_t orfs,
                  const std::function<void(const StoredChunk&, std::span<const StoredOrf>)>& take);
  /// The embedding; empty unless it is proven.
  std::vector<float> read_embedding(std::uint64_t orf, StoredEncoder encoder);

 private:
  struct Impl;
  struct Proof;
  std::unique_ptr<Impl> impl_;  ///< null where nothing can be read
  std::unique_ptr<Proof> proof_;
};

}  // namespace virnucpro
