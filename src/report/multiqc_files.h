// What MultiQC shows of a run beside those of other samples: files of its "custom content".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/output_file.h"
#include "report/result_tables.h"

namespace virnucpro {

/// Counts records and writes virnucpro_general_mqc.json (general statistics),
/// virnucpro_records_mqc.json (what became of the records) and virnucpro_scores_mqc.json (their
/// distribution) under partial names. The sample has the name of the folder. Memory: fixed.
/// Thread-confined; throws OutputError.
class MultiqcFiles {
 public:
  static constexpr std::size_t kBins = 20;

  /// The folder exists.
  explicit MultiqcFiles(const std::string& folder);

  void record(const RecordRow& record, const RecordSummary& summary);
  /// Writes the files, which go to `group`; nothing may follow.
  void end(OutputGroup& group);

 private:
  std::string general() const;
  std::string records() const;
  std::string scores() const;

  std::string sample_;
  OutputFile general_file_;
  OutputFile records_file_;
  OutputFile scores_file_;
  std::uint64_t total_ = 0;
  std::uint64_t viral_ = 0;
  std::uint64_t viral_bases_ = 0;
  OutcomeCounts others_;                          // of the records that are not viral
  std::array<std::uint64_t, kBins> scores_ = {};  // of the records that have one
};

}  // namespace virnucpro
