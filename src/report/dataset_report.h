// The report on what `dataset` made, as text and JSON.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/known_file.h"
#include "sequence/frames.h"

namespace virnucpro {

struct DatasetInput {
  std::string path;
  FileContent content;
  std::uint64_t records = 0;
  std::uint64_t labelled = 0;
  std::uint64_t annotated = 0;  ///< records with annotation
};

/// GenBank entries without a label that would have been unusable.
struct DatasetProblems {
  std::uint64_t without_bases = 0;
  std::uint64_t proteins = 0;
  std::uint64_t damaged = 0;
};

/// What one group has in one split, and what it gives.
struct DatasetGroup {
  std::string name;
  bool is_virus = false;
  std::uint64_t species = 0;  ///< that give fragments
  std::uint64_t sources = 0;
  std::uint64_t available = 0;
  std::uint64_t fragments = 0;
};

/// A source that gives fragments to one split.
struct DatasetSource {
  std::string name;
  std::string species;
  std::uint64_t fragments = 0;
};

struct DatasetSplit {
  std::string name;
  std::uint64_t fragments_per_class = 0;
  std::vector<DatasetGroup> groups;
  std::vector<DatasetSource> sources;
};

struct DatasetReport {
  std::string program_version;
  std::vector<std::string> command_line;
  std::vector<DatasetInput> inputs;
  std::string labels;
  FileContent labels_content;
  std::uint64_t expected_length = 0;
  FrameRule frames;
  std::optional<std::uint64_t> fragments;  ///< of each class, as the user asked
  double validation_share = 0.0;
  double test_share = 0.0;
  std::uint64_t seed = 0;
  std::uint64_t unlabelled_records = 0;
  DatasetProblems problems;  ///< of these records
  std::uint64_t unused_labels = 0;
  std::uint64_t chunks = 0;  ///< of labelled records; the next four are left out of them
  std::uint64_t with_unknown = 0;
  std::uint64_t without_frame = 0;
  std::uint64_t leaks = 0;    ///< same bases as in an earlier split
  std::uint64_t repeats = 0;  ///< same bases as earlier in the split
  std::vector<DatasetSplit> splits;
};

/// A table for users: a row for each group of each split.
std::string dataset_summary(const DatasetReport& report);
/// The whole report. It holds no time, so that the same call writes the same bytes.
std::string dataset_json(const DatasetReport& report);

}  // namespace virnucpro
