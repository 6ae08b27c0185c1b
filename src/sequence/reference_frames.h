// A fixed set of open frames that stand for real ones where none, or too few, are at hand.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace virnucpro {

struct ReferenceFrame {
  std::string nucleotides;  ///< upper case, whole codons, none of them a stop
  std::string protein;      ///< its translation by the standard code
};

/// `count` frames of `codons` random sense codons each. The same arguments give the same frames on
/// every system, and a larger count begins with those of a smaller one. Pure.
std::vector<ReferenceFrame> reference_frames(std::size_t count, std::size_t codons);

}  // namespace virnucpro
