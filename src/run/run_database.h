// The database of a run: its input, its results so far, and the account of both.
//
// One SQLite file in the output folder (tables: docs/explanation/reliability.md). What was stored
// before commit() returned survives a killed process and a power failure; later rows do not.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "run/damage.h"
#include "run/stored_rows.h"

namespace virnucpro {

/// Its name inside the output folder.
inline constexpr const char* kDatabaseFile = "run.db";

/// Receives a stored run in input order: begin_record, then chunk for each of its chunks, then
/// end_record. Views are valid during the call, in which the database may be read.
class StoredRunVisitor {
 public:
  virtual ~StoredRunVisitor() = default;
  virtual void begin_record(const StoredRecord& record) = 0;
  virtual void chunk(const StoredChunk& chunk, std::span<const StoredOrf> orfs) = 0;
  virtual void end_record(Outcome outcome, std::string_view reason) = 0;
};

/// Open, and locked against every other process, as long as it lives. Thread-safe: calls take
/// turns. Errors of the disk are OutputError (full, read-only, removed), a file that is not a run
/// database is InputError, a damaged one DamagedDatabase; all name the file and what to do. An
/// error of a writing call discards the open transaction, and every later writing call throws it
/// again.
class RunDatabase {
 public:
  enum class Existing {
    /// Continue the same work. For other work: ConfigError listing each difference, unless that has
    /// stored nothing.
    kContinue,
    kStartOver,  ///< discard what is there
  };

  /// Opens the database of `folder`, or makes one; the folder must exist. Throws ConfigError also
  /// when another process has it open.
  RunDatabase(const std::string& folder, const std::vector<RunFact>& work, Existing existing);
  /// Opens an existing one, whatever its work. InputError when there is none.
  explicit RunDatabase(const std::string& folder);
  ~RunDatabase();
  RunDatabase(RunDatabase&&) noexcept;
  RunDatabase& operator=(RunDatabase&&) = delete;

  /// True where a folder holds a run database, even one that is in use.
  static bool exists(const std::string& folder);

  const std::string& path() const;
  std::vector<RunFact> work() const;

  /// The extent of what is stored, the open transaction included.
  StoredExtent extent() const;
  /// True when all records are stored with everything that belongs to them.
  bool is_complete() const;

  // Writing. Rows come in input order, each number once: that of extent(). A transaction begins
  // with the first of them and ends with commit().
  void begin_record(const StoredRecord& record);
  void add_chunk(const StoredChunk& chunk);
  void add_orf(const StoredOrf& orf);
  void end_record(std::uint64_t ordinal, Outcome outcome, std::string_view reason);
  /// Replaces the stored embedding of this ORF and encoder. `orf` may lie beyond extent().
  void put_embedding(std::uint64_t orf, StoredEncoder encoder, std::span<const float> values);
  /// Forgets embeddings of ORFs before this one.
  void drop_embeddings_before(std::uint64_t orf);
  /// To be called after the last record: nothing can be added any more.
  void mark_complete();
  /// Stores a free text beside the rows, such as run.json. Part of the transaction, too.
  void set_text(std::string_view name, std::string_view text);
  std::optional<std::string> text(std::string_view name) const;
  /// Removes the results of all rows; add_result() then gives them new ones, each row once. Of a
  /// complete run alone. May be called while the rows are visited: commit afterwards.
  void clear_results();
  void add_result(const RecordResult& result);
  void add_result(const ChunkResult& result);
  void add_result(const RegionResult& result);
  /// Adds a session; update_session() changes the newest.
  void begin_session(const StoredSession& session);
  void update_session(double seconds, std::uint64_t orfs_computed);
  std::vector<StoredSession> sessions() const;
  /// Makes everything durable. Throws OutputError also when the folder or the file has been removed
  /// or replaced meanwhile.
  void commit();
  bool has_uncommitted() const;
  /// Takes back all that was stored since this object opened the database, committed or not, even
  /// after an error: rows, the end of a record that was open, texts, sessions, and every embedding
  /// of an ORF whose row was not there. Durable on return. Throws OutputError.
  void undo_session();
  /// True when nothing of value is stored: no record, no embedding. Such a database gives way to
  /// other work.
  bool holds_nothing() const;
  /// Removes the files of a database that holds nothing; otherwise leaves them. For cleaning up
  /// after an error: never throws, and only the destructor may follow.
  void discard_if_empty() noexcept;

  // Reading.
  /// Calls `take` for the record, if it is stored.
  void read_record(std::uint64_t ordinal,
                   const std::function<void(const StoredRecord&)>& take) const;
  /// Stored ORFs of [first, end), in order.
  void read_orfs(std::uint64_t first, std::uint64_t end,
                 const std::function<void(const StoredOrf&)>& take) const;
  /// Stored embeddings of ORFs of [first, end), by ORF, then encoder.
  void read_embeddings(std::uint64_t first, std::uint64_t end,
                       const std::function<void(std::uint64_t orf, StoredEncoder encoder,
                                                std::span<const float> values)>& take) const;
  /// Visits all that is stored. Only a visit that has returned proves that every row is what was
  /// stored and that none is missing: use no result of one that has not. DamagedDatabase for
  /// anything else, and for a record that has not ended.
  void visit(StoredRunVisitor& visitor) const;
  /// The same for a run at work: the last record may have no end.
  void visit_so_far(StoredRunVisitor& visitor) const;
  /// The same in steps: each call visits the next record, and returns false after the last one.
  /// Must not outlive the database, which must not change meanwhile.
  std::function<bool(StoredRunVisitor&)> visit_in_steps() const;
  /// The same in parts of some records or chunks, which may end amid a record. Between them other
  /// threads take their turns.
  std::function<bool(StoredRunVisitor&)> visit_in_parts() const;
  /// Runs `action`, whose calls of the database are one turn: they wait for other threads once.
  void in_one_turn(const std::function<void()>& action) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace virnucpro
