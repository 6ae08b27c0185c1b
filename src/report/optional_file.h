// A result file that only some runs have.
#pragma once

#include <string>

#include "base/output_file.h"

namespace virnucpro {

/// Where the file is not wanted, its group removes the one that earlier results have left, which
/// must not stand beside tables of other choices. Thread-confined; throws OutputError.
class OptionalFile {
 public:
  /// `has_earlier`: the folder holds earlier results; a file in any other folder is the user's.
  OptionalFile(const std::string& path, bool is_wanted, bool has_earlier)
      : file_(path), is_wanted_(is_wanted), has_earlier_(has_earlier) {}

  bool is_wanted() const { return is_wanted_; }
  OutputFile& file() { return file_; }
  void end(OutputGroup& group) {
    if (is_wanted_) {
      group.add(file_);
    } else if (has_earlier_) {
      group.add_withdrawn(file_);
    }
  }

 private:
  OutputFile file_;
  bool is_wanted_;
  bool has_earlier_;
};

}  // namespace virnucpro
