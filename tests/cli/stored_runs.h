// Shared by tests of `report` and `merge`: an input with everything in it, and tables.
#pragma once

#include <string>
#include <vector>

#include "cli/program_runner.h"
#include "cli/result_names.h"
#include "cli/test_inputs.h"

namespace virnucpro::test {

class StoredRunTest : public CliTest {
 protected:
  /// Two files, a.fa and b.fq: repeated sequences and ids, an empty record, one without an open
  /// frame, lower case and unknown letters.
  void write_inputs() const {
    std::vector<TestRecord> records = open_records(6, 250);
    records.push_back({"r1", records[0].bases});
    records.push_back({"empty", ""});
    records.push_back({"stops", "TAATAATAATAACTAACTAACTAACTTAGTTAGTTAG"});
    records.push_back({"r1", "acgtNNN" + open_frame(120, 77)});
    write("a.fa", fasta(records));
    std::vector<TestRecord> more = open_records(3, 90);
    more.push_back({"again", records[2].bases});
    more.push_back({"tab\tand <b>", open_frame(60, 9)});
    write("b.fq", fastq(more));
  }

  ProgramResult predict(std::vector<std::string> options) const {
    std::vector<std::string> arguments = {"predict", "a.fa", "b.fq", "--quiet", "-t", "1"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return run(arguments);
  }

  std::vector<std::string> tables_of(const std::string& folder) const {
    std::vector<std::string> contents;
    for (const std::string& name : kTables) contents.push_back(read(folder + "/" + name));
    return contents;
  }

  /// The message of a call that must end with `exit_code`.
  std::string error_of(const std::vector<std::string>& arguments, int exit_code) const {
    const ProgramResult result = run(arguments);
    EXPECT_TRUE(ends_with(result, exit_code));
    return result.err;
  }
};

}  // namespace virnucpro::test
