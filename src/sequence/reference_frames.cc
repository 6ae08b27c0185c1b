#include "sequence/reference_frames.h"

#include <string_view>

#include "base/random.h"
#include "sequence/genetic_code.h"

namespace virnucpro {

std::vector<ReferenceFrame> reference_frames(std::size_t count, std::size_t codons) {
  constexpr std::string_view kBases = "TCAG";  // the order of GeneticCode::amino_acids()
  const std::string_view amino_acids = GeneticCode().amino_acids();
  std::vector<ReferenceFrame> frames;
  for (std::size_t i = 0; i < count; ++i) {
    Random random(i);
    ReferenceFrame& frame = frames.emplace_back();
    while (frame.protein.size() < codons) {
      const std::size_t codon = random.below(amino_acids.size());
      if (amino_acids[codon] == '*') continue;
      frame.nucleotides += kBases[codon / 16];
      frame.nucleotides += kBases[codon / 4 % 4];
      frame.nucleotides += kBases[codon % 4];
      frame.protein += amino_acids[codon];
    }
  }
  return frames;
}

}  // namespace virnucpro
