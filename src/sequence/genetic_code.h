// NCBI's genetic codes: which amino acid each codon stands for, and which codons are stops.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace virnucpro {

/// One of NCBI's translation tables, known by its number. The default is 1, the standard code,
/// which the published classifiers were trained on. A small value; thread-safe.
class GeneticCode {
 public:
  constexpr GeneticCode() = default;

  /// Absent for a number that NCBI gives to no table (7, 8, 17 to 20, 34 ...).
  static std::optional<GeneticCode> of_number(std::uint64_t number);
  /// How many there are, and the i-th of them by rising number.
  static std::size_t count();
  static GeneticCode at(std::size_t index);
  /// "1, 2, 3 ...": all numbers, for messages.
  static std::string numbers();

  std::size_t index() const { return index_; }
  int number() const;
  std::string_view name() const;
  /// 64 letters in NCBI's order: bases T C A G, the third changing fastest; '*' is a stop. A codon
  /// that is a stop only in some contexts (tables 27, 28, 31) is its amino acid.
  std::string_view amino_acids() const;

  friend bool operator==(GeneticCode, GeneticCode) = default;

 private:
  std::uint8_t index_ = 0;
};

}  // namespace virnucpro
