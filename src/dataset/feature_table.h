// Reads the table of features of a GenBank entry, by its grammar rather than by its columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace virnucpro {

/// How often something was found, and where first.
struct Sightings {
  std::uint64_t count = 0;
  std::uint64_t first_line = 0;

  void add(std::uint64_t line) {
    if (++count == 1) first_line = line;
  }
};

/// Takes the lines of a table one by one. A key begins a feature wherever it is indented less than
/// the content of the feature before; "" is a quote within a value. A value whose quotes do not
/// match ends at the first line that ends with a quote, or before the next qualifier, so that it
/// swallows no other one; it is counted. Reusable; one thread at a time.
class FeatureTable {
 public:
  /// Begins the table of another entry; sightings are kept.
  void clear();
  /// Takes a line below FEATURES; `number` is for sightings.
  void add(std::string_view line, std::uint64_t number);
  /// To be called after the last line, before the results are read.
  void end();

  std::string& organism() { return organism_; }  ///< of the first feature `source`
  /// The translations of the features CDS, in order, in capitals; may hold '*'.
  std::vector<std::string>& translations() { return translations_; }
  std::uint64_t coding_sequences() const { return coding_sequences_; }

  /// Values whose quotes do not match.
  const Sightings& odd_values() const { return odd_values_; }
  /// Translations that are left out because they hold bytes that are not letters.
  const Sightings& bad_translations() const { return bad_translations_; }

 private:
  struct Line {
    std::string text;
    std::uint64_t number;
  };
  /// The lines [begin, end) of a quoted value; the text of the first begins after its quote.
  struct Extent {
    std::size_t end;
    bool is_odd;
  };

  bool is_key(std::size_t indent, std::string_view text) const;
  void begin_feature(std::size_t indent, std::string_view text);
  void read_feature();
  Extent quoted_extent(std::size_t line, std::size_t begin) const;
  void take_value(std::string_view name, std::size_t line, std::size_t begin, std::size_t end);
  void take_translation(const std::string& value, std::uint64_t number);

  std::string organism_;
  std::vector<std::string> translations_;
  std::uint64_t coding_sequences_ = 0;
  Sightings odd_values_;
  Sightings bad_translations_;
  // The current feature.
  enum class Key { kNone, kOther, kSource, kCds } key_ = Key::kNone;
  std::size_t indent_limit_ = 0;  ///< lines that are indented less may begin a feature
  std::vector<Line> lines_;       ///< lines after the key's, trimmed, where the key matters
};

}  // namespace virnucpro
