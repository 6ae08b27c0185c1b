// The files of `precision`: all of them whole, or none.
#pragma once

#include <string>
#include <vector>

#include "base/output_file.h"
#include "report/precision_report.h"

namespace virnucpro {

// The names inside the folder.
inline constexpr const char* kSequencesFile = "sequences.tsv";
inline constexpr const char* kLayersFile = "layers.tsv";
inline constexpr const char* kPrecisionFile = "precision.json";

/// The names of all files.
std::vector<const char*> precision_file_names();

/// Throws ConfigError when `folder` is not a folder, or already holds the files and `force` is not
/// set.
void require_free_precision_folder(const std::string& folder, bool force);

/// Makes the folder; a row per frame is written as it comes. Thread-confined; every call may throw
/// OutputError, and without publish() no file gets its name.
class PrecisionFiles {
 public:
  explicit PrecisionFiles(const std::string& folder);

  void frame(const FrameComparison& frame);
  /// Writes the other files and gives all their names, precision.json last: then the others exist.
  void publish(const PrecisionReport& report);

 private:
  OutputFile sequences_;
  OutputFile layers_;
  OutputFile report_;
};

}  // namespace virnucpro
