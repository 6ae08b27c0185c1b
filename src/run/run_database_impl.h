// The parts of a RunDatabase; for run_database*.cc only.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/format.h"
#include "run/database_file.h"
#include "run/row_digests.h"
#include "run/run_database.h"
#include "run/run_state.h"
#include "run/sqlite_handles.h"
#include "run/stored_row_reader.h"

namespace virnucpro {

/// SQLite's numbers have a sign; the key of an embedding is twice its ORF's number.
inline constexpr std::uint64_t kMostNumber = std::numeric_limits<std::int64_t>::max();
inline constexpr std::uint64_t kMostOrf = kMostNumber / 2;

inline std::uint64_t embedding_key(std::uint64_t orf, StoredEncoder encoder) {
  check(orf < kMostOrf, "the embedding of ORF {}", orf);
  return 2 * orf + static_cast<std::uint64_t>(encoder);
}

struct RunDatabase::Impl {
  Impl(const std::string& folder, const std::vector<RunFact>& wanted, DatabaseFile::Opening opening)
      : file(folder, wanted, opening),
        work(file.work()),
        committed(file.state()),
        opened(committed),
        state(committed),
        digests(digest_of(work)),
        embedding_digests(digest_of(work)),
        sessions_at_opening(newest_session()) {
    if (state.open_head) digests.resume_record(*state.open_head);
  }
  ~Impl() {
    if (connection().in_transaction()) connection().try_execute("ROLLBACK");
  }

  const SqliteConnection& connection() const { return file.connection(); }

  /// Runs `action`. Its error discards the open transaction, and every later call throws it again,
  /// since later rows would not fit any more.
  template <typename Action>
  void change(Action&& action) {
    const std::lock_guard lock(mutex);
    if (failure) std::rethrow_exception(failure);
    try {
      action();
    } catch (...) {
      give_up(std::current_exception());
      throw;
    }
  }

  std::uint64_t newest_session() const {
    SqliteStatement select(connection(), "SELECT coalesce(max(number), 0) FROM sessions");
    check(select.step(), "a table without an aggregate");
    return static_cast<std::uint64_t>(select.integer(0));
  }

  std::optional<std::string> text(std::string_view name) const {
    SqliteStatement select(connection(), "SELECT text FROM texts WHERE name = ?1");
    select.bind(1, name);
    if (!select.step()) return std::nullopt;
    return std::string(select.text(0));
  }

  /// Replaces the text, or removes it where `text` is absent.
  void put_text(std::string_view name, const std::optional<std::string_view>& text) const {
    if (!text) {
      SqliteStatement(connection(), "DELETE FROM texts WHERE name = ?1").bind(1, name).run();
      return;
    }
    SqliteStatement(connection(), "REPLACE INTO texts VALUES (?1, ?2)")
        .bind(1, name)
        .bind(2, *text)
        .run();
  }

  /// Deletes rows whose key is at least `first`.
  void delete_from(const char* table, const char* key, std::uint64_t first) const {
    SqliteStatement(connection(), fmt::format("DELETE FROM {} WHERE {} >= ?1", table, key).c_str())
        .bind(1, first)
        .run();
  }

  void commit_state();
  void undo_session();

  /// Changes something in the open transaction, or in a new one.
  template <typename Action>
  void write(Action&& action) {
    change([&] {
      if (!connection().in_transaction()) connection().execute("BEGIN IMMEDIATE");
      action();
    });
  }

  /// The same for rows of the input, which end with mark_complete().
  template <typename Action>
  void add(Action&& action) {
    write([&] {
      check(!state.complete, "a row after the last one");
      action();
    });
  }

  void give_up(std::exception_ptr error) {
    failure = std::move(error);
    // After some errors SQLite has rolled back by itself.
    if (connection().in_transaction()) connection().try_execute("ROLLBACK");
    restore(committed);
  }

  /// Returns to this earlier state.
  void restore(const RunState& to) {
    state = to;
    if (open_chunk) digests.end_chunk();  // its digest is dropped
    open_chunk.reset();
    if (state.open_head) digests.resume_record(*state.open_head);
  }

  /// A row of `chunks` has the digest of its ORFs, too, so it is stored when all of them are there.
  void finish_chunk() {
    if (!open_chunk) return;
    const Digest digest = digests.end_chunk();
    insert_chunk.bind(1, open_chunk->number)
        .bind(2, open_chunk->record)
        .bind(3, open_chunk->index)
        .bind(4, open_chunk->start)
        .bind(5, open_chunk->end)
        .bind(6, static_cast<std::uint64_t>(open_chunk->outcome))
        .bind_optional(7, open_reason)
        .bind(8, digest.bytes())
        .run();
    state.total += digest;
    open_chunk.reset();
  }

  DatabaseFile file;
  const std::vector<RunFact> work;
  /// Recursive, because a visitor may query the database.
  mutable std::recursive_mutex mutex;
  RunState committed;
  const RunState opened;
  RunState state;
  std::exception_ptr failure;
  RowDigests digests;
  mutable RowDigests embedding_digests;  ///< separate: embeddings come amid chunks
  /// The newest chunk, to which ORFs may be added, and its reason.
  std::optional<StoredChunk> open_chunk;
  std::string open_reason;
  const std::uint64_t sessions_at_opening;  ///< the number of the newest
  /// Texts that were set since opening, with their values at opening.
  std::map<std::string, std::optional<std::string>, std::less<>> old_texts;

  struct ResultStatements {
    explicit ResultStatements(const SqliteConnection& connection)
        : record(connection,
                 "INSERT INTO record_results VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"),
          chunk(connection, "INSERT INTO chunk_results VALUES (?1, ?2, ?3)"),
          region(connection, "INSERT INTO region_results VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)") {
    }
    SqliteStatement record;
    SqliteStatement chunk;
    SqliteStatement region;
  };
  std::unique_ptr<ResultStatements> results;  ///< once clear_results() has been called

  SqliteStatement insert_record{
      connection(), "INSERT INTO records(ordinal, id, length, digest) VALUES (?1, ?2, ?3, ?4)"};
  SqliteStatement insert_bases{connection(), "INSERT INTO bases VALUES (?1, ?2)"};
  SqliteStatement update_record{connection(),
                                "UPDATE records SET outcome = ?2, reason = ?3, end_digest = ?4 "
                                "WHERE ordinal = ?1"};
  SqliteStatement insert_chunk{connection(),
                               "INSERT INTO chunks(number, record, chunk, start, stop, outcome, "
                               "reason, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"};
  SqliteStatement insert_orf{connection(),
                             "INSERT INTO orfs(number, chunk, frame, outcome, p_others, p_virus, "
                             "same_as, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"};
  SqliteStatement replace_embedding{connection(), "REPLACE INTO embeddings VALUES (?1, ?2, ?3)"};
  SqliteStatement select_record{
      connection(),
      "SELECT ordinal, id, length, packed FROM records LEFT JOIN bases ON "
      "bases.record = records.ordinal WHERE ordinal = ?1"};
  // Kept, because an ORF that repeats an early one is compared with it by a call of its own.
  SqliteStatement select_orfs{
      connection(),
      fmt::format("SELECT {} FROM orfs WHERE number >= ?1 AND number < ?2 ORDER BY number",
                  kOrfColumns)
          .c_str()};
};

}  // namespace virnucpro
