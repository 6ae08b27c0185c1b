#include "download/download_state.h"

#include <fstream>
#include <string_view>

#include "base/format.h"
#include "base/number_text.h"
#include "base/output_file.h"

namespace virnucpro {
namespace {

constexpr std::string_view kFormat = "virnucpro download 1";
/// Ranges of a few connections are far fewer; a longer file is not ours.
constexpr std::size_t kLargestState = std::size_t{1} << 20;

/// The rest of a line that begins with `key` and a blank.
std::optional<std::string> value_of(const std::string& line, std::string_view key) {
  if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != ' ') {
    return std::nullopt;
  }
  return line.substr(key.size() + 1);
}

std::optional<ByteRange> parse_range(const std::string& text) {
  const std::size_t blank = text.find(' ');
  if (blank == std::string::npos) return std::nullopt;
  const std::optional<std::uint64_t> begin = parse_whole(text.substr(0, blank));
  const std::optional<std::uint64_t> end = parse_whole(text.substr(blank + 1));
  if (!begin || !end || *begin >= *end) return std::nullopt;
  return ByteRange{*begin, *end};
}

}  // namespace

std::optional<DownloadState> read_download_state(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string line;
  if (!file || !std::getline(file, line) || line != kFormat) return std::nullopt;
  DownloadState state;
  if (!std::getline(file, line)) return std::nullopt;
  const std::optional<std::string> identity = value_of(line, "identity");
  if (!identity || !std::getline(file, line)) return std::nullopt;
  const std::optional<std::string> size_text = value_of(line, "size");
  const std::optional<std::uint64_t> size = size_text ? parse_whole(*size_text) : std::nullopt;
  if (!size) return std::nullopt;
  state.identity = *identity;
  state.size = *size;
  std::size_t read = 0;
  while (std::getline(file, line)) {
    if (line == "end") return state;
    read += line.size();
    const std::optional<std::string> text = value_of(line, "done");
    const std::optional<ByteRange> range = text ? parse_range(*text) : std::nullopt;
    if (!range || range->end > state.size || read > kLargestState) return std::nullopt;
    state.done.add(*range);
  }
  return std::nullopt;  // cut
}

void write_download_state(const std::string& path, const DownloadState& state) {
  OutputFile file(path);
  file.write(fmt::format("{}\nidentity {}\nsize {}\n", kFormat, state.identity, state.size));
  for (const ByteRange& range : state.done.ranges()) {
    file.write(fmt::format("done {} {}\n", range.begin, range.end));
  }
  file.write("end\n");
  file.commit();
}

}  // namespace virnucpro
