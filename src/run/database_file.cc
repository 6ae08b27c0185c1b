#include "run/database_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>

#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/partial_file.h"
#include "run/fact_differences.h"
#include "run/run_database.h"
#include "run/schema.h"

namespace virnucpro {
namespace {

/// A user who looks with the program sqlite3 is soon done; another run is not.
constexpr std::chrono::milliseconds kPatience(500);

/// Pages of the write-ahead log before they are copied into the database: 32 MiB. Each copy waits
/// for the disk twice, and the default, 1000 pages, would copy after every batch.
constexpr const char* kSettings =
    "PRAGMA synchronous=FULL;"  // commit waits for the disk
    "PRAGMA wal_autocheckpoint=8000;"
    "PRAGMA secure_delete=OFF;"  // Debian overwrites what is deleted
    "PRAGMA temp_store=MEMORY;"
    "PRAGMA cache_size=-16384";  // KiB

/// KiB of pages for a reader, who goes once and in order, perhaps beside hundreds of others.
constexpr const char* kReaderSettings = "PRAGMA cache_size=-256";

std::string path_in(const std::string& folder) {
  return (std::filesystem::path(folder) / kDatabaseFile).string();
}

/// Throws unless SQLite may touch the path.
void look_before_opening(const std::string& folder, const std::string& path, bool must_exist) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (std::filesystem::is_regular_file(status)) return;
  if (std::filesystem::exists(status)) fail_foreign(path, "something that is no file");
  if (error && error != std::errc::no_such_file_or_directory) {
    fail_output(path, "open", error.value());
  }
  if (must_exist) {
    throw InputError(
        fmt::format("{}: there is no {} in this folder. Name the output folder of a run.", folder,
                    kDatabaseFile));
  }
  // SQLite tries several ways and reports only the last one.
  if (::access(folder.c_str(), W_OK | X_OK) != 0) fail_output(path, "create", errno);
}

/// True where the file can only be read, as on a read-only medium. Without a log it is complete:
/// every process that has it open keeps a log, and a killed one leaves it.
bool is_archived(const std::string& folder, const std::string& path) {
  return (::access(path.c_str(), W_OK) != 0 || ::access(folder.c_str(), W_OK) != 0) &&
         ::access((path + "-wal").c_str(), F_OK) != 0;
}

/// The path as a URI that tells SQLite to take no locks and look for no log.
std::string immutable_uri(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      uri += fmt::format("%{:02x}", static_cast<int>(c));
    } else {
      uri += c;
    }
  }
  return uri + "?immutable=1";
}

/// SQLite gives its files the mode 0644 at most. The log gets the mode of the database.
void create_by_umask(const std::string& path) {
  // Never an existing file: closing it would end the lock that this process may hold on it.
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (descriptor >= 0) ::close(descriptor);  // SQLite will report the error
}

/// A user who names the database, or another file, means the folder of a run.
void require_no_file(const std::string& folder) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(folder, error)) return;
  const std::filesystem::path path(folder);
  if (path.filename() == kDatabaseFile) {
    const std::string parent = path.parent_path().string();
    throw InputError(fmt::format("{}: is the database of a run; name its folder: {}", folder,
                                 parent.empty() ? "." : parent));
  }
  throw InputError(fmt::format("{}: is a file; name the output folder of a run.", folder));
}

SqliteConnection open_connection(const std::string& folder, DatabaseFile::Opening opening) {
  const std::string path = path_in(folder);
  const bool must_exist = opening == DatabaseFile::Opening::kExisting;
  if (must_exist) require_no_file(folder);
  look_before_opening(folder, path, must_exist);
  if (must_exist && is_archived(folder, path)) {
    return {path, immutable_uri(path), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI};
  }
  // SQLite would not even start over. A run at work never has such a log; SQLite reports one that
  // cannot be removed.
  if (opening == DatabaseFile::Opening::kStartOver && has_unknown_log(path)) {
    std::error_code ignored;
    std::filesystem::remove(path + "-wal", ignored);
  }
  if (!must_exist) create_by_umask(path);
  SqliteConnection connection(path, path,
                              SQLITE_OPEN_READWRITE | (must_exist ? 0 : SQLITE_OPEN_CREATE));
  // SQLite opens it for reading rather than not at all.
  if (connection.is_for_reading()) {
    connection.fail(SQLITE_READONLY,
                    must_exist ? "take in the log that a killed run has left" : "write");
  }
  return connection;
}

