#include "run/kept_rows.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "base/format.h"
#include "base/partial_file.h"
#include "run/damage.h"
#include "run/row_digests.h"
#include "run/run_database.h"
#include "run/sqlite_handles.h"
#include "run/stored_row_reader.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostFrames = 6;

std::string path_in(const std::string& folder, const char* name) {
  return (fs::path(folder) / name).string();
}

void rename_file(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT)
    fail_output(from, "rename", errno);
}

void remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail_output(path, "remove", errno);
}

/// The database and its log.
constexpr std::array kEndings = {"", "-wal"};

}  // namespace

bool has_set_aside(const std::string& folder) {
  std::error_code error;
  return fs::exists(path_in(folder, kSetAsideFile), error);
}

void set_aside(const std::string& folder) {
  const std::string database = path_in(folder, kDatabaseFile);
  const std::string aside = path_in(folder, kSetAsideFile);
  if (has_set_aside(folder)) {
    for (const char* ending : kEndings) remove_file(database + ending);
  } else {
    // The log goes first: a database without it is an earlier state, whose rows prove themselves
    // all the same; a log without its database would count as that of the next one.
    rename_file(database + "-wal", aside + "-wal");
    rename_file(database, aside);
  }
  sync_folder(folder);
}

void remove_set_aside(const std::string& folder) {
  for (const char* ending : kEndings) remove_file(path_in(folder, kSetAsideFile) + ending);
}

struct KeptRows::Impl {
  explicit Impl(const std::string& path)
      : connection(path, path, SQLITE_OPEN_READWRITE),
        chunk(prepared(connection,
                       fmt::format("SELECT {} FROM chunks WHERE number = ?1", kChunkColumns))),
        orfs(prepared(connection, fmt::format("SELECT {} FROM orfs WHERE number >= ?1 AND number < "
                                              "?2 ORDER BY number",
                                              kOrfColumns))),
        embedding(
            prepared(connection, "SELECT key, vector, digest FROM embeddings WHERE key = ?1")) {}

  /// The first statement reads the file, which must not happen before its settings.
  static SqliteStatement prepared(const SqliteConnection& connection, const std::string& sql) {
    connection.configure(SQLITE_DBCONFIG_DEFENSIVE, true);
    connection.configure(SQLITE_DBCONFIG_TRUSTED_SCHEMA, false);
    connection.configure(SQLITE_DBCONFIG_ENABLE_VIEW, false);
    connection.configure(SQLITE_DBCONFIG_ENABLE_TRIGGER, false);
    connection.execute("PRAGMA locking_mode=EXCLUSIVE; PRAGMA cell_size_check=ON");
    return {connection, sql.c_str()};
  }

  SqliteConnection connection;
  SqliteStatement chunk;
  SqliteStatement orfs;
  SqliteStatement embedding;
};

/// Rows are proven by digests that equal those of the input.
struct KeptRows::Proof {
  explicit Proof(const Digest& work) : digests(work) {}
  RowDigests digests;
};

KeptRows::KeptRows(const std::string& folder, const std::vector<RunFact>& work)
    : proof_(std::make_unique<Proof>(digest_of(work))) {
  try {
    impl_ = std::make_unique<Impl>(path_in(folder, kSetAsideFile));
  } catch (const InputError&) {
    // Nothing of it can be read.
  }
}

KeptRows::~KeptRows() = default;

void KeptRows::begin_record(const StoredRecord& record) { proof_->digests.begin_record(record); }

bool KeptRows::read_chunk(
    std::uint64_t number, std::uint64_t first_orf, std::size_t count,
    const std::function<void(const StoredChunk&, std::span<const StoredOrf>)>& take) {
  if (impl_ == nullptr || count > kMostFrames) return false;
  const StatementReset reset_chunk(impl_->chunk);
  const StatementReset reset_orfs(impl_->orfs);
  std::array<StoredOrf, kMostFrames> orfs;
  std::array<std::string, kMostFrames> reasons;
  try {
    if (!impl_->chunk.bind(1, number).step()) return false;
    const StoredChunk chunk = virnucpro::read_chunk(impl_->chunk);
    const Digest stored = StoredRowReader(impl_->chunk, "chunks").digest(kChunkDigest, "checksum");
    impl_->orfs.bind(1, first_orf).bind(2, first_orf + count);
    std::size_t read = 0;
    for (; impl_->orfs.step() && read < count; ++read) {
      orfs[read] = read_orf(impl_->orfs);
      reasons[read] = orfs[read].reason;
      orfs[read].reason = reasons[read];
    }
    if (read != count) return false;
    proof_->digests.begin_chunk(chunk);
    for (std::size_t i = 0; i < count; ++i) proof_->digests.add_orf(orfs[i]);
    if (proof_->digests.end_chunk() != stored) return false;
    take(chunk, std::span(orfs.data(), count));
    return true;
  } catch (const DamagedDatabase&) {
    return false;
  }
}

std::vector<float> KeptRows::read_embedding(std::uint64_t orf, StoredEncoder encoder) {
  std::vector<float> values;
  if (impl_ == nullptr) return values;
  const StatementReset reset(impl_->embedding);
  try {
    const std::uint64_t key = 2 * orf + static_cast<std::uint64_t>(encoder);
    if (!impl_->embedding.bind(1, key).step()) return values;
    const StoredRowReader reader(impl_->embedding, "embeddings");
    const std::span<const std::byte> bytes = reader.blob(1, "vector");
    reader.expect_digest(2, proof_->digests.embedding(key, bytes));
    values.resize(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  } catch (const DamagedDatabase&) {
    values.clear();
  }
  return values;
}

}  // namespace virnucpro
