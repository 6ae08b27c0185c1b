#include "report/json_lines.h"

#include <string_view>

#include "base/escape.h"
#include "report/format_float.h"
#include "report/prediction_tables.h"

namespace virnucpro {
namespace {

/// `text` is escaped as in the tables: valid UTF-8 without control characters.
void append_string(std::string& row, std::string_view text) {
  row += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') row += '\\';
    row += c;
  }
  row += '"';
}

void append_key(std::string& row, std::string_view name) {
  row += row.empty() ? "{\"" : ",\"";
  row.append(name).append("\":");
}

/// The members of one object, in a text of its own or behind what is there.
class Members {
 public:
  explicit Members(std::string& row) : row_(row) {}

  Members& add(std::string_view name, std::uint64_t value) {
    append_key(row_, name);
    row_ += std::to_string(value);
    return *this;
  }
  Members& add(std::string_view name, std::string_view text) {
    append_key(row_, name);
    append_string(row_, text);
    return *this;
  }
  Members& add(std::string_view name, const std::optional<float>& value) {
    append_key(row_, name);
    if (value) {
      append_float32(row_, *value);
    } else {
      row_ += "null";
    }
    return *this;
  }
  Members& add_null(std::string_view name) {
    append_key(row_, name);
    row_ += "null";
    return *this;
  }

 private:
  std::string& row_;
};

std::optional<float> as_float(const std::optional<double>& value) {
  return value ? std::optional(static_cast<float>(*value)) : std::nullopt;
}

void begin(std::string& row, const RecordRow& record) {
  row.clear();
  Members(row).add("id", escaped(record.id)).add("record", record.ordinal + 1);
}

std::string_view call_name(bool is_virus) { return is_virus ? "virus" : "others"; }

}  // namespace

JsonLines::JsonLines(const std::string& folder, bool is_wanted, bool has_earlier, bool with_runs)
    : predictions_(folder + "/" + kPredictionsJsonFile, is_wanted, has_earlier),
      contigs_(folder + "/" + kContigsJsonFile, is_wanted, has_earlier),
      regions_(folder + "/" + kRegionsJsonFile, is_wanted, has_earlier),
      with_runs_(with_runs) {}

void JsonLines::chunk(const RecordRow& record, const ChunkRow& chunk,
                      std::span<const CalledFrame> frames,
                      const std::optional<double>& p_calibrated) {
  if (!is_wanted()) return;
  begin(prefix_, record);
  Members(prefix_).add("chunk", chunk.index + 1);
  for (const CalledFrame& frame : frames) {
    std::string row = prefix_;
    Members members(row);
    members.add("start", with_runs_ ? frame.row.start : chunk.start)
        .add("end", with_runs_ ? frame.row.end : chunk.end)
        .add("strand", std::string_view(frame.row.name.starts_with('R') ? "-" : "+"))
        .add("frame", frame.row.name)
        .add("p_virus", std::optional(frame.row.scores.p_virus))
        .add("p_calibrated", as_float(p_calibrated))
        .add("call", call_name(frame.is_virus));
    if (with_runs_) members.add("read", std::string_view(frame.row.is_run ? "run" : "open"));
    predictions_.file().row().append(row).append("}\n");
    predictions_.file().row_done();
  }
}

void JsonLines::record(const RecordRow& record, const RecordSummary& summary) {
  if (!is_wanted()) return;
  begin(prefix_, record);
  const bool is_scored = summary.frames > 0;
  std::optional<float> mean;
  std::optional<float> most;
  if (is_scored) {
    mean = static_cast<float>(summary.mean_p_virus());
    most = summary.max_p_virus;
  }
  Members members(prefix_);
  members.add("length", record.length)
      .add("chunks", summary.chunks)
      .add("scored_chunks", summary.scored_chunks)
      .add("frames", summary.frames)
      .add("viral_chunks", summary.viral_chunks)
      .add("mean_p_virus", mean)
      .add("max_p_virus", most)
      .add("p_calibrated", is_scored ? as_float(summary.p_calibrated) : std::nullopt);
  if (is_scored) {
    members.add("call", call_name(summary.viral));
  } else {
    members.add_null("call");
  }
  members.add("status", name_of(summary.outcome));
  if (summary.reason.empty()) {
    members.add_null("reason");
  } else {
    members.add("reason", escaped(summary.reason));
  }
  contigs_.file().row().append(prefix_).append("}\n");
  contigs_.file().row_done();
}

void JsonLines::regions(const RecordRow& record, std::span<const RegionRow> rows) {
  if (!is_wanted()) return;
  for (const RegionRow& row : rows) {
    begin(prefix_, record);
    Members(prefix_)
        .add("region", row.number)
        .add("start", row.region.start)
        .add("end", row.region.end)
        .add("extent", row.extent)
        .add("chunks", row.chunks)
        .add("scored_chunks", row.region.scored_chunks)
        .add("probability", as_float(row.region.probability));
    regions_.file().row().append(prefix_).append("}\n");
    regions_.file().row_done();
  }
}

void JsonLines::end(OutputGroup& group) {
  predictions_.end(group);
  contigs_.end(group);
  regions_.end(group);
}

}  // namespace virnucpro
