// Records of finished results once more, in the format of their input.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/work_progress.h"
#include "report/record_choice.h"

namespace virnucpro {

/// What --write and --write-to ask for.
struct WriteRequest {
  WhichRecords which = WhichRecords::kViral;
  /// The files, one for each input; empty: DIR/<which>/<name of the input>.
  std::vector<std::string> outputs;
};

/// The files that will be written for these inputs.
std::vector<std::string> written_files(const WriteRequest& request,
                                       const std::vector<std::string>& inputs,
                                       const std::string& folder);

/// Throws ConfigError for an input that cannot be read a second time, and for another number of
/// outputs than inputs. To be called before a run.
void require_can_write(const WriteRequest& request, const std::vector<std::string>& inputs);

/// Copies records of the inputs that run.json in `folder` names, by the calls of contigs.tsv there;
/// the inputs must still be what was read. All files appear, each whole, or none. Throws
/// ConfigError, InputError, ChangedInput, OutputError, Interrupted. Returns their names.
std::vector<std::string> write_records(const std::string& folder, const WriteRequest& request,
                                       const Log& log, const std::stop_token& stop = {},
                                       const WorkProgress& progress = {});

}  // namespace virnucpro
