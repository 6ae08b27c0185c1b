#include "run/sqlite_handles.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <limits>
#include <new>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/partial_file.h"

namespace virnucpro {
namespace {

/// Why a file is open only for reading, to which SQLite falls back by itself.
int reason_of_read_only(const std::string& path) {
  return ::access(path.c_str(), W_OK) != 0 ? errno : EROFS;
}

/// Why the last system call on the log or the database failed. The errno in sqlite3_system_errno()
/// may be that of a later call.
int last_errno(sqlite3* handle) {
  int error = 0;
  sqlite3_file* log = nullptr;
  if (sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK &&
      log != nullptr && log->pMethods != nullptr) {
    log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &error);
  }
  if (error == 0) sqlite3_file_control(handle, "main", SQLITE_FCNTL_LAST_ERRNO, &error);
  if (error == 0) error = sqlite3_system_errno(handle);
  return error != 0 ? error : EIO;
}

}  // namespace

bool has_unknown_log(const std::string& path) {
  // sqlite.org/fileformat2.html, 4.1: a magic number of either byte order, then 3007000.
  constexpr std::array<char, 3> kMagic = {0x37, 0x7f, 0x06};
  constexpr std::array<char, 4> kFormat = {0x00, 0x2d, '\xe2', 0x18};
  std::array<char, 8> head{};
  std::ifstream log(path + "-wal", std::ios::binary);
  return log.read(head.data(), head.size()) &&
         std::equal(kMagic.begin(), kMagic.end(), head.begin()) &&
         !std::equal(kFormat.begin(), kFormat.end(), head.begin() + 4);
}

void fail_locked(const std::string& path) {
  throw ConfigError(
      fmt::format("another run is working in this folder: {} is locked. Wait for it, or choose "
                  "another folder with -o.",
                  path));
}

void fail_foreign(const std::string& path, const std::string& found) {
  throw InputError(
      fmt::format("{}: expected the database of a run, found {}. Choose another folder with -o, or "
                  "throw it away with --force.",
                  path, found));
}

void SqliteConnection::Closer::operator()(sqlite3* handle) const {
  // Could only return SQLITE_BUSY, for a statement that is still open: those do not live as long.
  sqlite3_close(handle);
}

SqliteConnection::SqliteConnection(const std::string& path, const std::string& name, int flags)
    : path_(path) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &handle,
                                   flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  handle_.reset(handle);  // there is a handle even where opening failed
  if (code != SQLITE_OK) fail(code, "open");
}

void SqliteConnection::execute(const char* sql) const {
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code, "write");
}

void SqliteConnection::try_execute(const char* sql) const noexcept {
  sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
}

bool SqliteConnection::in_transaction() const { return sqlite3_get_autocommit(get()) == 0; }

bool SqliteConnection::is_for_reading() const { return sqlite3_db_readonly(get(), "main") == 1; }

void SqliteConnection::configure(int option, bool on) const {
  const int code = sqlite3_db_config(handle_.get(), option, on ? 1 : 0, nullptr);
  check(code == SQLITE_OK, "SQLite refuses option {}", option);
}

