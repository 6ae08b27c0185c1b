// Six-frame translation by tables: one code per base, one table of codons per strand and code.
#include "sequence/frames.h"

#include <algorithm>
#include <utility>

#include "sequence/genetic_code_tables.h"

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

constexpr std::size_t codon_index(std::size_t a, std::size_t b, std::size_t c) {
  return (a << 6) | (b << 3) | c;
}

// The amino acid of three neighbouring codes in the order of the chunk: read forwards, and read as
// the codon of the reverse strand that covers the same three bases.
struct CodonTables {
  std::array<char, kCodonIndices> forward{};
  std::array<char, kCodonIndices> reverse{};
};

// NCBI's tables have the bases in the order T C A G; here by the codes of A C G T.
constexpr std::array<std::size_t, 4> kNcbiOrder = {2, 1, 3, 0};

constexpr CodonTables make_codon_tables(std::string_view amino_acids) {
  const auto amino_acid = [&](std::size_t a, std::size_t b, std::size_t c) {
    return amino_acids[kNcbiOrder[a] * 16 + kNcbiOrder[b] * 4 + kNcbiOrder[c]];
  };
  CodonTables tables;
  tables.forward.fill(kNoAminoAcid);
  tables.reverse.fill(kNoAminoAcid);
  for (std::size_t a = 0; a < 4; ++a) {
    for (std::size_t b = 0; b < 4; ++b) {
      for (std::size_t c = 0; c < 4; ++c) {
        tables.forward[codon_index(a, b, c)] = amino_acid(a, b, c);
        tables.reverse[codon_index(a, b, c)] = amino_acid(3 - c, 3 - b, 3 - a);
      }
    }
  }
  return tables;
}

constexpr LetterTables kLetters = make_letter_tables();

constexpr std::array<CodonTables, kGeneticCodes.size()> make_all_codon_tables() {
  std::array<CodonTables, kGeneticCodes.size()> tables;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    tables[i] = make_codon_tables(kGeneticCodes[i].amino_acids);
  }
  return tables;
}

constexpr std::array<CodonTables, kGeneticCodes.size()> kCodons = make_all_codon_tables();

char amino_acid_at(const char* codes, const std::array<char, kCodonIndices>& table) {
  return table[codon_index(static_cast<std::uint8_t>(codes[0]), static_cast<std::uint8_t>(codes[1]),
                           static_cast<std::uint8_t>(codes[2]))];
}

