#include "run/run_database.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <system_error>

#include "base/errors.h"
#include "base/escape.h"
#include "base/format.h"
#include "run/run_database_impl.h"
#include "run/stored_row_reader.h"

namespace virnucpro {
namespace {

/// SQLite takes a row in one piece; what this leaves is room enough for the rest of the row.
void require_room(const SqliteConnection& connection, const StoredRecord& record) {
  constexpr std::uint64_t kRestOfRow = 1000;
  const int limit = sqlite3_limit(connection.get(), SQLITE_LIMIT_LENGTH, -1);
  const std::uint64_t most = static_cast<std::uint64_t>(limit) - kRestOfRow;
  if (record.bases.size() <= most && record.id.size() <= most) return;
  throw InputError(fmt::format(
      "record {} ('{}'): {} bases, {} bytes when packed, and an id of {}, are more than "
      "the {} bytes that the database of a run takes in one piece. Split the record.",
      record.ordinal + 1, shown_id(record.id), record.length, record.bases.size(), record.id.size(),
      most));
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace

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
  // The file is not opened, because closing it again would end the lock that this process may hold
  // on it. A process that was killed while it made the file leaves an empty one.
  std::error_code error;
  const auto path = std::filesystem::path(folder) / kDatabaseFile;
  return std::filesystem::is_regular_file(path, error) &&
         std::filesystem::file_size(path, error) > 0 && !error;
}

const std::string& RunDatabase::path() const { return impl_->file.path(); }

std::vector<RunFact> RunDatabase::work() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->work;
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
    check(!state.open_head, "record {} before the end of the one before", record.ordinal);
    require_room(impl_->connection(), record);
    const Digest head = impl_->digests.begin_record(record);
    impl_->insert_record.bind(1, record.ordinal)
        .bind(2, bytes_of(record.id))
        .bind(3, record.length)
        .bind(4, head.bytes())
        .run();
    impl_->insert_bases.bind(1, record.ordinal).bind(2, record.bases).run();
    state.last_record = record.ordinal;
    state.open_head = head;
    state.total += head;
    ++state.extent.records;
  });
}

void RunDatabase::add_chunk(const StoredChunk& chunk) {
  impl_->add([&] {
    RunState& state = impl_->state;
    check(chunk.number == state.extent.chunks, "chunk {} after {} chunks", chunk.number,
          state.extent.chunks);
    check(state.open_head && chunk.record == *state.last_record, "a chunk of record {}",
          chunk.record);
    impl_->finish_chunk();
    impl_->digests.begin_chunk(chunk);
    impl_->open_reason = chunk.reason;
    impl_->open_chunk = chunk;
    impl_->open_chunk->reason = {};
    ++state.extent.chunks;
  });
}

void RunDatabase::add_orf(const StoredOrf& orf) {
  impl_->add([&] {
    RunState& state = impl_->state;
    check(orf.number == state.extent.orfs && impl_->open_chunk &&
              orf.chunk == impl_->open_chunk->number,
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
      // SQLite would turn a NaN into NULL.
      check(std::isfinite(orf.p_others) && std::isfinite(orf.p_virus),
            "the scores of ORF {}: {} {}", orf.number, orf.p_others, orf.p_virus);
      insert.bind(5, double{orf.p_others}).bind(6, double{orf.p_virus});
    }
    if (orf.same_as) insert.bind(7, *orf.same_as);
    insert.bind_optional(8, orf.reason).run();
    StoredOrf digested = orf;
    if (orf.outcome != Outcome::kScored) digested.p_others = digested.p_virus = 0.0f;
    impl_->digests.add_orf(digested);
    ++state.extent.orfs;
  });
}

void RunDatabase::end_record(std::uint64_t ordinal, Outcome outcome, std::string_view reason) {
  impl_->add([&] {
    RunState& state = impl_->state;
    check(state.last_record == ordinal, "the end of record {}, which is missing", ordinal);
    // A run that continues ends the last stored record once more.
    if (!state.open_head) return;
    impl_->finish_chunk();
    const Digest digest = impl_->digests.end_record(state.extent.chunks, outcome, reason);
    impl_->update_record.bind(1, ordinal)
        .bind(2, static_cast<std::uint64_t>(outcome))
        .bind_optional(3, reason)
        .bind(4, digest.bytes())
        .run();
    state.total += digest;
    state.open_head.reset();
  });
}

void RunDatabase::put_embedding(std::uint64_t orf, StoredEncoder encoder,
                                std::span<const float> values) {
  impl_->write([&] {
    check(!values.empty(), "an empty embedding of ORF {}", orf);
    const std::uint64_t key = embedding_key(orf, encoder);
    const Digest digest = impl_->embedding_digests.embedding(key, std::as_bytes(values));
    impl_->replace_embedding.bind(1, key).bind(2, std::as_bytes(values)).bind(3, digest.bytes());
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
  impl_->add([&] {
    check(!impl_->state.open_head, "the end of the run before that of its last record");
    impl_->state.complete = true;
  });
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
  finish_chunk();
  write_run_state(connection(), work, state);
  connection().execute("COMMIT");
  committed = state;
}

void RunDatabase::commit() {
  impl_->change([&] {
    if (impl_->connection().in_transaction()) impl_->commit_state();
    // Afterwards, because durable rows must also be where they will be looked for.
    impl_->file.require_in_place();
  });
}

bool RunDatabase::has_uncommitted() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->connection().in_transaction();
}

}  // namespace virnucpro
