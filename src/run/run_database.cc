#include "run/run_database.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <exception>
#include <filesystem>
#include <limits>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "run/database_file.h"
#include "run/run_state.h"
#include "run/sqlite_handles.h"
#include "run/stored_row_reader.h"
#include "run/stored_run_walk.h"

namespace virnucpro {
namespace {

static_assert(std::endian::native == std::endian::little, "embeddings are stored as they lie");

/// SQLite's numbers have a sign; the key of an embedding is twice its ORF's number.
constexpr std::uint64_t kMostNumber = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t kMostOrf = kMostNumber / 2;

std::uint64_t embedding_key(std::uint64_t orf, StoredEncoder encoder) {
  check(orf < kMostOrf, "the embedding of ORF {}", orf);
  return 2 * orf + static_cast<std::uint64_t>(encoder);
}

/// SQLite takes a row in one piece; the rest of the row has room in what is left here.
void require_room(const SqliteConnection& connection, const StoredRecord& record) {
  constexpr std::uint64_t kRestOfRow = 1000;
  const int limit = sqlite3_limit(connection.get(), SQLITE_LIMIT_LENGTH, -1);
  const std::uint64_t most = static_cast<std::uint64_t>(limit) - kRestOfRow;
  if (record.bases.size() <= most && record.id.size() <= most) return;
  throw InputError(fmt::format(
      "record {} ('{}'): {} bases, {} bytes when packed, and an id of {}, are more than "
      "the {} bytes that the database of a run takes in one piece. Split the record.",
      record.ordinal + 1, record.id.substr(0, 60), record.length, record.bases.size(),
      record.id.size(), most));
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace

struct RunDatabase::Impl {
  Impl(const std::string& folder, const std::vector<RunFact>& work, DatabaseFile::Opening opening)
      : file(folder, work, opening),
        committed(read_run_state(file.connection())),
        opened(committed),
        state(committed),
        sessions_at_opening(newest_session()) {}
  ~Impl() {
    if (connection().in_transaction()) connection().try_execute("ROLLBACK");
  }

  const SqliteConnection& connection() const { return file.connection(); }

  /// An error of `action` takes the open transaction along, and every later call gets it again:
  /// what follows it in order would not fit any more.
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

  /// Replaces it, or removes it where `text` is absent.
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
    // On some errors SQLite has rolled back by itself.
    if (connection().in_transaction()) connection().try_execute("ROLLBACK");
    state = committed;
  }

  DatabaseFile file;
  /// Recursive, since a visitor may look up something else.
  mutable std::recursive_mutex mutex;
  RunState committed;
  const RunState opened;
  RunState state;
  std::exception_ptr failure;
  const std::uint64_t sessions_at_opening;  ///< the number of the newest
  /// Texts that were set since, as they were at opening.
  std::map<std::string, std::optional<std::string>, std::less<>> old_texts;

  SqliteStatement insert_record{connection(),
                                "INSERT INTO records(ordinal, id, length) VALUES (?1, ?2, ?3)"};
  SqliteStatement insert_bases{connection(), "INSERT INTO bases VALUES (?1, ?2)"};
  SqliteStatement update_record{connection(),
                                "UPDATE records SET outcome = ?2, reason = ?3 WHERE ordinal = ?1"};
  SqliteStatement insert_chunk{connection(),
                               "INSERT INTO chunks(number, record, chunk, start, stop, outcome, "
                               "reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"};
  SqliteStatement insert_orf{connection(),
                             "INSERT INTO orfs(number, chunk, frame, outcome, p_others, p_virus, "
                             "same_as, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"};
  SqliteStatement replace_embedding{connection(), "REPLACE INTO embeddings VALUES (?1, ?2)"};
  SqliteStatement update_progress{
      connection(), "UPDATE progress SET records = ?1, chunks = ?2, orfs = ?3, complete = ?4"};
  SqliteStatement select_record{
      connection(),
      "SELECT ordinal, id, length, packed FROM records LEFT JOIN bases ON "
      "bases.record = records.ordinal WHERE ordinal = ?1"};
};

RunDatabase::RunDatabase(const std::string& folder, const std::vector<RunFact>& work,
                         Existing existing)
    : impl_(std::make_unique<Impl>(folder, work,
                                   existing == Existing::kStartOver
                                       ? DatabaseFile::Opening::kStartOver
                                       : DatabaseFile::Opening::kContinue)) {}

RunDatabase::RunDatabase(const std::string& folder)
    : impl_(std::make_unique<Impl>(folder, std::vector<RunFact>{},
                                   DatabaseFile::Opening::kExisting)) {}

RunDatabase::~RunDatabase() = default;
RunDatabase::RunDatabase(RunDatabase&&) noexcept = default;

bool RunDatabase::exists(const std::string& folder) {
  // Not opened: closing it again would end the lock that this process may hold on it. An empty file
  // is what a process leaves that was killed while it made one.
  std::error_code error;
  const auto path = std::filesystem::path(folder) / kDatabaseFile;
  return std::filesystem::is_regular_file(path, error) &&
         std::filesystem::file_size(path, error) > 0 && !error;
}

const std::string& RunDatabase::path() const { return impl_->file.path(); }

std::vector<RunFact> RunDatabase::work() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->file.work();
}

StoredExtent RunDatabase::extent() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->state.extent;
}