void SqliteConnection::fail(int code, const std::string& doing) const {
  if (!handle_) throw std::bad_alloc();  // SQLite had no memory for a handle
  const std::string said = sqlite3_errmsg(handle_.get());
  switch (code & 0xff) {  // the rest of an extended code names the place in SQLite
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      fail_locked(path_);
    case SQLITE_FULL:
      // SQLite gives this code also for a file of its largest size, 281 terabytes.
      fail_output(path_, doing, ENOSPC);
    case SQLITE_READONLY:
      fail_output(path_, doing, reason_of_read_only(path_));
    case SQLITE_NOMEM:
      // SQLite gives this code for some damaged definitions of tables, too, and far more often.
      fail_damaged(path_, "a damaged file, unless the memory is short (" + said + ")");
    case SQLITE_CANTOPEN:
      if (has_unknown_log(path_)) fail_foreign(path_, "a log of another format beside it");
      [[fallthrough]];
    case SQLITE_IOERR:
    case SQLITE_PERM:
    case SQLITE_NOLFS:
      if (code == SQLITE_IOERR_NOMEM || code == SQLITE_IOERR_CORRUPTFS) break;
      fail_output(path_, doing, last_errno(handle_.get()));
    case SQLITE_TOOBIG:
      throw InputError(fmt::format(
          "{}: a record, an id or a text is larger than the {} bytes that the database takes in "
          "one piece. Split the record.",
          path_, sqlite3_limit(handle_.get(), SQLITE_LIMIT_LENGTH, -1)));
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_ABORT:
    case SQLITE_INTERRUPT:
    case SQLITE_INTERNAL:
      check(false, "SQLite cannot {} {}: {} (code {})", doing, path_, said, code);
      break;
    default:
      // CORRUPT and NOTADB; also ERROR, CONSTRAINT, MISMATCH, SCHEMA and the rest: our own
      // statements fit our own tables, so the file is not what it says.
      break;
  }
  fail_damaged(path_, fmt::format("a damaged or foreign file ({}, code {})", said, code));
}

SqliteStatement::SqliteStatement(const SqliteConnection& connection, const char* sql)
    : connection_(&connection) {
  sqlite3_stmt* handle = nullptr;
  expect_ok(
      sqlite3_prepare_v3(connection.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, nullptr));
  handle_.reset(handle);
}

void SqliteStatement::expect_ok(int code) const {
  if (code != SQLITE_OK) connection_->fail(code, "use");
}

SqliteStatement& SqliteStatement::bind(int parameter, std::uint64_t value) {
  check(value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()),
        "{} is no number of the database", value);
  expect_ok(sqlite3_bind_int64(handle_.get(), parameter, static_cast<std::int64_t>(value)));
  return *this;
}

SqliteStatement& SqliteStatement::bind(int parameter, double value) {
  expect_ok(sqlite3_bind_double(handle_.get(), parameter, value));
  return *this;
}

SqliteStatement& SqliteStatement::bind(int parameter, std::string_view text) {
  // A null pointer would be NULL, not an empty text.
  expect_ok(sqlite3_bind_text64(handle_.get(), parameter, text.empty() ? "" : text.data(),
                                text.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

SqliteStatement& SqliteStatement::bind(int parameter, std::span<const std::byte> blob) {
  if (blob.empty()) {
    expect_ok(sqlite3_bind_zeroblob(handle_.get(), parameter, 0));
  } else {
    expect_ok(
        sqlite3_bind_blob64(handle_.get(), parameter, blob.data(), blob.size(), SQLITE_STATIC));
  }
  return *this;
}

SqliteStatement& SqliteStatement::bind_optional(int parameter, std::string_view text) {
  if (!text.empty()) return bind(parameter, text);
  expect_ok(sqlite3_bind_null(handle_.get(), parameter));
  return *this;
}

bool SqliteStatement::step() {
  switch (const int code = sqlite3_step(handle_.get())) {
    case SQLITE_ROW:
      return true;
    case SQLITE_DONE:
      return false;
    default:
      connection_->fail(code, sqlite3_stmt_readonly(handle_.get()) != 0 ? "read" : "write");
  }
}

void SqliteStatement::run() {
  const StatementReset reset_at_end(*this);
  check(!step(), "a statement with a row too many");
}

void SqliteStatement::reset() {
  // Both repeat the error of the last step, which has been thrown.
  sqlite3_reset(handle_.get());
  sqlite3_clear_bindings(handle_.get());
}

std::string_view SqliteValue::text() const {
  // In this order: sqlite3_value_bytes counts what sqlite3_value_text has made.
  const unsigned char* data = sqlite3_value_text(value_);
  const int size = sqlite3_value_bytes(value_);
  if (data == nullptr) return {};
  return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)};
}

std::span<const std::byte> SqliteValue::blob() const {
  const void* data = sqlite3_value_blob(value_);
  const int size = sqlite3_value_bytes(value_);
  if (data == nullptr) return {};
  return {static_cast<const std::byte*>(data), static_cast<std::size_t>(size)};
}

}  // namespace virnucpro
