#include "sequence/bases.h"

#include <algorithm>
#include <array>

namespace virnucpro {
namespace {

enum ByteClass : std::uint8_t { kLetter = 0, kGap = 1, kBlank = 2, kBad = 4 };

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  classes.fill(kBad);
  for (std::size_t offset = 0; offset < 26; ++offset) {
    classes['A' + offset] = kLetter;
    classes['a' + offset] = kLetter;
  }
  for (const char gap : {'-', '.', '*'}) classes[static_cast<unsigned char>(gap)] = kGap;
  for (const char blank : {' ', '\t', '\r', '\n', '\v', '\f'}) {
    classes[static_cast<unsigned char>(blank)] = kBlank;
  }
  return classes;
}

constexpr std::array<std::uint8_t, 256> kClasses = make_classes();

// About a third of a protein's letters are these; dirty nucleotides have next to none but X and N.
constexpr std::string_view kProteinOnly = "EFIJLOPQZ";
constexpr std::size_t kCensusBases = 1000;   // enough for a stable share, at no cost
constexpr std::size_t kJudgedLetters = 20;   // fewer prove nothing
constexpr std::size_t kProteinDivisor = 10;  // a protein has one such letter in ten

}  // namespace

CopiedBases copy_bases(std::string_view raw, std::string& out) {
  std::uint8_t seen = 0;
  for (const char c : raw) seen |= kClasses[static_cast<unsigned char>(c)];
  CopiedBases copied;
  copied.has_gaps = (seen & kGap) != 0;
  if ((seen & (kBlank | kBad)) == 0) {
    out.assign(raw);
    return copied;
  }
  out.clear();
  out.reserve(raw.size());
  for (const char c : raw) {
    const auto byte = static_cast<unsigned char>(c);
    if (kClasses[byte] == kBlank) continue;
    if (kClasses[byte] == kBad) {
      copied.bad = BadBase{out.size() + 1, byte};
      return copied;
    }
    out.push_back(c);
  }
  return copied;
}

bool LetterCensus::looks_like_protein() const {
  return letters >= kJudgedLetters && protein_only * kProteinDivisor >= letters;
}

LetterCensus take_census(std::string_view bases) {
  LetterCensus census;
  for (const char c : bases.substr(0, kCensusBases)) {
    const char upper = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    ++census.letters;
    if (kProteinOnly.find(upper) != std::string_view::npos) ++census.protein_only;
    if (upper == 'T') ++census.thymine;
    if (upper == 'U') ++census.uracil;
  }
  return census;
}

}  // namespace virnucpro