bool RunDatabase::is_complete() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->state.complete;
}

void RunDatabase::begin_record(const StoredRecord& record) {
  impl_->add([&] {
    RunState& state = impl_->state;
    check(!state.last_record || record.ordinal > *state.last_record, "record {} after record {}",
          record.ordinal, state.last_record.value_or(0));
    require_room(impl_->connection(), record);
    impl_->insert_record.bind(1, record.ordinal)
        .bind(2, bytes_of(record.id))
        .bind(3, record.length)
        .run();
    impl_->insert_bases.bind(1, record.ordinal).bind(2, record.bases).run();
    state.last_record = record.ordinal;
    ++state.extent.records;
  });
}

void RunDatabase::add_chunk(const StoredChunk& chunk) {
  impl_->add([&] {
    RunState& state = impl_->state;
    check(chunk.number == state.extent.chunks, "chunk {} after {} chunks", chunk.number,
          state.extent.chunks);
    check(state.last_record && chunk.record <= *state.last_record, "a chunk of record {}",
          chunk.record);
    impl_->insert_chunk.bind(1, chunk.number)
        .bind(2, chunk.record)
        .bind(3, chunk.index)
        .bind(4, chunk.start)
        .bind(5, chunk.end)
        .bind(6, static_cast<std::uint64_t>(chunk.outcome))
        .bind_optional(7, chunk.reason)
        .run();
    ++state.extent.chunks;
  });
}

void RunDatabase::add_orf(const StoredOrf& orf) {
  impl_->add([&] {
    RunState& state = impl_->state;
    check(orf.number == state.extent.orfs && orf.chunk < state.extent.chunks,
          "ORF {} of chunk {} after {} ORFs and {} chunks", orf.number, orf.chunk,
          state.extent.orfs, state.extent.chunks);
    check(orf.outcome == Outcome::kScored || orf.outcome == Outcome::kFailed, "ORF {} as {}",
          orf.number, name_of(orf.outcome));
    SqliteStatement& insert = impl_->insert_orf;
    insert.bind(1, orf.number)
        .bind(2, orf.chunk)
        .bind(3, std::uint64_t{orf.frame})
        .bind(4, static_cast<std::uint64_t>(orf.outcome));
    if (orf.outcome == Outcome::kScored) {
      // SQLite would make NULL of a NaN.
      check(std::isfinite(orf.p_others) && std::isfinite(orf.p_virus),
            "the scores of ORF {}: {} {}", orf.number, orf.p_others, orf.p_virus);
      insert.bind(5, double{orf.p_others}).bind(6, double{orf.p_virus});
    }
    if (orf.same_as) insert.bind(7, *orf.same_as);
    insert.bind_optional(8, orf.reason).run();
    ++state.extent.orfs;
  });
}

void RunDatabase::end_record(std::uint64_t ordinal, Outcome outcome, std::string_view reason) {
  impl_->add([&] {
    impl_->update_record.bind(1, ordinal)
        .bind(2, static_cast<std::uint64_t>(outcome))
        .bind_optional(3, reason)
        .run();
    check(sqlite3_changes(impl_->connection().get()) == 1, "the end of record {}, which is missing",
          ordinal);
  });
}

