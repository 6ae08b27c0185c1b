#include "evaluation/frame_table.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>

#include "base/errors.h"
#include "base/format.h"

namespace virnucpro {
namespace {

constexpr std::string_view kHead = "id\tframe";
constexpr std::array<std::string_view, 6> kNames = {"F1", "F2", "F3", "R1", "R2", "R3"};

}  // namespace

FrameTable read_frame_table(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::uint64_t number = 0;
  const auto fail = [&](const std::string& what) {
    throw InputError(fmt::format("{}, line {}: {}", path, number, what));
  };
  const auto next_line = [&] {
    if (!std::getline(file, line)) return false;
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    return true;
  };
  if (!next_line()) {
    throw InputError(fmt::format(
        "{}: cannot be read or is empty. Name a frames.tsv of 'virnucpro dataset'.", path));
  }
  if (line != kHead) {
    fail(
        fmt::format("expected a head with the columns id and frame, separated by a tab, found '{}'",
                    line.substr(0, 100)));
  }
  FrameTable table;
  while (next_line()) {
    if (line.empty()) continue;
    const std::size_t tab = line.find('\t');
    const std::string_view name =
        tab == std::string::npos ? std::string_view() : std::string_view(line).substr(tab + 1);
    const auto* const found = std::find(kNames.begin(), kNames.end(), name);
    if (found == kNames.end()) {
      fail(fmt::format("expected an id and one of F1 F2 F3 R1 R2 R3, found '{}'",
                       line.substr(0, 100)));
    }
    table[line.substr(0, tab)] |= static_cast<std::uint8_t>(1u << (found - kNames.begin()));
  }
  if (file.bad()) throw InputError(fmt::format("{}: cannot be read to its end.", path));
  if (table.empty()) fail("expected frames below the head, found none");
  return table;
}

}  // namespace virnucpro
