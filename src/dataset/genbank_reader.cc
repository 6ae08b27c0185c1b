#include "dataset/genbank_reader.h"

#include <algorithm>
#include <charconv>

#include "base/errors.h"
#include "base/format.h"
#include "sequence/record_source.h"

namespace virnucpro {
namespace {

// Columns of the format (NCBI's release notes, section 3.4): keywords begin in the first column and
// their text in the thirteenth; keys of features in the sixth.
constexpr std::size_t kKeywordWidth = 12;
constexpr std::size_t kFeatureColumn = 5;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Takes the next word off `text`; empty at its end.
std::string_view take_word(std::string_view& text) {
  text = trimmed(text);
  const auto end = std::find_if(text.begin(), text.end(), is_blank);
  const std::string_view word = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(word.size());
  return word;
}

std::string_view first_word(std::string_view text) { return take_word(text); }

/// The text beside a keyword; empty where there is none.
std::string_view text_of(std::string_view line) {
  return line.size() > kKeywordWidth ? trimmed(line.substr(kKeywordWidth)) : std::string_view();
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace

bool GenbankReader::next(GenbankRecord& record) {
  do {
    if (!lines_.next(line_)) return false;
  } while (trimmed(line_).empty());
  begin(record);
  while (lines_.next(line_)) {
    if (line_.starts_with("//")) {
      finish(record);
      return true;
    }
    if (line_.empty()) continue;
    if (!is_blank(line_.front())) {
      keyword(record);
    } else if (section_ == Section::kFeatures) {
      feature(record);
    } else if (section_ == Section::kOrigin) {
      take_bases(record);
    } else if (line_.starts_with("  ORGANISM") && header_organism_.empty()) {
      header_organism_ = text_of(line_);
    }
  }
  fail(
      fmt::format("the entry '{}', which begins in line {}, has no end ('//'); the file may be "
                  "cut. Copy it again.",
                  record.id.substr(0, 60), record.line));
}

void GenbankReader::begin(GenbankRecord& record) {
  if (!line_.starts_with("LOCUS")) {
    fail(
        "expected LOCUS, the begin of an entry, found something else; the file is damaged or "
        "not a GenBank file.");
  }
  record.id.clear();
  record.organism.clear();
  record.bases.clear();
  record.translations.clear();
  record.line = lines_.number();
  section_ = Section::kOther;
  has_version_ = has_contig_ = in_quotes_ = false;
  declared_bases_ = 0;
  header_organism_.clear();
  feature_ = {};
  value_ = nullptr;
  std::string_view rest = text_of(line_);
  record.id = take_word(rest);
  // "5028 bp"; where a long name has run into the number, the length stays unknown.
  for (std::string_view word = take_word(rest), last; !word.empty(); word = take_word(rest)) {
    if (word == "aa") fail("is a protein; give the nucleotide entry that codes it.");
    if (word == "bp") {
      const auto [end, error] =
          std::from_chars(last.data(), last.data() + last.size(), declared_bases_);
      if (error != std::errc() || end != last.data() + last.size()) declared_bases_ = 0;
      break;
    }
    last = word;
  }
}

void GenbankReader::keyword(GenbankRecord& record) {
  if (in_quotes_) {
    fail(
        fmt::format("expected the end of the quoted value that begins in line {}, found the next "
                    "part of the entry; the file is damaged.",
                    quote_line_));
  }
  section_ = Section::kOther;
  const std::string_view name = first_word(line_);
  if (name == "LOCUS") {
    fail(
        fmt::format("expected the end ('//') of the entry that begins in line {}, found another "
                    "entry; the file is damaged.",
                    record.line));
  }
  if (name == "FEATURES") section_ = Section::kFeatures;
  if (name == "ORIGIN") section_ = Section::kOrigin;
  if (name == "CONTIG") has_contig_ = true;
  const std::string_view id = first_word(text_of(line_));
  if (id.empty()) return;
  if (name == "VERSION") {
    record.id = id;
    has_version_ = true;
  } else if (name == "ACCESSION" && !has_version_) {
    record.id = id;
  }
}

void GenbankReader::feature(GenbankRecord& record) {
  if (in_quotes_) return take_value(trimmed(line_));
  const std::size_t column = line_.find_first_not_of(' ');
  if (column == kFeatureColumn) {
    const std::string_view key = first_word(line_);
    feature_ = key == "CDS" ? "CDS" : key == "source" ? "source" : "";
    value_ = nullptr;
    return;
  }
  const std::string_view text = trimmed(line_);
  // All else is more of a location, or of a value without quotes: neither is wanted.
  if (text.starts_with('/')) qualifier(record, text);
}

void GenbankReader::qualifier(GenbankRecord& record, std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::string_view name = text.substr(1, equals - 1);
  value_ = nullptr;
  is_translation_ = feature_ == "CDS" && name == "translation";
  if (is_translation_) value_ = &record.translations.emplace_back();
  if (feature_ == "source" && name == "organism" && record.organism.empty()) {
    value_ = &record.organism;
  }
  if (equals == std::string_view::npos) return;
  take_value(trimmed(text.substr(equals + 1)));
}

void GenbankReader::take_value(std::string_view text) {
  // A quote inside of a value is written twice, and so does not end it.
  for (const char c : text) {
    if (c != '"') continue;
    if (!in_quotes_) quote_line_ = lines_.number();
    in_quotes_ = !in_quotes_;
  }
  if (value_ == nullptr) return;
  if (!is_translation_ && !value_->empty()) *value_ += ' ';
  for (const char c : text) {
    if (c == '"' || (is_translation_ && is_blank(c))) continue;
    if (is_translation_ && !is_letter(c) && c != '*') {
      fail(fmt::format("expected the letters of a translation, found {}; the file is damaged.",
                       byte_name(static_cast<unsigned char>(c))));
    }
    *value_ += is_translation_ && c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
  }
}

void GenbankReader::take_bases(GenbankRecord& record) {
  for (const char c : line_) {
    if (is_letter(c)) {
      record.bases += c;
    } else if (!is_blank(c) && (c < '0' || c > '9')) {
      fail(fmt::format("expected bases and their positions, found {}; the file is damaged.",
                       byte_name(static_cast<unsigned char>(c))));
    }
  }
  if (declared_bases_ > 0 && record.bases.size() > declared_bases_) {
    fail(
        fmt::format("expected {} bases in '{}', as its LOCUS says, found more; the file is "
                    "damaged.",
                    declared_bases_, record.id.substr(0, 60)));
  }
}

void GenbankReader::finish(GenbankRecord& record) {
  if (in_quotes_) {
    fail(
        fmt::format("expected the end of the quoted value that begins in line {}, found the end "
                    "of the entry; the file is damaged.",
                    quote_line_));
  }
  const std::string_view id = std::string_view(record.id).substr(0, 60);
  if (record.bases.empty()) {
    fail(
        fmt::format("the entry '{}' has no bases{}; get it with its sequence ('GenBank (full)', "
                    "or rettype=gbwithparts).",
                    id, has_contig_ ? ", it only names other entries (CONTIG)" : ""));
  }
  if (declared_bases_ > 0 && record.bases.size() != declared_bases_) {
    fail(
        fmt::format("expected {} bases in '{}', as its LOCUS says, found {}; the file is damaged. "
                    "Copy it again.",
                    declared_bases_, id, record.bases.size()));
  }
  if (record.organism.empty()) record.organism = header_organism_;
}

void GenbankReader::fail(std::string_view problem) const { lines_.fail(lines_.number(), problem); }

}  // namespace virnucpro
