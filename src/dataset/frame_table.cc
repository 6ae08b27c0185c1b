#include "dataset/frame_table.h"

#include <optional>
#include <string_view>

#include "base/errors.h"
#include "base/escape.h"
#include "base/format.h"
#include "base/path_kind.h"
#include "sequence/line_reader.h"

namespace virnucpro {

FrameTable read_frame_table(const std::string& path, const std::stop_token& stop) {
  const std::string problem = folder_for_file(path, "a table of frames (--frames)");
  if (!problem.empty()) throw InputError(problem);
  LineReader lines(path, {}, {stop, std::nullopt});
  std::string line;
  while (lines.next(line) && line.empty()) {
  }
  if (line.empty()) {
    throw InputError(
        fmt::format("{}: the table is empty. Name a frames.tsv of 'virnucpro dataset'.", path));
  }
  const bool with_runs = line == "id\tframe\tstart\tend\tread";
  if (line != "id\tframe" && !with_runs) {
    lines.fail(lines.number(),
               fmt::format("expected a head with the columns id and frame, separated by a tab, "
                           "found '{}'",
                           line.substr(0, 100)));
  }
  FrameTable table;
  while (lines.next(line)) {
    if (line.empty()) continue;
    const std::size_t tab = line.find('\t');
    std::string_view name = std::string_view(line).substr(tab + 1);
    // Where the frame lies follows from the bases; the columns behind it are for users.
    if (with_runs) name = name.substr(0, name.find('\t'));
    const auto frame = frame_of(name);
    if (tab == std::string::npos || !frame) {
      lines.fail(lines.number(), fmt::format("expected an id and one of F1 F2 F3 R1 R2 R3, found "
                                             "'{}'",
                                             line.substr(0, 100)));
    }
    table.frames[escaped(line.substr(0, tab))].insert(*frame);
  }
  if (table.frames.empty()) {
    lines.fail(lines.number(), "expected frames below the head, found none");
  }
  table.file = lines.file().content;
  return table;
}

}  // namespace virnucpro
