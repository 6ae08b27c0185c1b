#include "dataset/genbank_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/counted.h"
#include "base/errors.h"
#include "base/escape.h"
#include "base/format.h"
#include "base/number_text.h"
#include "dataset/words.h"
#include "sequence/record_source.h"

namespace virnucpro {
namespace {

// From NCBI's release notes, section 3.4, and from what NCBI used before and since. Only these end
// a section, because text that lost its indentation begins in the first column, too.
constexpr std::array<std::string_view, 22> kKeywords = {
    "ACCESSION", "BASE",   "COMMENT", "CONTIG", "DBLINK",  "DBSOURCE", "DEFINITION", "FEATURES",
    "KEYWORDS",  "LOCUS",  "NID",     "ORIGIN", "PID",     "PRIMARY",  "PROJECT",    "REFERENCE",
    "SEGMENT",   "SOURCE", "TLS",     "TSA",    "VERSION", "WGS"};

constexpr std::string_view kIupac = "ACGTUNRYKMSWBDHVXacgtunrykmswbdhvx-.*";

bool is_keyword(std::string_view word) {
  return std::find(kKeywords.begin(), kKeywords.end(), word) != kKeywords.end() ||
         word.starts_with("WGS_");
}

/// The number that a word stands for; 0 for none.
std::uint64_t number_of(std::string_view word) { return parse_whole(word).value_or(0); }

bool is_base(char c) { return is_letter(c) || c == '-' || c == '.' || c == '*'; }

/// True for bases in groups of ten, of which the last of a line may be shorter.
bool is_grouped(std::string_view text) {
  constexpr std::size_t kGroup = 10;
  bool has_full = false;
  for (std::string_view word = take_word(text); !word.empty(); word = take_word(text)) {
    const bool is_last = trimmed(text).empty();
    if (word.size() > kGroup || (word.size() < kGroup && !is_last)) return false;
    has_full = has_full || word.size() == kGroup;
  }
  return has_full;
}

/// The first byte that cannot be a base; null for none.
const char* bad_base(std::string_view text) {
  const auto bad =
      std::find_if(text.begin(), text.end(), [](char c) { return !is_base(c) && !is_blank(c); });
  return bad == text.end() ? nullptr : &*bad;
}

bool is_iupac(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return is_blank(c) || kIupac.find(c) != std::string_view::npos;
  });
}

void append_bases(std::string& bases, std::string_view text) {
  std::copy_if(text.begin(), text.end(), std::back_inserter(bases),
               [](char c) { return !is_blank(c); });
}

}  // namespace

bool GenbankReader::next(GenbankRecord& record) {
  if (!find_entry()) {
    log_skipped();
    return false;
  }
  begin(record);
  while (lines_.next(line_)) {
    if (!take_line(record)) return true;
  }
  finish(record, false);
  if (record.problem == EntryProblem::kNone) return true;
  // Where the file ends within an entry, more of them may be missing.
  fail(
      fmt::format("the entry '{}', which begins in line {}, has no end ('//'); the file may be "
                  "cut. Copy it again.",
                  shown_id(record.id), record.line));
}

bool GenbankReader::find_entry() {
  while (!has_locus_ && lines_.next(line_)) {
    std::string_view rest = line_;
    const std::string_view word = take_word(rest);
    if (word.empty() || line_.starts_with("//")) continue;
    has_locus_ = word == "LOCUS" && !is_blank(line_.front());
    if (has_locus_) break;
    if (line_.front() == '>' || (word == "ID" && entries_ > 0)) {
      fail(
          "expected LOCUS, the begin of an entry, found something that looks like FASTA or EMBL. "
          "Give each format in a file of its own.");
    }
    (entries_ == 0 ? head_lines_ : foreign_lines_).add(lines_.number());
  }
  return std::exchange(has_locus_, false);
}

