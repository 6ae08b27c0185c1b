#include "report/legacy_tables.h"

#include "report/format_float.h"

namespace virnucpro {
namespace {

/// As pandas writes a text field: in quotes, and quotes doubled, when it holds a quote.
void append_field(std::string& row, std::string_view text) {
  if (text.find('"') == std::string_view::npos) {
    row += text;
    return;
  }
  row += '"';
  for (const char c : text) {
    if (c == '"') row += '"';
    row += c;
  }
  row += '"';
}

}  // namespace

LegacyTables::LegacyTables(const std::string& frames_path, const std::string& chunks_path,
                           CallRule rule, const std::string& folder, std::size_t sort_memory)
    : rule_(rule), frames_(frames_path), chunks_(chunks_path), sorted_(folder, sort_memory) {
  frames_.write("Sequence_ID\tPrediction\tscore1\tscore2\n");
  chunks_.write("Modified_ID\tIs_Virus\n");
}

void LegacyTables::chunk(std::string_view record_id, std::uint64_t index,
                         std::span<const FrameRow> frames, bool viral) {
  chunk_id_.clear();
  chunk_id_ += record_id;
  chunk_id_ += "_chunk_";
  chunk_id_ += std::to_string(index + 1);
  for (const FrameRow& frame : frames) {
    std::string& row = frames_.row();
    row += chunk_id_;
    row += frame.name;
    row += rule_.is_virus(frame.scores) ? "\tvirus\t" : "\tothers\t";
    append_float32(row, frame.scores.p_others);
    row += '\t';
    append_float32(row, frame.scores.p_virus);
    row += '\n';
    frames_.row_done();
  }
  // A tab sorts before every byte of an escaped id, so the lines sort as their ids do.
  chunk_id_ += viral ? "\tTrue" : "\tFalse";
  sorted_.add(chunk_id_);
}

void LegacyTables::finish() {
  sorted_.for_each([&](std::string_view line) {
    const std::size_t tab = line.find('\t');
    std::string& row = chunks_.row();
    append_field(row, line.substr(0, tab));
    row += line.substr(tab);
    row += '\n';
    chunks_.row_done();
  });
  frames_.finish();
  chunks_.finish();
}

void LegacyTables::publish() {
  frames_.publish();
  chunks_.publish();
}

}  // namespace virnucpro
