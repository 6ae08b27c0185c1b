// The files of `dataset`: all of them whole, or none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/output_file.h"
#include "report/dataset_report.h"

namespace virnucpro {

// The names inside the folder.
inline constexpr std::array<const char*, 3> kFragmentFiles = {"train.fa", "validation.fa",
                                                              "test.fa"};
inline constexpr const char* kDatasetLabelsFile = "labels.tsv";
inline constexpr const char* kFramesFile = "frames.tsv";
inline constexpr const char* kDatasetFile = "dataset.json";

/// A frame or run that counts; it is read from the bases [start, end) of the fragment.
struct CountedFrame {
  std::string_view name;
  std::size_t start = 0;
  std::size_t end = 0;
  bool is_run = false;
};

/// A row of the labels.
struct DatasetFragment {
  std::size_t split = 0;  ///< index of kFragmentFiles
  std::string_view split_name;
  std::string_view record;
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::string_view bases;
  bool is_virus = false;
  std::string_view group;
  std::string_view source;
  std::string_view species;
  std::span<const CountedFrame> frames;
};

/// The names of all files.
std::vector<const char*> dataset_file_names();

/// Throws ConfigError when `folder` is not a folder, or already holds the files and `force` is not
/// set.
void require_free_dataset_folder(const std::string& folder, bool force);

/// Makes the folder and writes into it. Every function may throw OutputError; then no file gets its
/// name. Thread-confined.
class DatasetFiles {
 public:
  /// `with_runs`: the table of frames says what of a fragment is read.
  explicit DatasetFiles(const std::string& folder, bool with_runs = false);

  void fragment(const DatasetFragment& fragment);
  /// Gives the files their names, dataset.json last: where it is, the others are, too.
  void publish(const DatasetReport& report);

 private:
  const bool with_runs_;
  std::array<std::unique_ptr<OutputFile>, kFragmentFiles.size()> fragments_;
  std::unique_ptr<OutputFile> labels_;
  std::unique_ptr<OutputFile> frames_;
  std::unique_ptr<OutputFile> report_;
};

}  // namespace virnucpro