std::uint64_t number_of(const SqliteConnection& connection, const char* sql) {
  SqliteStatement statement(connection, sql);
  check(statement.step(), "no row of: {}", sql);
  return static_cast<std::uint64_t>(statement.integer(0));
}

}  // namespace

/// A lock on the folder while its database is opened. Of runs that start at the same time the first
/// then gets the database; with SQLite's locks alone each could wait for the others until all give
/// up. Where folders cannot be locked (NFS), SQLite's locks have to do.
class DatabaseFile::Turn {
 public:
  explicit Turn(const std::string& folder)
      : descriptor_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
      if (std::chrono::steady_clock::now() > end) {
        ::close(descriptor_);
        fail_locked(path_in(folder));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
  ~Turn() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  int descriptor_;  ///< -1 where the folder cannot be opened; opening the file then fails
};

DatabaseFile::DatabaseFile(const std::string& folder, const std::vector<RunFact>& work,
                           Opening opening)
    : DatabaseFile(folder, work, opening, Turn(folder)) {}

DatabaseFile::DatabaseFile(const std::string& folder, const std::vector<RunFact>& work,
                           Opening opening, const Turn& /*turn*/)
    : folder_(folder), connection_(open_connection(folder, opening)) {
  // A file from elsewhere may hold views and triggers: none of them may run.
  connection_.configure(SQLITE_DBCONFIG_DEFENSIVE, true);
  connection_.configure(SQLITE_DBCONFIG_TRUSTED_SCHEMA, false);
  connection_.configure(SQLITE_DBCONFIG_ENABLE_VIEW, false);
  connection_.configure(SQLITE_DBCONFIG_ENABLE_TRIGGER, false);
  sqlite3_busy_timeout(connection_.get(), static_cast<int>(kPatience.count()));
  // Set before the first look at the file. SQLite then keeps its lock until the end and needs no
  // memory shared with other processes, so that network file systems will do.
  connection_.execute("PRAGMA locking_mode=EXCLUSIVE; PRAGMA cell_size_check=ON");
  if (opening == Opening::kStartOver) start_over();
  const bool must_make = is_new();
  if (!must_make) require_known_schema();
  if (must_make && opening == Opening::kExisting) fail_foreign(path(), "a file without its tables");
  if (!connection_.is_for_reading()) prepare_for_writing();
  if (opening == Opening::kExisting) connection_.execute(kReaderSettings);
  if (must_make) make(work);
  state_ = read_run_state(connection_, this->work());
  if (!must_make && opening == Opening::kContinue) {
    continue_with(work);
    bring_up_to_date();
  }
  identities_ = {identity_of(path()), identity_of(path() + "-wal")};
  require_in_place();
}

DatabaseFile::~DatabaseFile() {
  // When closed, SQLite removes the log by name, which may mean that of another run by now.
  if (!is_in_place()) {
    sqlite3_db_config(connection_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }
}

bool DatabaseFile::is_new() const {
  // A process that was killed in between leaves an empty file, or one without tables.
  return number_of(connection_, "SELECT count(*) FROM sqlite_schema") == 0 &&
         number_of(connection_, "PRAGMA application_id") == 0 &&
         number_of(connection_, "PRAGMA user_version") == 0;
}

void DatabaseFile::prepare_for_writing() const {
  SqliteStatement set_mode(connection_, "PRAGMA journal_mode=WAL");
  check(set_mode.step() && set_mode.text(0) == "wal", "SQLite keeps no write-ahead log here");
  set_mode.reset();
  connection_.execute(kSettings);
}

void DatabaseFile::start_over() const {
  // Empties the file in one transaction, even one that is damaged or not a database.
  connection_.configure(SQLITE_DBCONFIG_RESET_DATABASE, true);
  connection_.execute("VACUUM");
  connection_.configure(SQLITE_DBCONFIG_RESET_DATABASE, false);
}

void DatabaseFile::make(const std::vector<RunFact>& work) const {
  connection_.execute("BEGIN IMMEDIATE");
  for (const char* sql : row_tables()) connection_.execute(sql);
  for (const char* sql : result_tables(kSchemaVersion)) connection_.execute(sql);
  for (const char* sql : initial_rows()) connection_.execute(sql);
  insert_work(work);
  write_run_state(connection_, work, {});
  connection_.execute(fmt::format("PRAGMA application_id={}; PRAGMA user_version={}; COMMIT",
                                  kApplicationId, kSchemaVersion)
                          .c_str());
  sync_folder(folder_);  // makes the name durable, too
}

void DatabaseFile::insert_work(const std::vector<RunFact>& work) const {
  SqliteStatement insert(connection_, "INSERT INTO work VALUES (?1, ?2, ?3)");
  for (std::size_t i = 0; i < work.size(); ++i) {
    check(find_fact(work, work[i].name) == &work[i].value, "two facts are called '{}'",
          work[i].name);
    insert.bind(1, std::uint64_t{i}).bind(2, work[i].name).bind(3, work[i].value).run();
  }
}

void DatabaseFile::require_known_schema() const {
  const std::uint64_t application = number_of(connection_, "PRAGMA application_id");
  if (application != kApplicationId) {
    fail_foreign(path(), fmt::format("a database of another program (application id {:#x})",
                                     static_cast<std::uint32_t>(application)));
  }
  const std::uint64_t version = number_of(connection_, "PRAGMA user_version");
  if (version != kSchemaVersion && version != kOldSchemaVersion) {
    fail_foreign(path(), fmt::format("one of version {}, where this program knows version {}",
                                     static_cast<std::int32_t>(version), kSchemaVersion));
  }
  SqliteStatement statement(connection_, "SELECT sql FROM sqlite_schema ORDER BY rowid");
  for (const auto expected_ones :
       {row_tables(), result_tables(static_cast<std::uint32_t>(version))}) {
    for (const char* expected : expected_ones) {
      if (!statement.step() || statement.text(0) != expected) {
        fail_damaged(path(), "other tables than those of its version");
      }
    }
  }
  if (statement.step()) fail_damaged(path(), "more tables than those of its version");
}

void DatabaseFile::bring_up_to_date() const {
  if (number_of(connection_, "PRAGMA user_version") == kSchemaVersion) return;
  connection_.execute("BEGIN IMMEDIATE; DROP VIEW predictions; DROP VIEW account");
  for (const char* sql : result_tables(kSchemaVersion)) connection_.execute(sql);
  connection_.execute(fmt::format("PRAGMA user_version={}; COMMIT", kSchemaVersion).c_str());
}

std::vector<RunFact> DatabaseFile::work() const {
  std::vector<RunFact> facts;
  SqliteStatement statement(connection_, "SELECT name, value FROM work ORDER BY position");
  while (statement.step()) {
    facts.push_back({std::string(statement.text(0)), std::string(statement.text(1))});
  }
  return facts;
}

bool DatabaseFile::holds_nothing() const {
  return number_of(connection_,
                   "SELECT EXISTS (SELECT * FROM records) OR EXISTS (SELECT * FROM embeddings) OR "
                   "EXISTS (SELECT * FROM progress WHERE records <> 0 OR complete <> 0)") == 0;
}

void DatabaseFile::continue_with(const std::vector<RunFact>& work) const {
  const std::string all = differences_of(this->work(), "there", work, "now");
  if (all.empty()) return;
  if (!holds_nothing()) {
    throw ConfigError(fmt::format(
        "{}: holds other work than what is asked for now ({}). Choose another folder with "
        "-o, or throw away what is there with --force.",
        path(), all));
  }
  connection_.execute("BEGIN IMMEDIATE; DELETE FROM work; DELETE FROM sessions; DELETE FROM texts");
  insert_work(work);
  write_run_state(connection_, work, {});
  connection_.execute("COMMIT");
}

void DatabaseFile::remove_files() {
  // No other process opens them meanwhile.
  const Turn turn(folder_);
  if (!is_in_place()) return;
  // The database goes first: SQLite removes a log that lies beside no database.
  ::unlink(path().c_str());
  ::unlink((path() + "-wal").c_str());
}

DatabaseFile::Identity DatabaseFile::identity_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino};
}

bool DatabaseFile::is_in_place() const {
  // SQLite compares its open database with the file of that name; the rest checks the log, and the
  // case of another disk whose file has the same number.
  int has_moved = 0;
  const int code =
      sqlite3_file_control(connection_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
  return code == SQLITE_OK && has_moved == 0 && identity_of(path()) == identities_[0] &&
         identity_of(path() + "-wal") == identities_[1] && identities_[0].number != 0;
}

void DatabaseFile::require_in_place() const {
  if (is_in_place()) return;
  throw OutputError(
      fmt::format("{}: was removed or replaced while the run was working in its folder. What has "
                  "been computed since is lost; run again.",
                  path()));
}

}  // namespace virnucpro
