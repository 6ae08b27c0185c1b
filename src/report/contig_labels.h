// The calls of contigs as `label-reads` takes them: contig_tiers.tsv, or a table with its columns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace virnucpro {

/// The call of one contig. `call` is an index of ContigLabels::call_names().
struct ContigLabel {
  std::uint32_t call = 0;
  std::string tier;
  std::string figures;  ///< the seven columns from weighted_delta on, separated by tabs
};

/// The calls of all contigs by their ids. Immutable once all lines are added.
class ContigLabels {
 public:
  ContigLabels();

  /// Reads the header, then rows. `place` names file and line in an InputError, which says what is
  /// missing: a column, a cell, or that a contig comes twice.
  void add_line(std::string_view line, const std::string& place);

  /// Of an id as tables write it (base/escape.h); unclassified() for one that is not there.
  const ContigLabel& of(const std::string& id) const;
  const ContigLabel& unclassified() const { return unclassified_; }
  const std::string& call_name(std::uint32_t call) const { return calls_[call]; }
  std::size_t size() const { return labels_.size(); }
  bool has_header() const { return !columns_.empty(); }

 private:
  std::uint32_t call_number(const std::string& name);

  std::vector<std::size_t> columns_;  // where the ten columns stand
  std::vector<std::string> calls_;    // the first is that of unclassified contigs
  ContigLabel unclassified_;
  std::unordered_map<std::string, ContigLabel> labels_;
};

}  // namespace virnucpro
