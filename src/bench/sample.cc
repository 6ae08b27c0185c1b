#include "bench/sample.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <random>
#include <string_view>

#include "base/counted.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/output_file.h"
#include "base/stop.h"
#include "base/stopwatch.h"
#include "sequence/chunks.h"
#include "sequence/frames.h"
#include "sequence/reader.h"
#include "tokenizer/protein_alphabet.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

std::string_view bases_of(const Chunk& chunk, std::string_view bases) {
  return bases.substr(chunk.start, chunk.end - chunk.start);
}

/// Copies records to a FASTA file until the number of open frames is reached.
class SampleWriter {
 public:
  SampleWriter(const std::string& path, std::uint64_t orfs, std::int64_t expected_length)
      : file_(path), left_(orfs), length_(static_cast<std::uint64_t>(expected_length)) {}

  bool is_full() const { return left_ == 0; }

  void add(std::string_view id, std::string_view bases) {
    std::uint64_t end = bases.size();
    for (const Chunk& chunk : ChunkRange(0, bases.size(), length_)) {
      find_orfs(bases_of(chunk, bases), orfs_);
      left_ -= std::min<std::uint64_t>(left_, orfs_.orfs().size());
      if (left_ > 0) continue;
      end = chunk.end;
      break;
    }
    file_.write(fmt::format(">{}\n{}\n", id, bases.substr(0, end)));
  }

  void commit() { file_.commit(); }

 private:
  OutputFile file_;
  std::uint64_t left_;
  std::uint64_t length_;
  OrfBuffer orfs_;
};

std::string random_codons(std::size_t count, std::mt19937& random) {
  std::string bases;
  while (bases.size() < 3 * count) {
    std::string codon = "AAA";
    for (char& base : codon) base = "ACGT"[random() >> 30];
    if (codon != "TAA" && codon != "TAG" && codon != "TGA") bases += codon;
  }
  return bases;
}

void add(TokenCounts& counts, std::size_t tokens) {
  counts.tokens += tokens;
  counts.squared += tokens * tokens;
}

struct Parent {
  std::string path;
  std::string origin;  ///< where the path comes from
};

/// As std::filesystem::temp_directory_path(), but also says where an unusable path comes from.
Parent temporary_parent(const Environment& environment) {
  for (const char* name : {"TMPDIR", "TMP", "TEMP", "TEMPDIR"}) {
    const std::optional<std::string> value = environment(name);
    if (value && !value->empty()) return {*value, name};
  }
  return {"/tmp", "since TMPDIR is not set"};
}

}  // namespace

TemporaryFolder::TemporaryFolder(const Environment& environment) {
  const Parent parent = temporary_parent(environment);
  path_ = (fs::path(parent.path) / "virnucpro_bench_XXXXXX").string();
  if (::mkdtemp(path_.data()) == nullptr) {
    throw OutputError(fmt::format(
        "{}: no temporary folder can be made there ({}): {}. Name a folder that can be written to "
        "with TMPDIR.",
        parent.path, parent.origin, std::strerror(errno)));
  }
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void write_random_sample(const std::string& path, std::uint64_t orfs,
                         std::int64_t expected_length) {
  SampleWriter writer(path, orfs, expected_length);
  std::mt19937 random(20);  // its sequence is fixed by the standard
  const auto length = static_cast<std::uint32_t>(expected_length);
  for (std::uint64_t number = 0; !writer.is_full(); ++number) {
    const std::size_t bases = length / 2 + random() % (7 * length / 2);
    writer.add(fmt::format("random_{}", number), random_codons(bases / 3, random));
  }
  writer.commit();
}

void write_sample(const std::vector<std::string>& inputs, const std::string& path,
                  std::uint64_t orfs, std::int64_t expected_length, const std::stop_token& stop) {
  SampleWriter writer(path, orfs, expected_length);
  SequenceReader reader(inputs, {}, stop);
  for (Record record; !writer.is_full() && reader.next(record);) {
    throw_if_stopped(stop);
    // A name that FASTA can hold, whatever the input's format allows.
    writer.add(fmt::format("record_{}", record.ordinal + 1), record.bases);
  }
  writer.commit();
}

SampleCounts count_sample(const std::vector<std::string>& inputs, std::int64_t expected_length,
                          const DnaTokenizer& tokenizer, const std::stop_token& stop) {
  SampleCounts counts;
  SequenceReader reader(inputs, {}, stop);
  Record record;
  OrfBuffer buffer;
  DnaTokenizer::Scratch scratch;
  std::vector<std::int32_t> ids;
  Stopwatch watch;
  while (reader.next(record)) {
    throw_if_stopped(stop);
    counts.read_seconds += watch.lap();
    ++counts.records;
    counts.bases += record.bases.size();
    const std::string_view bases = record.bases;
    for (const Chunk& chunk :
         ChunkRange(record.ordinal, bases.size(), static_cast<std::uint64_t>(expected_length))) {
      find_orfs(bases_of(chunk, bases), buffer);
      counts.frames_seconds += watch.lap();
      ++counts.chunks;
      for (const Orf& orf : buffer.orfs()) {
        ++counts.orfs;
        ids.clear();
        tokenizer.encode(orf.nucleotides, scratch, ids);
        add(counts.dnabert_s, ids.size());
        ids.clear();
        encode_protein(orf.protein, ids);
        add(counts.esm2, ids.size());
      }
      counts.tokenize_seconds += watch.lap();
    }
  }
  counts.read_seconds += watch.lap();
  if (counts.orfs == 0) {
    throw InputError(
        fmt::format("{}, but no open reading frame in them: nothing to measure. Give an "
                    "input with coding sequences, or none to use random ones.",
                    counted(counts.records, "record")));
  }
  return counts;
}

}  // namespace virnucpro