void GenbankReader::begin(GenbankRecord& record) {
  ++entries_;
  record.id.clear();
  record.organism.clear();
  record.bases.clear();
  record.translations.clear();
  record.coding_sequences = 0;
  record.line = lines_.number();
  record.problem = EntryProblem::kNone;
  record.message.clear();
  section_ = Section::kOther;
  has_version_ = names_others_ = false;
  declared_bases_ = first_position_ = 0;
  loose_bases_.clear();
  are_bases_loose_ = true;
  entry_text_ = {};
  header_organism_.clear();
  features_.clear();
  std::string_view rest = line_;
  take_word(rest);
  record.id = take_word(rest);
  // "5028 bp"; where a long name runs into the number, the length stays unknown.
  std::string_view last;
  for (std::string_view word = take_word(rest); !word.empty(); word = take_word(rest)) {
    if (word == "aa" && number_of(last) > 0) {
      set_problem(record, EntryProblem::kProtein,
                  "is a protein; give the nucleotide entry that codes it.");
    }
    if (word == "rc") names_others_ = true;  // a master record for this many others
    if (word == "bp") declared_bases_ = number_of(last);
    if (word == "aa" || word == "rc" || word == "bp") break;
    last = word;
  }
}

/// False after the entry's end.
bool GenbankReader::take_line(GenbankRecord& record) {
  const std::string_view text = trimmed(line_);
  if (text.empty()) return true;
  const bool is_indented = is_blank(line_.front());
  if (text == "//" || (!is_indented && text.starts_with("//"))) {
    if (!is_indented || section_ == Section::kOrigin) {
      finish(record, true);
      return false;
    }
  }
  std::string_view rest = text;
  const std::string_view word = take_word(rest);
  if (!is_indented && word == "LOCUS") {
    has_locus_ = true;
    finish(record, false);
    return false;
  }
  if (!is_indented && is_keyword(word)) {
    keyword(record, word);
  } else if (section_ == Section::kFeatures) {
    features_.add(line_, lines_.number());
  } else if (section_ == Section::kOrigin) {
    if (record.problem != EntryProblem::kProtein) take_bases(record);
  } else if (word == "ORGANISM" && header_organism_.empty()) {
    header_organism_ = trimmed(rest);
  }
  return true;
}

void GenbankReader::keyword(GenbankRecord& record, std::string_view name) {
  section_ = Section::kOther;
  if (name == "FEATURES") section_ = Section::kFeatures;
  if (name == "ORIGIN") section_ = Section::kOrigin;
  if (name == "CONTIG" || name == "TLS" || name == "TSA" || name.starts_with("WGS")) {
    names_others_ = true;
  }
  std::string_view rest = line_;
  take_word(rest);
  const std::string_view id = take_word(rest);
  if (id.empty()) return;
  if (name == "VERSION") {
    record.id = id;
    has_version_ = true;
  } else if (name == "ACCESSION" && !has_version_) {
    record.id = id;
  }
}

void GenbankReader::take_bases(GenbankRecord& record) {
  std::string_view text = line_;
  const std::string_view word = take_word(text);
  const std::uint64_t position = number_of(word);
  const char* bad = bad_base(text);
  if (position == 0) {
    are_bases_loose_ =
        are_bases_loose_ && is_iupac(line_) && loose_bases_.size() <= declared_bases_;
    if (are_bases_loose_) append_bases(loose_bases_, line_);
    return entry_text_.add(lines_.number());
  }
  const bool goes_on = !record.bases.empty() && position == first_position_ + record.bases.size();
  const bool is_sequence = bad == nullptr && (is_iupac(text) || is_grouped(text));
  if (!goes_on && !is_sequence) return entry_text_.add(lines_.number());
  if (bad != nullptr) {
    return set_problem(record, EntryProblem::kDamaged,
                       fmt::format("expected bases and their positions, found {}; the file is "
                                   "damaged.",
                                   byte_name(static_cast<unsigned char>(*bad))));
  }
  if (record.bases.empty()) first_position_ = position;
  // With a length in LOCUS positions are not needed; some programs count them in their own way.
  if (!goes_on && !record.bases.empty() && declared_bases_ == 0) {
    set_problem(record, EntryProblem::kDamaged,
                fmt::format("expected the bases from position {} on, found those from {}; lines "
                            "are missing or damaged.",
                            first_position_ + record.bases.size(), position));
  }
  append_bases(record.bases, text);
}

