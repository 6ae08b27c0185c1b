#include "support/markdown.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <sstream>

namespace virnucpro::test {
namespace {

// `text` with its `code` moved into `code` and replaced by blanks. A run of backticks without an
// equal one in the same paragraph is text.
std::string take_code(std::string text, int line, std::vector<Piece>& code) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\n') ++line;
    if (text[at] != '`') continue;
    const std::size_t begin = std::min(text.find_first_not_of('`', at), text.size());
    const std::string ticks(begin - at, '`');
    std::size_t end = text.find(ticks, begin);
    while (end != std::string::npos && end + ticks.size() < text.size() &&
           text[end + ticks.size()] == '`') {  // part of a longer run
      end = text.find(ticks, std::min(text.find_first_not_of('`', end), text.size()));
    }
    if (end == std::string::npos) {
      at = begin - 1;
      continue;
    }
    code.push_back({line, text.substr(begin, end - begin)});
    for (std::size_t i = at; i < end + ticks.size(); ++i) {
      if (text[i] != '\n') text[i] = ' ';
    }
    --at;  // so that the newlines of the span are counted
  }
  return text;
}

void take_links(const std::string& text, int line, std::vector<Piece>& links) {
  std::size_t counted = 0;
  for (std::size_t at = text.find("]("); at != std::string::npos; at = text.find("](", at + 1)) {
    line += static_cast<int>(std::count(text.begin() + counted, text.begin() + at, '\n'));
    counted = at;
    const std::size_t close = text.find_first_of(") \n", at + 2);
    links.push_back({line, text.substr(at + 2, close - at - 2)});
  }
}

// `### Title` gives Title.
std::string title_of(const std::string& line) {
  const std::size_t level = line.find_first_not_of('#');
  if (level == 0 || level == std::string::npos || level > 6 || line[level] != ' ') return {};
  return line.substr(line.find_first_not_of(' ', level));
}

// `[text](target)` gives text: what a heading shows.
std::string without_targets(std::string text) {
  for (std::size_t at; (at = text.find("](")) != std::string::npos;) {
    text.erase(at, text.find(')', at) - at + 1);
    text.erase(text.rfind('[', at), 1);
  }
  return text;
}

}  // namespace

std::string anchor_of(const std::string& heading) {
  std::string anchor;
  for (const char c : without_targets(heading)) {
    const auto letter = static_cast<unsigned char>(c);
    if (std::isalnum(letter) || c == '_' || c == '-' || letter >= 0x80) {
      anchor += static_cast<char>(std::tolower(letter));
    } else if (c == ' ') {
      anchor += '-';
    }
  }
  return anchor;
}

Markdown parse_markdown(const std::string& text) {
  Markdown found;
  std::map<std::string, int> repeats;
  std::istringstream stream(text);
  std::string paragraph;
  int begin = 1;  // the line on which the paragraph begins
  int number = 0;
  bool in_fence = false;
  const auto end_paragraph = [&] {
    const std::string prose = take_code(paragraph, begin, found.code);
    take_links(prose, begin, found.links);
    paragraph.clear();
    begin = number + 1;
  };
  for (std::string line; std::getline(stream, line);) {
    ++number;
    const std::size_t first = std::min(line.find_first_not_of(' '), line.size());
    if (line.compare(first, 3, "```") == 0) {
      end_paragraph();
      in_fence = !in_fence;
    } else if (in_fence) {
      found.fenced.push_back({number, line});
      begin = number + 1;
    } else {
      if (const std::string title = title_of(line); !title.empty()) {
        const std::string anchor = anchor_of(title);
        const int times = repeats[anchor]++;
        found.anchors.insert(times == 0 ? anchor : anchor + "-" + std::to_string(times));
      }
      paragraph += line + "\n";
      if (first == line.size()) end_paragraph();
    }
  }
  end_paragraph();
  return found;
}

}  // namespace virnucpro::test
