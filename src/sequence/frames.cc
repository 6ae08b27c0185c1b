// Six-frame translation by tables: one code per base, one table of codons per strand.
#include "sequence/frames.h"

#include <algorithm>

namespace virnucpro {
namespace {

// Codes of the bases: three bits each, so that three codes side by side index a table of 512
// codons. The order A C G T makes 3 - code the complement.
constexpr std::uint8_t kOther = 4;  // any letter outside ACGT; a codon with one has no amino acid
constexpr std::size_t kCodonIndices = 512;
constexpr char kNoAminoAcid = '\0';

struct LetterTables {
  std::array<char, 256> upper{};
  std::array<char, 256> code{};
  std::array<char, 256> complement{};
};

constexpr LetterTables make_letter_tables() {
  LetterTables tables;
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const bool lower = byte >= 'a' && byte <= 'z';
    const char upper = static_cast<char>(lower ? byte - 'a' + 'A' : byte);
    tables.upper[byte] = upper;
    // Only A, C, G and T have a complement. Any other letter, IUPAC codes such as R and Y included,
    // stays itself and only moves, as in the published tool.
    switch (upper) {
      case 'A':
        tables.code[byte] = 0;
        tables.complement[byte] = 'T';
        break;
      case 'C':
        tables.code[byte] = 1;
        tables.complement[byte] = 'G';
        break;
      case 'G':
        tables.code[byte] = 2;
        tables.complement[byte] = 'C';
        break;
      case 'T':
        tables.code[byte] = 3;
        tables.complement[byte] = 'A';
        break;
      default:
        tables.code[byte] = kOther;
        tables.complement[byte] = upper;
        break;
    }
  }
  return tables;
}

// The standard genetic code (NCBI translation table 1), codons in the order of the codes:
// AAA AAC AAG AAT ACA ... TTT.
constexpr std::string_view kStandardCode =
    "KNKNTTTTRSRSIIMIQHQHPPPPRRRRLLLLEDEDAAAAGGGGVVVV*Y*YSSSS*CWCLFLF";
static_assert(kStandardCode.size() == 64);

constexpr std::size_t codon_index(std::size_t a, std::size_t b, std::size_t c) {
  return (a << 6) | (b << 3) | c;
}

// The amino acid of three neighbouring codes in the order of the chunk: read forwards, and read as
// the codon of the reverse strand that covers the same three bases.
struct CodonTables {
  std::array<char, kCodonIndices> forward{};
  std::array<char, kCodonIndices> reverse{};
};

constexpr CodonTables make_codon_tables() {
  CodonTables tables;
  tables.forward.fill(kNoAminoAcid);
  tables.reverse.fill(kNoAminoAcid);
  for (std::size_t a = 0; a < 4; ++a) {
    for (std::size_t b = 0; b < 4; ++b) {
      for (std::size_t c = 0; c < 4; ++c) {
        tables.forward[codon_index(a, b, c)] = kStandardCode[a * 16 + b * 4 + c];
        tables.reverse[codon_index(a, b, c)] = kStandardCode[(3 - c) * 16 + (3 - b) * 4 + (3 - a)];
      }
    }
  }
  return tables;
}

constexpr LetterTables kLetters = make_letter_tables();
constexpr CodonTables kCodons = make_codon_tables();

// Translates `codons` codons into `protein`; returns its length, 0 for a stop codon or no amino
// acid at all. The first codon is at `codes`, each next one `step` bases on. As in the published
// tool, a codon with another letter adds nothing, not even an X: the protein gets shorter.
std::size_t translate(const char* codes, std::ptrdiff_t step, std::size_t codons,
                      const std::array<char, kCodonIndices>& table, char* protein) {
  std::size_t length = 0;
  for (; codons > 0; --codons, codes += step) {
    const auto a = static_cast<std::uint8_t>(codes[0]);
    const auto b = static_cast<std::uint8_t>(codes[1]);
    const auto c = static_cast<std::uint8_t>(codes[2]);
    const char amino_acid = table[codon_index(a, b, c)];
    if (amino_acid == '*') return 0;
    protein[length] = amino_acid;
    length += amino_acid != kNoAminoAcid ? 1 : 0;
  }
  return length;
}

void reverse_complement(const std::string& strand, std::string& out) {
  const std::size_t size = strand.size();
  out.resize(size);
  for (std::size_t i = 0; i < size; ++i) {
    out[size - 1 - i] = kLetters.complement[static_cast<std::uint8_t>(strand[i])];
  }
}

}  // namespace

void find_orfs(std::string_view chunk_bases, OrfBuffer& out) {
  out.count_ = 0;
  const std::size_t size = chunk_bases.size();
  if (size < 3) return;
  out.forward_.resize(size);
  out.codes_.resize(size);
  for (std::size_t i = 0; i < size; ++i) {
    const auto byte = static_cast<std::uint8_t>(chunk_bases[i]);
    out.forward_[i] = kLetters.upper[byte];
    out.codes_[i] = kLetters.code[byte];
  }
  bool reversed = false;
  for (std::size_t number = 0; number < kFrameCount; ++number) {
    const bool forward = number < 3;
    const std::size_t first = number % 3;
    const std::size_t codons = (size - first) / 3;
    if (codons == 0) continue;
    std::string& protein = out.proteins_[number];
    if (protein.size() < codons) protein.resize(codons);
    const std::size_t length =
        forward ? translate(out.codes_.data() + first, 3, codons, kCodons.forward, protein.data())
                : translate(out.codes_.data() + size - 3 - first, -3, codons, kCodons.reverse,
                            protein.data());
    if (length == 0) continue;
    // Most chunks have no open frame on the reverse strand, so it is written out only when used.
    if (!forward && !reversed) {
      reverse_complement(out.forward_, out.reverse_);
      reversed = true;
    }
    // The slice has one base more than the codons, and its length follows the protein, so dropped
    // codons shorten its end. Both stay: the classifiers were trained on such slices.
    const std::string_view strand = forward ? out.forward_ : out.reverse_;
    out.orfs_[out.count_++] = {static_cast<Frame>(number), strand.substr(first, 3 * length + 1),
                               std::string_view(protein).substr(0, length)};
  }
}

}  // namespace virnucpro
