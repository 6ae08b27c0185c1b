// The program's own tables (predictions.tsv, contigs.tsv) and the viral records as FASTA.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/output_file.h"
#include "report/rows.h"

namespace virnucpro {

/// A frame's row and its call.
struct CalledFrame {
  FrameRow row;
  bool is_virus = false;
};

/// predictions.tsv, one row a scored frame: id (escaped), record and chunk (from 1),
/// start and end of the chunk in the record (0-based, end exclusive, as in BED), strand + or -,
/// frame F1..R3, p_virus, p_calibrated of the chunk or NA, call virus or others. `with_runs`: start
/// and end of what was read, and one more column, read: open or run. Thread-confined; throws
/// OutputError.
class PredictionsTable {
 public:
  explicit PredictionsTable(const std::string& path, bool with_runs = false);
  /// `p_calibrated` of the chunk; absent: NA.
  void chunk(const RecordRow& record, const ChunkRow& chunk, std::span<const CalledFrame> frames,
             const std::optional<double>& p_calibrated);
  OutputFile& file() { return file_; }

 private:
  OutputFile file_;
  const bool with_runs_;
  // Reused: the columns that a chunk's frames share, before and after their own.
  std::string prefix_;
  std::string calibrated_;
};

/// The values of contigs.tsv for one record, besides its name and length.
struct RecordSummary {
  std::uint64_t chunks = 0;
  std::uint64_t scored_chunks = 0;
  std::uint64_t frames = 0;
  std::uint64_t viral_chunks = 0;
  double sum_p_virus = 0.0;  ///< over the frames, in their order
  float max_p_virus = 0.0f;
  std::optional<double> p_calibrated;
  bool viral = false;
  Outcome outcome = Outcome::kTooShort;
  std::string reason;  ///< of the first failed chunk

  /// Over the frames; 0 without any.
  double mean_p_virus() const {
    return frames > 0 ? sum_p_virus / static_cast<double>(frames) : 0.0;
  }
};

/// contigs.tsv, one row a record, in input order: id, record, length, chunks, scored_chunks,
/// frames, viral_chunks, mean_p_virus and max_p_virus over its frames, p_calibrated, call, status,
/// reason. NA where there is no value. Thread-confined; throws OutputError.
class ContigsTable {
 public:
  explicit ContigsTable(const std::string& path);
  void record(const RecordRow& record, const RecordSummary& summary);
  OutputFile& file() { return file_; }

 private:
  OutputFile file_;
};

/// Writes whole records, bases as read, 80 columns. Ids keep their text except control bytes.
class ViralFasta {
 public:
  explicit ViralFasta(const std::string& path) : file_(path) {}
  void record(std::string_view id, std::string_view bases);
  OutputFile& file() { return file_; }

 private:
  OutputFile file_;
};

}  // namespace virnucpro
