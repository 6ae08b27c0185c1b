#include "report/result_tables.h"

#include <charconv>

#include "base/escape.h"
#include "report/fasta_rows.h"
#include "report/format_float.h"

namespace virnucpro {
namespace {

constexpr std::string_view kNoValue = "NA";

void append_number(std::string& text, std::uint64_t number) {
  char digits[20];
  const auto result = std::to_chars(digits, digits + sizeof digits, number);
  text.append(digits, result.ptr);
}

void append_probability(std::string& text, const std::optional<double>& probability) {
  if (probability) {
    append_float32(text, static_cast<float>(*probability));
  } else {
    text += kNoValue;
  }
}

}  // namespace

PredictionsTable::PredictionsTable(const std::string& path, bool with_runs)
    : file_(path), with_runs_(with_runs) {
  file_.write("id\trecord\tchunk\tstart\tend\tstrand\tframe\tp_virus\tp_calibrated\tcall");
  file_.write(with_runs_ ? "\tread\n" : "\n");
}

void PredictionsTable::chunk(const RecordRow& record, const ChunkRow& chunk,
                             std::span<const CalledFrame> frames,
                             const std::optional<double>& p_calibrated) {
  prefix_.clear();
  append_escaped(prefix_, record.id);
  for (const std::uint64_t number : {record.ordinal + 1, chunk.index + 1}) {
    prefix_ += '\t';
    append_number(prefix_, number);
  }
  calibrated_ = '\t';
  append_probability(calibrated_, p_calibrated);
  for (const CalledFrame& frame : frames) {
    std::string& row = file_.row();
    row += prefix_;
    row += '\t';
    append_number(row, with_runs_ ? frame.row.start : chunk.start);
    row += '\t';
    append_number(row, with_runs_ ? frame.row.end : chunk.end);
    row += frame.row.name.starts_with('R') ? "\t-\t" : "\t+\t";
    row += frame.row.name;
    row += '\t';
    append_float32(row, frame.row.scores.p_virus);
    row += calibrated_;
    row += frame.is_virus ? "\tvirus" : "\tothers";
    if (with_runs_) row += frame.row.is_run ? "\trun" : "\topen";
    row += '\n';
    file_.row_done();
  }
}

ContigsTable::ContigsTable(const std::string& path) : file_(path) {
  file_.write(
      "id\trecord\tlength\tchunks\tscored_chunks\tframes\tviral_chunks\tmean_p_virus\t"
      "max_p_virus\tp_calibrated\tcall\tstatus\treason\n");
}

void ContigsTable::record(const RecordRow& record, const RecordSummary& summary) {
  std::string& row = file_.row();
  append_escaped(row, record.id);
  for (const std::uint64_t number : {record.ordinal + 1, record.length, summary.chunks,
                                     summary.scored_chunks, summary.frames, summary.viral_chunks}) {
    row += '\t';
    append_number(row, number);
  }
  row += '\t';
  if (summary.frames > 0) {
    const auto mean = static_cast<float>(summary.mean_p_virus());
    const std::size_t begin = row.size();
    append_float32(row, mean);
    const std::size_t size = row.size() - begin;
    row += '\t';
    if (mean == summary.max_p_virus) {  // as of all records with one frame: finding digits is slow
      row.append(row, begin, size);
    } else {
      append_float32(row, summary.max_p_virus);
    }
    row += '\t';
    append_probability(row, summary.p_calibrated);
    row += summary.viral ? "\tvirus\t" : "\tothers\t";
  } else {
    for (int column = 0; column < 4; ++column) row.append(kNoValue).append("\t");
  }
  row += name_of(summary.outcome);
  row += '\t';
  if (summary.reason.empty()) {
    row += kNoValue;
  } else {
    append_escaped(row, summary.reason);
  }
  row += '\n';
  file_.row_done();
}

void ViralFasta::record(std::string_view id, std::string_view bases) {
  write_fasta(file_, escaped(id), bases);
}

}  // namespace virnucpro