void RunDatabase::put_embedding(std::uint64_t orf, StoredEncoder encoder,
                                std::span<const float> values) {
  impl_->write([&] {
    check(!values.empty(), "an empty embedding of ORF {}", orf);
    impl_->replace_embedding.bind(1, embedding_key(orf, encoder)).bind(2, std::as_bytes(values));
    impl_->replace_embedding.run();
  });
}

void RunDatabase::drop_embeddings_before(std::uint64_t orf) {
  impl_->write([&] {
    SqliteStatement(impl_->connection(), "DELETE FROM embeddings WHERE key < ?1")
        .bind(1, embedding_key(std::min(orf, kMostOrf - 1), StoredEncoder::kDnabertS))
        .run();
  });
}

void RunDatabase::mark_complete() {
  impl_->add([&] { impl_->state.complete = true; });
}

void RunDatabase::set_text(std::string_view name, std::string_view text) {
  impl_->write([&] {
    if (!impl_->old_texts.contains(name)) {
      impl_->old_texts.emplace(name, impl_->text(name));
    }
    impl_->put_text(name, text);
  });
}

std::optional<std::string> RunDatabase::text(std::string_view name) const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->text(name);
}

void RunDatabase::begin_session(const StoredSession& session) {
  impl_->write([&] {
    SqliteStatement(impl_->connection(),
                    "INSERT INTO sessions(started_at, program_version, device, seconds, "
                    "orfs_computed) VALUES (?1, ?2, ?3, ?4, ?5)")
        .bind(1, std::string_view(session.started_at))
        .bind(2, std::string_view(session.program_version))
        .bind(3, std::string_view(session.device))
        .bind(4, session.seconds)
        .bind(5, session.orfs_computed)
        .run();
  });
}

void RunDatabase::update_session(double seconds, std::uint64_t orfs_computed) {
  impl_->write([&] {
    SqliteStatement(impl_->connection(),
                    "UPDATE sessions SET seconds = ?1, orfs_computed = ?2 "
                    "WHERE number = (SELECT max(number) FROM sessions)")
        .bind(1, seconds)
        .bind(2, orfs_computed)
        .run();
    check(sqlite3_changes(impl_->connection().get()) == 1, "no session has begun");
  });
}

std::vector<StoredSession> RunDatabase::sessions() const {
  const std::lock_guard lock(impl_->mutex);
  std::vector<StoredSession> sessions;
  SqliteStatement select(impl_->connection(),
                         "SELECT number, started_at, program_version, device, seconds, "
                         "orfs_computed FROM sessions ORDER BY number");
  while (select.step()) {
    const StoredRowReader reader(select, "sessions");
    sessions.push_back({std::string(reader.text(1, "started_at")),
                        std::string(reader.text(2, "program_version")),
                        std::string(reader.text(3, "device")), reader.seconds(4, "seconds"),
                        reader.count(5, "orfs_computed")});
  }
  return sessions;
}

void RunDatabase::Impl::commit_state() {
  update_progress.bind(1, state.extent.records)
      .bind(2, state.extent.chunks)
      .bind(3, state.extent.orfs)
      .bind(4, std::uint64_t{state.complete ? 1U : 0U})
      .run();
  connection().execute("COMMIT");
  committed = state;
}

void RunDatabase::commit() {
  impl_->change([&] {
    if (impl_->connection().in_transaction()) impl_->commit_state();
    // Afterwards: what is durable must also be where it will be looked for.
    impl_->file.require_in_place();
  });
}

void RunDatabase::Impl::undo_session() {
  if (connection().in_transaction()) connection().execute("ROLLBACK");
  state = committed;
  connection().execute("BEGIN IMMEDIATE");
  const std::uint64_t first_record = opened.last_record ? *opened.last_record + 1 : 0;
  if (first_record <= kMostNumber) {
    delete_from("records", "ordinal", first_record);
    delete_from("bases", "record", first_record);
  }
  delete_from("chunks", "number", opened.extent.chunks);
  delete_from("orfs", "number", opened.extent.orfs);
  delete_from("embeddings", "key", embedding_key(opened.extent.orfs, StoredEncoder::kDnabertS));
  delete_from("sessions", "number", sessions_at_opening + 1);
  if (opened.is_open) update_record.bind(1, *opened.last_record).run();  // the rest is NULL again
  for (const auto& [name, text] : old_texts) put_text(name, text);
  state = opened;
  commit_state();
  old_texts.clear();
}

