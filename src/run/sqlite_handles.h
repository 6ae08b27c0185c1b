// Owners of SQLite's connections and statements; for run/*.cc only.
#pragma once

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "run/damage.h"

namespace virnucpro {

/// An open database file. Used by one thread at a time, because SQLite's own locks are off. Every
/// failure of it or of its statements is thrown by fail().
class SqliteConnection {
 public:
  /// `path` appears in messages, `name` is opened; `flags` are those of sqlite3_open_v2.
  SqliteConnection(const std::string& path, const std::string& name, int flags);

  sqlite3* get() const { return handle_.get(); }
  const std::string& path() const { return path_; }
  /// Runs statements that give no rows, or whose rows do not matter.
  void execute(const char* sql) const;
  /// The same, for clean-up: a failure is ignored.
  void try_execute(const char* sql) const noexcept;
  bool in_transaction() const;
  bool is_for_reading() const;
  /// Sets a switch of sqlite3_db_config.
  void configure(int option, bool on) const;
  /// Throws what `code`, the result of `doing`, means: OutputError, InputError, ConfigError (locked
  /// by another process); ContractError where SQLite was misused.
  [[noreturn]] void fail(int code, const std::string& doing) const;

 private:
  struct Closer {
    void operator()(sqlite3* handle) const;
  };
  std::string path_;
  std::unique_ptr<sqlite3, Closer> handle_;
};

/// True when a file with the log's name, but not in SQLite's format, lies beside the database.
/// SQLite then opens nothing at all, unless the log's checksums are wrong, too.
bool has_unknown_log(const std::string& path);

/// Throws the ConfigError of a database that another process has open.
[[noreturn]] void fail_locked(const std::string& path);

/// Throws the InputError of a file that no run of this program has written.
[[noreturn]] void fail_foreign(const std::string& path, const std::string& found);

/// A column of the row that a statement is at, looked up once: asking the statement for its type
/// and then for its value looks it up twice. Valid until the statement's next step. SQLite calls
/// such a value unprotected, which is the same as a protected one where its own locks are off.
class SqliteValue {
 public:
  explicit SqliteValue(sqlite3_value* value) : value_(value) {}

  /// SQLITE_INTEGER, SQLITE_FLOAT, SQLITE_TEXT, SQLITE_BLOB or SQLITE_NULL.
  int type() const { return sqlite3_value_type(value_); }
  std::int64_t integer() const { return sqlite3_value_int64(value_); }
  double real() const { return sqlite3_value_double(value_); }
  std::string_view text() const;
  std::span<const std::byte> blob() const;

 private:
  sqlite3_value* value_;
};

/// A prepared statement, which must not outlive its connection. Parameters count from 1, columns
/// from 0. What is bound must live until run() or reset(); columns live until the next step().
class SqliteStatement {
 public:
  SqliteStatement(const SqliteConnection& connection, const char* sql);

  SqliteStatement& bind(int parameter, std::uint64_t value);
  SqliteStatement& bind(int parameter, double value);
  SqliteStatement& bind(int parameter, std::string_view text);
  SqliteStatement& bind(int parameter, std::span<const std::byte> blob);
  /// NULL where `text` is empty.
  SqliteStatement& bind_optional(int parameter, std::string_view text);

  /// True while there is a row.
  bool step();
  /// Runs a statement without rows; it is then ready for the next values.
  void run();
  /// Makes the statement ready for new values, which are NULL unless bound.
  void reset();
  /// True while a row is being read.
  bool is_busy() const { return sqlite3_stmt_busy(handle_.get()) != 0; }

  SqliteValue value(int column) const {
    return SqliteValue(sqlite3_column_value(handle_.get(), column));
  }
  int type(int column) const { return value(column).type(); }
  std::int64_t integer(int column) const { return value(column).integer(); }
  double real(int column) const { return value(column).real(); }
  std::string_view text(int column) const { return value(column).text(); }
  const SqliteConnection& connection() const { return *connection_; }
  sqlite3_stmt* get() const { return handle_.get(); }

 private:
  struct Finalizer {
    void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
  };
  void expect_ok(int code) const;

  const SqliteConnection* connection_;
  std::unique_ptr<sqlite3_stmt, Finalizer> handle_;
};

/// Resets a kept statement at the end of a scope, however the scope is left.
class StatementReset {
 public:
  explicit StatementReset(SqliteStatement& statement) : statement_(statement) {}
  ~StatementReset() { statement_.reset(); }
  StatementReset(const StatementReset&) = delete;
  StatementReset& operator=(const StatementReset&) = delete;

 private:
  SqliteStatement& statement_;
};

}  // namespace virnucpro
