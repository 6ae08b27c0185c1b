// The facts are those of "The Genetic Codes" (A. Elzanowski and J. Ostell, NCBI, gc.prt version
// 4.6), https://www.ncbi.nlm.nih.gov/Taxonomy/Utils/wprintgc.cgi, lines "AAs".
#include "sequence/genetic_code.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "base/check.h"
#include "sequence/genetic_code_tables.h"

namespace virnucpro {

std::optional<GeneticCode> GeneticCode::of_number(std::uint64_t number) {
  for (std::size_t i = 0; i < kGeneticCodes.size(); ++i) {
    if (static_cast<std::uint64_t>(kGeneticCodes[i].number) == number) return at(i);
  }
  return std::nullopt;
}

std::size_t GeneticCode::count() { return kGeneticCodes.size(); }

GeneticCode GeneticCode::at(std::size_t index) {
  check(index < kGeneticCodes.size(), "genetic code {} of {}", index, kGeneticCodes.size());
  GeneticCode code;
  code.index_ = static_cast<std::uint8_t>(index);
  return code;
}

std::string GeneticCode::numbers() {
  std::string text;
  for (const GeneticCodeTable& table : kGeneticCodes) {
    if (!text.empty()) text += ", ";
    text += std::to_string(table.number);
  }
  return text;
}

int GeneticCode::number() const { return kGeneticCodes[index_].number; }

std::string_view GeneticCode::name() const { return kGeneticCodes[index_].name; }

std::string_view GeneticCode::amino_acids() const { return kGeneticCodes[index_].amino_acids; }

}  // namespace virnucpro
