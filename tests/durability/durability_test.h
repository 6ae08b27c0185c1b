// Runs that are disturbed, and the undisturbed one that they must equal.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>

#include "cli/program_runner.h"

namespace virnucpro::test {

/// Exit codes of the program.
constexpr int kUsage = 2;
constexpr int kInterrupted = 75;

/// Names of result files and their content; run.json without times, processes, memory and threads.
using Results = std::map<std::string, std::string>;

/// The results that are there. A run.json that cannot be read is a failure.
Results results_in(const std::string& folder);
/// Byte by byte; names the files that differ.
testing::AssertionResult same_results(const Results& expected, const Results& found);
/// A file with its final name is whole: a part of `expected`, and all of it beside run.json.
testing::AssertionResult only_whole_results(const Results& expected, const Results& found);

/// What the stock program reads from a copy of a folder's run.db.
struct StoredState {
  bool exists = false;  ///< with its tables
  bool is_complete = false;
  std::int64_t embedded = 0;  ///< sequences, of both encoders, that need not be computed again
  std::string integrity;      ///< "ok"
};
StoredState state_of(const std::string& folder);

/// Records of every kind: one to three chunks with open frames, equal ones, random bases, too short
/// ones, ambiguous ones, ids that occur again. Some 2.2 different frames a record.
std::string mixed_input(std::size_t records, std::uint32_t seed);

/// The number in a variable of the long form, or that of the short form.
int form(const char* variable, int short_form);
bool is_long_form();

class DurabilityTest : public CliTest {
 protected:
  /// predict in.fa -o `folder` in small batches; with `faults`, by the program that has them.
  ProgramCall predict(const std::string& folder, const std::string& faults = {}) const;
  /// The results of one undisturbed run of the real program on in.fa, and its seconds.
  Results undisturbed();
  /// Sequences that both encoders embedded in the undisturbed run.
  std::int64_t sequences() const { return sequences_; }
  /// Sum of the lines of a count file; 0 when it is not there.
  std::int64_t counted(const std::string& name) const;
  /// The run.json of a folder, unchanged.
  std::string run_json(const std::string& folder) const { return read(folder + "/run.json"); }

 private:
  std::int64_t sequences_ = 0;
};

}  // namespace virnucpro::test
