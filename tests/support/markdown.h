// The links, code and anchors of a Markdown text of this repository, as GitHub makes them.
#pragma once

#include <set>
#include <string>
#include <vector>

namespace virnucpro::test {

/// A piece of a text, with the line (from 1) on which it begins.
struct Piece {
  int line = 0;
  std::string text;
};

struct Markdown {
  /// The headings' anchors (`## Title`), as GitHub makes them; repeated ones end in -1, -2 ...
  std::set<std::string> anchors;
  /// Targets of `[text](target)`, images included; none from inside code.
  std::vector<Piece> links;
  /// The insides of `code`, which may go over the end of a line.
  std::vector<Piece> code;
  /// Lines between fences (three backticks).
  std::vector<Piece> fenced;
};

Markdown parse_markdown(const std::string& text);

/// The anchor of the first heading with this text.
std::string anchor_of(const std::string& heading);

}  // namespace virnucpro::test
