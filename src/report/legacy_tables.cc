#include "report/legacy_tables.h"

#include "report/format_float.h"
#include "report/pandas_text.h"

namespace virnucpro {

LegacyTables::LegacyTables(const std::string& frames_path, const std::string& chunks_path,
                           CallRule rule, const std::string& folder, std::size_t sort_memory,
                           LegacyFormat format)
    : rule_(rule),
      format_(format),
      frames_(frames_path),
      chunks_(chunks_path),
      sorted_(folder, sort_memory) {
  frames_.write("Sequence_ID\tPrediction\tscore1\tscore2\n");
  chunks_.write(format == LegacyFormat::kV2 ? "Modified_ID\tIs_Virus\tmax_score_0\tmax_score_1\n"
                                            : "Modified_ID\tIs_Virus\n");
}

/// "\t<P(others)>\t<P(virus)>", at the end of `row`.
void LegacyTables::append_scores(std::string& row, const ScorePair& scores) const {
  row += '\t';
  append_score(row, scores.p_others);
  row += '\t';
  append_score(row, scores.p_virus);
}

void LegacyTables::append_score(std::string& row, float score) const {
  if (format_ == LegacyFormat::kV2) {
    append_float64(row, score);
  } else {
    append_float32(row, score);
  }
}

void LegacyTables::chunk(std::string_view record_id, std::uint64_t index,
                         std::span<const FrameRow> frames, bool viral) {
  chunk_id_.clear();
  chunk_id_ += record_id;
  chunk_id_ += "_chunk_";
  chunk_id_ += std::to_string(index + 1);
  const ScorePair largest = largest_scores(frames).scores;
  largest_.clear();
  for (const FrameRow& frame : frames) {
    std::string& row = frames_.row();
    row += chunk_id_;
    row += frame.name;
    row += rule_.is_virus(frame.scores) ? "\tvirus" : "\tothers";
    const std::size_t begin = row.size();
    append_scores(row, frame.scores);
    // Of most chunks one frame has the largest scores of both kinds: they are written once.
    const bool has_both =
        frame.scores.p_others == largest.p_others && frame.scores.p_virus == largest.p_virus;
    if (has_both && largest_.empty()) largest_ = std::string_view(row).substr(begin);
    row += '\n';
    frames_.row_done();
  }
  if (format_ == LegacyFormat::kV2) {
    if (largest_.empty()) append_scores(largest_, largest);
    std::string& row = chunks_.row();
    append_pandas_text(row, chunk_id_);
    row += viral ? "\tTrue" : "\tFalse";
    row += largest_;
    row += '\n';
    return chunks_.row_done();
  }
  // A tab sorts before every byte of an escaped id, so the lines sort as their ids do.
  chunk_id_ += viral ? "\tTrue" : "\tFalse";
  sorted_.add(chunk_id_);
}

void LegacyTables::write_sorted() {
  sorted_.for_each([&](std::string_view line) {
    const std::size_t tab = line.find('\t');
    std::string& row = chunks_.row();
    append_pandas_text(row, line.substr(0, tab));
    row += line.substr(tab);
    row += '\n';
    chunks_.row_done();
  });
}

void LegacyTables::end(OutputGroup& group) {
  if (format_ == LegacyFormat::kOriginal) write_sorted();
  group.add(frames_);
  group.add(chunks_);
}

}  // namespace virnucpro
