// FASTA and FASTQ files to open reading frames, on one core; the answer is checked before the
// timing.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <string_view>

#include "sequence/chunks.h"
#include "sequence/frames.h"
#include "sequence/reader.h"

namespace virnucpro {
namespace {

constexpr std::size_t kFileBases = 40'000'000;  // a tenth of a second or more at any likely rate
constexpr std::uint64_t kExpectedLength = 500;

struct Totals {
  std::uint64_t bases = 0;
  std::uint64_t orfs = 0;
  std::uint64_t checksum = 0;

  void add(Frame frame, std::string_view nucleotides, std::string_view protein) {
    ++orfs;
    const std::hash<std::string_view> hash;
    checksum = checksum * 31 + hash(nucleotides) + 7 * hash(protein) + static_cast<unsigned>(frame);
  }
  friend bool operator==(const Totals&, const Totals&) = default;
};

/// A file of records, which keeps its bases to check the answer.
class SequenceFile {
 public:
  /// `coding`: without stops in the first frame, as in viral genomes; else random.
  SequenceFile(std::size_t record_bases, bool coding, bool fastq) {
    path_ = (std::filesystem::temp_directory_path() /
             ("virnucpro_bench_" + std::to_string(::getpid()) + ".seq"))
                .string();
    std::mt19937 random(3);
    std::ofstream file(path_, std::ios::binary);
    constexpr std::size_t kLine = 80;
    for (std::size_t written = 0; written < kFileBases; written += record_bases) {
      std::string bases(record_bases, 'A');
      for (char& c : bases) c = "ACGT"[random() >> 30];
      for (std::size_t i = 0; coding && i + 2 < bases.size(); i += 3) {
        if (bases[i] == 'T') bases[i] = 'G';  // every stop begins with T
      }
      file << (fastq ? '@' : '>') << "record_" << written << " of a benchmark\n";
      if (fastq) {
        file << bases << "\n+\n" << std::string(record_bases, 'I') << '\n';
      } else {
        for (std::size_t i = 0; i < bases.size(); i += kLine) {
          file << std::string_view(bases).substr(i, kLine) << '\n';
        }
      }
      naive(bases);
    }
    if (!file.flush()) throw std::runtime_error("cannot write " + path_);
  }
  ~SequenceFile() { std::filesystem::remove(path_); }
  SequenceFile(const SequenceFile&) = delete;
  SequenceFile& operator=(const SequenceFile&) = delete;

  const std::string& path() const { return path_; }
  const Totals& expected() const { return expected_; }

 private:
  // The specification, followed plainly with strings and without tables.
  void naive(const std::string& bases) {
    expected_.bases += bases.size();
    for (const Chunk chunk : ChunkRange(0, bases.size(), kExpectedLength)) {
      const std::string forward = bases.substr(chunk.start, chunk.end - chunk.start);
      std::string reverse(forward.rbegin(), forward.rend());
      for (char& c : reverse) c = "TGCA"[std::string_view("ACGT").find(c)];
      for (std::size_t number = 0; number < kFrameCount; ++number) {
        const std::string& strand = number < 3 ? forward : reverse;
        const std::size_t first = number % 3;
        const std::string protein = translate(strand, first);
        if (protein.empty()) continue;
        const std::string nucleotides = strand.substr(first, 3 * protein.size() + 1);
        expected_.add(static_cast<Frame>(number), nucleotides, protein);
      }
    }
  }

  static std::string translate(const std::string& strand, std::size_t first) {
    constexpr std::string_view kOrder = "TCAG";
    constexpr std::string_view kAmino =
        "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG";
    std::string protein;
    for (std::size_t i = first; i + 3 <= strand.size(); i += 3) {
      const char amino = kAmino[kOrder.find(strand[i]) * 16 + kOrder.find(strand[i + 1]) * 4 +
                                kOrder.find(strand[i + 2])];
      if (amino == '*') return "";
      protein += amino;
    }
    return protein;
  }

  std::string path_;
  Totals expected_;
};

// Checks the frames where there are `totals`, else only counts them, as a pipeline passes them on.
std::uint64_t read_frames(const std::string& path, Totals* totals) {
  SequenceReader reader({path});
  Record record;
  OrfBuffer buffer;
  std::uint64_t orfs = 0;
  while (reader.next(record)) {
    const std::string_view bases = record.bases;
    if (totals != nullptr) totals->bases += bases.size();
    for (const Chunk chunk : ChunkRange(record.ordinal, bases.size(), kExpectedLength)) {
      find_orfs(bases.substr(chunk.start, chunk.end - chunk.start), buffer);
      orfs += buffer.orfs().size();
      if (totals == nullptr) continue;
      for (const Orf& orf : buffer.orfs()) totals->add(orf.frame, orf.nucleotides, orf.protein);
    }
  }
  return orfs;
}

void BM_FileToOrfs(benchmark::State& state, std::size_t record_bases, bool coding, bool fastq) {
  const SequenceFile file(record_bases, coding, fastq);
  Totals found;
  read_frames(file.path(), &found);
  if (found != file.expected()) {
    state.SkipWithError("the frames differ from those of the specification");
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(read_frames(file.path(), nullptr));
  const auto runs = static_cast<double>(state.iterations());
  state.counters["bases/s"] =
      benchmark::Counter(static_cast<double>(found.bases) * runs, benchmark::Counter::kIsRate);
  state.counters["orfs/chunk"] =
      static_cast<double>(found.orfs) /
      static_cast<double>(found.bases / record_bases * chunk_count(record_bases, kExpectedLength));
}

void BM_ReadOnly(benchmark::State& state, std::size_t record_bases, bool fastq) {
  const SequenceFile file(record_bases, false, fastq);
  std::uint64_t bases = 0;
  for (auto _ : state) {
    SequenceReader reader({file.path()});
    for (Record record; reader.next(record);) bases += record.bases.size();
  }
  state.counters["bases/s"] =
      benchmark::Counter(static_cast<double>(bases), benchmark::Counter::kIsRate);
}

constexpr bool kCoding = true;
constexpr bool kFastq = true;
BENCHMARK_CAPTURE(BM_FileToOrfs, fasta_contigs_random, 10'000, !kCoding, !kFastq);
BENCHMARK_CAPTURE(BM_FileToOrfs, fasta_contigs_coding, 10'000, kCoding, !kFastq);
BENCHMARK_CAPTURE(BM_FileToOrfs, fasta_reads_150, 150, !kCoding, !kFastq);
BENCHMARK_CAPTURE(BM_FileToOrfs, fastq_reads_150, 150, !kCoding, kFastq);
BENCHMARK_CAPTURE(BM_ReadOnly, fasta_contigs, 10'000, !kFastq);
BENCHMARK_CAPTURE(BM_ReadOnly, fastq_reads_150, 150, kFastq);

}  // namespace
}  // namespace virnucpro

BENCHMARK_MAIN();
