// The file of a run's database: found or made, locked, and recognised; for run/*.cc only.
#pragma once

#include <sys/types.h>

#include <array>
#include <string>
#include <vector>

#include "run/run_state.h"
#include "run/sqlite_handles.h"
#include "run/stored_rows.h"

namespace virnucpro {

/// A connection to a database with the tables of schema.h, which no other process can open
/// meanwhile. Errors as in run_database.h.
class DatabaseFile {
 public:
  /// What to do with an existing file.
  enum class Opening {
    kContinue,   ///< a new one where there is none or that holds nothing; else of the same work
    kStartOver,  ///< always a new one
    kExisting,   ///< there must be one, of whatever work; only read where it cannot be written
  };

  DatabaseFile(const std::string& folder, const std::vector<RunFact>& work, Opening opening);
  ~DatabaseFile();
  DatabaseFile(const DatabaseFile&) = delete;
  DatabaseFile& operator=(const DatabaseFile&) = delete;

  const SqliteConnection& connection() const { return connection_; }
  const std::string& path() const { return connection_.path(); }
  std::vector<RunFact> work() const;
  /// The state at opening.
  const RunState& state() const { return state_; }
  /// True when no record and no embedding is stored.
  bool holds_nothing() const;
  /// Removes the files, unless other files have their names by now or another process opens them.
  void remove_files();
  /// OutputError unless the folder still holds the files that are open.
  void require_in_place() const;

 private:
  class Turn;
  DatabaseFile(const std::string& folder, const std::vector<RunFact>& work, Opening opening,
               const Turn& turn);

  /// Identifies the file that a name stands for.
  struct Identity {
    ::dev_t device = 0;
    ::ino_t number = 0;
    bool operator==(const Identity&) const = default;
  };
  static Identity identity_of(const std::string& path);

  bool is_new() const;
  void make(const std::vector<RunFact>& work) const;
  void insert_work(const std::vector<RunFact>& work) const;
  void continue_with(const std::vector<RunFact>& work) const;
  void start_over() const;
  void prepare_for_writing() const;
  void require_known_schema() const;
  /// Gives a database of the old version the tables of results and the views of this one.
  void bring_up_to_date() const;
  bool is_in_place() const;

  std::string folder_;
  SqliteConnection connection_;
  RunState state_;
  std::array<Identity, 2> identities_;  ///< of the database and of its write-ahead log
};

}  // namespace virnucpro
