#include "dataset/feature_table.h"

#include <algorithm>

#include "dataset/words.h"

namespace virnucpro {
namespace {

// Lines of one feature. The longest known protein has 600; an endless feature must not fill the
// memory.
constexpr std::size_t kMostLines = std::size_t{1} << 16;

bool is_name_letter(char c) {
  return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '\'' || c == '*';
}

/// True when `text` can begin a location: "12", "<1..9", "complement(", "AB1.2:3..4".
bool begins_location(std::string_view text) {
  if (text.empty()) return false;
  constexpr std::string_view kSigns = "<>(^?-\"";
  if (is_digit(text.front()) || kSigns.find(text.front()) != std::string_view::npos) return true;
  const std::size_t end = std::min(
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-|"),
      text.size());
  return end > 0 && end < text.size() && (text[end] == '(' || text[end] == ':');
}

/// "/name=..." or "/name": the position after the name and the blanks that follow it; else npos.
std::size_t end_of_qualifier_name(std::string_view text) {
  if (!text.starts_with('/')) return std::string_view::npos;
  std::size_t end = 1;
  while (end < text.size() && is_name_letter(text[end])) ++end;
  if (end == 1) return std::string_view::npos;
  while (end < text.size() && is_blank(text[end])) ++end;
  return end == text.size() || text[end] == '=' ? end : std::string_view::npos;
}

bool begins_qualifier(std::string_view text) {
  return end_of_qualifier_name(text) != std::string_view::npos;
}

/// The position of the first quote from `begin` on that is not doubled; else npos.
std::size_t single_quote(std::string_view text, std::size_t begin) {
  for (std::size_t i = text.find('"', begin); i != std::string_view::npos; i = text.find('"', i)) {
    if (i + 1 == text.size() || text[i + 1] != '"') return i;
    i += 2;
  }
  return std::string_view::npos;
}

/// True when the quote at `place` follows the "=" of a qualifier, so that it opens a value.
bool opens_value(std::string_view text, std::size_t place) {
  const std::size_t equals = end_of_qualifier_name(text);
  return equals < place && trimmed(text.substr(equals + 1, place - equals - 1)).empty();
}

}  // namespace

void FeatureTable::clear() {
  organism_.clear();
  translations_.clear();
  coding_sequences_ = 0;
  key_ = Key::kNone;
  lines_.clear();
}

void FeatureTable::add(std::string_view line, std::uint64_t number) {
  constexpr std::size_t kTab = 8;  // columns
  std::size_t indent = 0;
  for (const char c : line) {
    if (!is_blank(c)) break;
    indent = c == '\t' ? (indent / kTab + 1) * kTab : indent + 1;
  }
  const std::string_view text = trimmed(line);
  if (text.empty()) return;
  if (is_key(indent, text)) {
    read_feature();
    begin_feature(indent, text);
  } else if ((key_ == Key::kSource || key_ == Key::kCds) && lines_.size() < kMostLines) {
    lines_.push_back({std::string(text), number});
  }
}

void FeatureTable::end() {
  read_feature();
  key_ = Key::kNone;
}

bool FeatureTable::is_key(std::size_t indent, std::string_view text) const {
  if (key_ != Key::kNone && indent >= indent_limit_) return false;
  std::string_view rest = text;
  const std::string_view word = take_word(rest);
  if (!std::all_of(word.begin(), word.end(), is_name_letter)) return false;
  rest = trimmed(rest);
  if (!rest.empty()) return begins_location(rest);
  // A location in the next line. A word of capitals alone may be part of a translation.
  return word == "CDS" || std::any_of(word.begin(), word.end(), [](char c) { return c >= 'a'; });
}

void FeatureTable::begin_feature(std::size_t indent, std::string_view text) {
  std::string_view rest = text;
  const std::string_view word = take_word(rest);
  key_ = word == "CDS" ? Key::kCds : word == "source" ? Key::kSource : Key::kOther;
  if (key_ == Key::kCds) ++coding_sequences_;
  // Half way between the key and its location, which has its qualifiers below it. A long key moves
  // its own location, but not its qualifiers.
  constexpr std::size_t kUsualWidth = 16;
  const std::string_view location = trimmed(rest);
  const auto width = static_cast<std::size_t>(location.data() - text.data());
  indent_limit_ = indent + std::min(location.empty() ? kUsualWidth : width, kUsualWidth) / 2;
}

void FeatureTable::read_feature() {
  bool is_behind_quotes = false;  // here only a qualifier may follow
  for (std::size_t i = 0; i < lines_.size();) {
    const std::string& text = lines_[i].text;
    const std::size_t equals = end_of_qualifier_name(text);
    if (equals == std::string_view::npos) {  // more of a location, or stray text
      if (is_behind_quotes) odd_values_.add(lines_[i].number);
      is_behind_quotes = false;
      ++i;
      continue;
    }
    const std::string name(trimmed(std::string_view(text).substr(1, equals - 1)));
    std::size_t begin = std::min(equals + 1, text.size());
    while (begin < text.size() && is_blank(text[begin])) ++begin;
    std::size_t end = i + 1;
    is_behind_quotes = begin < text.size() && text[begin] == '"';
    if (is_behind_quotes) {
      const Extent extent = quoted_extent(i, ++begin);
      end = extent.end;
      if (extent.is_odd) odd_values_.add(lines_[i].number);
    } else {
      while (end < lines_.size() && !begins_qualifier(lines_[end].text)) ++end;
    }
    take_value(name, i, begin, end);
    i = end;
  }
  lines_.clear();
}

FeatureTable::Extent FeatureTable::quoted_extent(std::size_t line, std::size_t begin) const {
  for (std::size_t i = line; i < lines_.size(); ++i) {
    const std::string_view text = lines_[i].text;
    const std::size_t quote = single_quote(text, i == line ? begin : 0);
    if (quote == std::string_view::npos) continue;
    if (quote + 1 == text.size() && (i == line || !opens_value(text, quote))) return {i + 1, false};
    break;
  }
  for (std::size_t i = line; i < lines_.size(); ++i) {
    if (i > line && begins_qualifier(lines_[i].text)) return {i, true};
    const std::string_view text = lines_[i].text;
    if (text.size() > (i == line ? begin : 0) && text.ends_with('"')) return {i + 1, true};
  }
  return {lines_.size(), true};
}

void FeatureTable::take_value(std::string_view name, std::size_t line, std::size_t begin,
                              std::size_t end) {
  const bool is_organism = key_ == Key::kSource && name == "organism" && organism_.empty();
  const bool is_translation = key_ == Key::kCds && name == "translation";
  if (!is_organism && !is_translation) return;
  std::string value;
  for (std::size_t i = line; i < end; ++i) {
    if (i > line && is_organism) value += ' ';
    value += std::string_view(lines_[i].text).substr(i == line ? begin : 0);
  }
  if (is_translation) return take_translation(value, lines_[line].number);
  if (value.ends_with('"')) value.pop_back();
  for (std::size_t i = value.find("\"\""); i != std::string::npos; i = value.find("\"\"", i + 1)) {
    value.erase(i, 1);
  }
  organism_ = std::move(value);
}

void FeatureTable::take_translation(const std::string& value, std::uint64_t number) {
  std::string letters;
  for (const char c : value) {
    if (c == '"' || is_blank(c)) continue;
    if (!is_letter(c) && c != '*') return bad_translations_.add(number);
    letters += c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  if (!letters.empty()) translations_.push_back(std::move(letters));
}

}  // namespace virnucpro