void RunDatabase::undo_session() {
  const std::lock_guard lock(impl_->mutex);
  try {
    impl_->undo_session();
    impl_->file.require_in_place();
  } catch (...) {
    impl_->give_up(std::current_exception());
    throw;
  }
}

bool RunDatabase::holds_nothing() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->file.holds_nothing();
}

void RunDatabase::discard_if_empty() noexcept {
  try {
    const std::lock_guard lock(impl_->mutex);
    if (impl_->connection().in_transaction()) impl_->connection().try_execute("ROLLBACK");
    if (impl_->file.holds_nothing()) impl_->file.remove_files();
  } catch (const std::exception&) {
    // It stays, and gives way to whatever comes next.
  }
}

bool RunDatabase::has_uncommitted() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->connection().in_transaction();
}

void RunDatabase::read_record(std::uint64_t ordinal,
                              const std::function<void(const StoredRecord&)>& take) const {
  const std::lock_guard lock(impl_->mutex);
  SqliteStatement& select = impl_->select_record;
  check(!select.is_busy(), "a record is read while one is being read");
  const StatementReset reset_at_end(select);
  select.bind(1, std::min(ordinal, kMostNumber));
  if (!select.step()) return;
  const StoredRowReader reader(select, "records");
  const std::span<const std::byte> id = reader.blob(1, "id");
  take({reader.number(),
        {reinterpret_cast<const char*>(id.data()), id.size()},
        reader.count(2, "length"),
        reader.blob(3, "packed bases")});
}

void RunDatabase::read_orfs(std::uint64_t first, std::uint64_t end,
                            const std::function<void(const StoredOrf&)>& take) const {
  const std::lock_guard lock(impl_->mutex);
  SqliteStatement select(
      impl_->connection(),
      fmt::format("SELECT {} FROM orfs WHERE number >= ?1 AND number < ?2 ORDER BY number",
                  kOrfColumns)
          .c_str());
  select.bind(1, std::min(first, kMostNumber)).bind(2, std::min(end, kMostNumber));
  while (select.step()) take(read_orf(select));
}

void RunDatabase::read_embeddings(
    std::uint64_t first, std::uint64_t end,
    const std::function<void(std::uint64_t, StoredEncoder, std::span<const float>)>& take) const {
  const std::lock_guard lock(impl_->mutex);
  SqliteStatement select(
      impl_->connection(),
      "SELECT key, vector FROM embeddings WHERE key >= ?1 AND key < ?2 ORDER BY key");
  select.bind(1, 2 * std::min(first, kMostOrf)).bind(2, 2 * std::min(end, kMostOrf));
  std::vector<float> values;  // SQLite's bytes are not aligned
  while (select.step()) {
    const StoredRowReader reader(select, "embeddings");
    const std::span<const std::byte> bytes = reader.blob(1, "vector");
    if (bytes.empty() || bytes.size() % sizeof(float) != 0) {
      reader.fail(fmt::format("a vector of {} bytes", bytes.size()));
    }
    values.resize(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    take(reader.number() / 2, static_cast<StoredEncoder>(reader.number() % 2), values);
  }
}

void RunDatabase::visit(StoredRunVisitor& visitor) const {
  const std::lock_guard lock(impl_->mutex);
  StoredRunWalk walk(impl_->connection(), impl_->state.extent);
  while (walk.next(visitor)) {
  }
}

std::function<bool(StoredRunVisitor&)> RunDatabase::visit_in_steps() const {
  const std::lock_guard lock(impl_->mutex);
  auto walk = std::make_shared<StoredRunWalk>(impl_->connection(), impl_->state.extent);
  return [walk, impl = impl_.get()](StoredRunVisitor& visitor) {
    const std::lock_guard turn(impl->mutex);
    return walk->next(visitor);
  };
}

}  // namespace virnucpro