void GenbankReader::finish(GenbankRecord& record, bool has_end_mark) {
  features_.end();
  record.organism = features_.organism().empty() ? header_organism_ : features_.organism();
  record.translations.swap(features_.translations());
  record.coding_sequences = features_.coding_sequences();
  // Some programs write bases without positions; the length in LOCUS proves that these are bases.
  if (record.bases.empty() && are_bases_loose_ && declared_bases_ > 0 &&
      loose_bases_.size() == declared_bases_) {
    record.bases.swap(loose_bases_);
    entry_text_ = {};
  }
  if (entry_text_.count > 0) {
    if (text_lines_.count == 0) text_lines_.first_line = entry_text_.first_line;
    text_lines_.count += entry_text_.count;
  }
  judge(record);
  if (has_end_mark || record.problem != EntryProblem::kNone) return;
  if (declared_bases_ > 0) return unended_.add(record.line);
  set_problem(record, EntryProblem::kDamaged,
              fmt::format("expected the end ('//') of the entry that begins in line {}, found "
                          "another entry; the file is damaged.",
                          record.line));
}

void GenbankReader::judge(GenbankRecord& record) {
  if (record.problem != EntryProblem::kNone) return;
  const std::string id = shown_id(record.id);
  if (record.bases.empty()) {
    set_problem(record, EntryProblem::kNoBases,
                fmt::format("the entry '{}' has no bases{}; get it with its sequence ('GenBank "
                            "(full)', or rettype=gbwithparts).",
                            id, names_others_ ? ", it only names other entries" : ""));
  } else if (declared_bases_ > 0 && record.bases.size() != declared_bases_) {
    set_problem(
        record, EntryProblem::kDamaged,
        fmt::format(
            "expected {} bases in '{}', as its LOCUS says, found {}{}; the file is damaged. Copy "
            "it again.",
            declared_bases_, id, record.bases.size(),
            entry_text_.count > 0
                ? fmt::format(" and {} no bases, the first in line {}",
                              counted(entry_text_.count, "line that is", "lines that are"),
                              entry_text_.first_line)
                : ""));
  }
}

void GenbankReader::log_skipped() {
  const auto warn = [this](const Sightings& seen, std::string_view what) {
    if (seen.count == 0) return;
    log_.warning(
        "{}", lines_.message(seen.first_line, fmt::format("{} ({} in the file, this is the first)",
                                                          what, seen.count)));
  };
  if (head_lines_.count > 0) {
    log_.info("{}", lines_.message(
                        head_lines_.first_line,
                        counted(head_lines_.count, "line before the first entry is passed over",
                                "lines before the first entry are passed over")));
  }
  warn(foreign_lines_, "text between or after entries is passed over");
  warn(text_lines_, "text among the bases is passed over");
  warn(features_.odd_values(),
       "the quotes of a qualifier do not match; it is taken to end before the next one");
  warn(features_.bad_translations(),
       "a translation with other bytes than letters is left out; frames within it do not count");
  warn(unended_, "an entry has no end mark ('//'), but all bases that its LOCUS says");
}

void GenbankReader::set_problem(GenbankRecord& record, EntryProblem problem,
                                std::string_view text) const {
  if (record.problem != EntryProblem::kNone) return;
  record.problem = problem;
  record.message = lines_.message(lines_.number(), text);
}

void GenbankReader::fail(std::string_view problem) const { lines_.fail(lines_.number(), problem); }

}  // namespace virnucpro
