// Makes fragments of labelled genomes, to train and judge classifiers.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/work_progress.h"
#include "dataset/selection.h"
#include "report/dataset_report.h"
#include "sequence/frames.h"

namespace virnucpro {

struct DatasetRequest {
  std::vector<std::string> genomes;  ///< files that can be read twice
  std::string labels;                ///< a table as in evaluation/label_table.h
  std::string output;
  std::uint64_t expected_length = 500;
  FrameRule frames;  ///< which frames and runs count
  SelectionRule rule;
  std::string program_version;
  std::vector<std::string> command_line;
};

/// Reads the genomes twice: to find and select fragments, then to write the selected ones. So
/// memory holds one record and some 50 bytes per candidate, whatever its bases. Throws ConfigError
/// for an input that cannot be read twice, InputError for damaged files, labels that contradict
/// each other or the input, or no fragments to train on; OutputError; Interrupted.
DatasetReport make_dataset(const DatasetRequest& request, const Log& log,
                           const std::stop_token& stop = {}, const WorkProgress& progress = {});

}  // namespace virnucpro