// Translates `codons` codons into `protein`; returns its length, 0 for a stop codon or no amino
// acid at all. The first codon is at `codes`, each next one `step` bases on. As in the published
// tool, a codon with another letter adds nothing, not even an X: the protein gets shorter.
std::size_t translate(const char* codes, std::ptrdiff_t step, std::size_t codons,
                      const std::array<char, kCodonIndices>& table, char* protein) {
  std::size_t length = 0;
  for (; codons > 0; --codons, codes += step) {
    const char amino_acid = amino_acid_at(codes, table);
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

// One frame as a walk over codes: codon i is at first + i * step.
struct FrameWalk {
  const char* first = nullptr;
  std::ptrdiff_t step = 3;
  std::size_t codons = 0;
  const std::array<char, kCodonIndices>* table = nullptr;
};

FrameWalk walk_of(Frame frame, const std::string& codes, GeneticCode code) {
  const auto number = static_cast<std::size_t>(frame);
  const std::size_t offset = number % 3;
  const CodonTables& tables = kCodons[code.index()];
  FrameWalk walk;
  if (codes.size() < offset + 3) return walk;
  walk.codons = (codes.size() - offset) / 3;
  if (number < 3) {
    walk.first = codes.data() + offset;
    walk.table = &tables.forward;
  } else {
    walk.first = codes.data() + codes.size() - 3 - offset;
    walk.step = -3;
    walk.table = &tables.reverse;
  }
  return walk;
}

// Codons [begin, end) of a frame.
struct Run {
  Frame frame = Frame::kF1;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t residues = 0;
};

// The longest run of a frame; of equal ones that with the smallest start in the chunk, which on
// the reverse strand is the last.
Run longest_run(Frame frame, const FrameWalk& walk) {
  Run longest{frame};
  Run run{frame};
  const bool last_wins = walk.step < 0;
  const auto close = [&] {
    const bool is_longer = run.residues > longest.residues;
    if (is_longer || (last_wins && run.residues == longest.residues)) longest = run;
    run.residues = 0;
  };
  const char* codes = walk.first;
  for (std::size_t codon = 0; codon < walk.codons; ++codon, codes += walk.step) {
    const char amino_acid = amino_acid_at(codes, *walk.table);
    if (amino_acid == '*') {
      close();
    } else if (amino_acid != kNoAminoAcid) {
      if (run.residues == 0) run.begin = codon;
      run.end = codon + 1;
      ++run.residues;
    }
  }
  close();
  return longest;
}

}  // namespace

void OrfBuffer::encode(std::string_view chunk_bases) {
  const std::size_t size = chunk_bases.size();
  forward_.resize(size);
  codes_.resize(size);
  reverse_.clear();
  for (std::size_t i = 0; i < size; ++i) {
    const auto byte = static_cast<std::uint8_t>(chunk_bases[i]);
    forward_[i] = kLetters.upper[byte];
    codes_[i] = kLetters.code[byte];
  }
}

// `bases` of the frame's strand from `first` on, as far as the strand reaches; the protein lies in
// proteins_ already.
void OrfBuffer::add(Frame frame, std::size_t first, std::size_t bases, std::size_t residues,
                    bool is_run) {
  const auto number = static_cast<std::size_t>(frame);
  const bool forward = number < 3;
  // Most chunks have nothing to read on the reverse strand, so it is written out only when used.
  if (!forward && reverse_.empty()) reverse_complement(forward_, reverse_);
  const std::size_t size = forward_.size();
  const std::string_view strand = forward ? forward_ : reverse_;
  Orf& orf = orfs_[count_++];
  orf.frame = frame;
  orf.nucleotides = strand.substr(first, bases);
  orf.protein = std::string_view(proteins_[number]).substr(0, residues);
  const std::size_t end = first + orf.nucleotides.size();
  orf.start = forward ? first : size - end;
  orf.end = forward ? end : size - first;
  orf.is_run = is_run;
}

void OrfBuffer::find_open(GeneticCode code) {
  for (std::size_t number = 0; number < kFrameCount; ++number) {
    const auto frame = static_cast<Frame>(number);
    const FrameWalk walk = walk_of(frame, codes_, code);
    if (walk.codons == 0) continue;
    std::string& protein = proteins_[number];
    if (protein.size() < walk.codons) protein.resize(walk.codons);
    const std::size_t length =
        translate(walk.first, walk.step, walk.codons, *walk.table, protein.data());
    if (length == 0) continue;
    // The slice has one base more than the codons, and its length follows the protein, so dropped
    // codons shorten its end. Both stay: the classifiers were trained on such slices.
    add(frame, number % 3, 3 * length + 1, length, false);
  }
}

void OrfBuffer::find_runs(const FrameRule& rule) {
  std::array<Run, kFrameCount> runs;
  for (std::size_t number = 0; number < kFrameCount; ++number) {
    const auto frame = static_cast<Frame>(number);
    runs[number] = longest_run(frame, walk_of(frame, codes_, rule.code));
  }
  // Insertion sort: stable, so that of equal runs the earlier frame comes first, and without the
  // memory that std::stable_sort asks for.
  for (std::size_t i = 1; i < kFrameCount; ++i) {
    for (std::size_t j = i; j > 0 && runs[j].residues > runs[j - 1].residues; --j) {
      std::swap(runs[j], runs[j - 1]);
    }
  }
  const auto is_read = [&](const Run& run) {
    return run.residues > 0 && 3 * run.residues >= rule.least_run;
  };
  std::array<const Run*, kFrameCount> read{};
  for (std::size_t i = 0; i < kFrameCount && i < rule.runs() && is_read(runs[i]); ++i) {
    read[static_cast<std::size_t>(runs[i].frame)] = &runs[i];
  }
  for (std::size_t number = 0; number < kFrameCount; ++number) {
    if (read[number] == nullptr) continue;
    const Run& run = *read[number];
    const FrameWalk walk = walk_of(run.frame, codes_, rule.code);
    std::string& protein = proteins_[number];
    if (protein.size() < walk.codons) protein.resize(walk.codons);
    const std::size_t codons = run.end - run.begin;
    translate(walk.first + static_cast<std::ptrdiff_t>(run.begin) * walk.step, walk.step, codons,
              *walk.table, protein.data());
    // Exactly its codons: no base more, and none left out.
    add(run.frame, number % 3 + 3 * run.begin, 3 * codons, run.residues, true);
  }
}

void find_orfs(std::string_view chunk_bases, const FrameRule& rule, OrfBuffer& out) {
  out.count_ = 0;
  if (chunk_bases.size() < 3) return;
  out.encode(chunk_bases);
  out.find_open(rule.code);
  if (out.count_ == 0 && rule.runs() > 0) out.find_runs(rule);
}

}  // namespace virnucpro
