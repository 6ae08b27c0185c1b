// Starts the real program in a fresh folder and keeps its output and its files.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace virnucpro::test {

/// What one call of the program left behind. A signal counts as exit code 128 + its number.
struct ProgramResult {
  int exit_code = -1;
  std::string out;
  std::string err;
  /// The command line and the folder, for failure messages.
  std::string call;
};

/// How to start the program.
struct ProgramCall {
  std::vector<std::string> arguments = {};
  /// Another program instead of virnucpro.
  std::string program = {};
  /// Added to an environment without VIRNUCPRO_ variables except one that hides GPUs.
  std::map<std::string, std::string> variables = {};
  /// Text for standard input.
  std::string input = {};
  /// Where standard output goes instead of ProgramResult::out; "closed" closes it.
  std::string out_path = {};
  /// Largest file it may write, in blocks of 512 bytes; 0: any. Stands for a full disk.
  int file_blocks = 0;
  /// Gives it a terminal as standard error.
  bool on_terminal = false;
  /// As above, the most descriptors it may have; 0: any.
  int open_files = 0;
  /// Addresses it may take (ulimit -v), in units of 1024 bytes; 0: any.
  int address_kilobytes = 0;
  /// Threads and processes that it may have (ulimit -u), as a user of its own where root starts it,
  /// for whom there is no such limit; 0: any.
  int processes = 0;
  /// Ends the names of the files of its streams. Needed by a call inside of `while_running`.
  std::string streams = {};
  /// Called with the process id while the program runs.
  std::function<void(int)> while_running = {};
};

/// Every test gets its own empty folder, cli_tests/<Suite>.<Test>, in which the program starts.
class CliTest : public testing::Test {
 protected:
  void SetUp() override;

  ProgramResult run(const ProgramCall& call) const;
  ProgramResult run(std::vector<std::string> arguments) const;

  /// The text on standard error so far; waits for `text` at most a minute.
  bool wait_for_message(const std::string& text) const;

  /// Inside the test's folder.
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  void write(const std::string& name, const std::string& content) const;
  /// The content of a file; a failure when it cannot be read.
  std::string read(const std::string& name) const;
  bool exists(const std::string& name) const;
  /// The names in a folder, sorted.
  std::vector<std::string> names_in(const std::string& name) const;

 private:
  std::string folder_;
};

/// The content of a file anywhere; a failure when it cannot be read.
std::string content_of(const std::string& path);

/// What a gzip file holds, up to 4 MiB.
std::string unzipped(const std::string& path);

/// Waits until a signal asks the process to stop (before, it ends at once); false after a minute.
bool wait_until_it_listens(int process);

/// Opens the named pipe once the program waits for its writer; -1 when it has ended before.
int open_writer(const std::string& path, int process);

/// False where the system gives no pseudo-terminals (a chroot without /dev/pts).
bool has_terminals();

/// Expects an exit code, and shows call and messages otherwise.
testing::AssertionResult ends_with(const ProgramResult& result, int exit_code);

/// The last line of `text`, without its line end.
std::string last_line(const std::string& text);

}  // namespace virnucpro::test
