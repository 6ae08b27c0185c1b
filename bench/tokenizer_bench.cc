// Speed of the two tokenizers; the ids of the DNA one are first compared with stored ones.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "tokenizer/dna_tokenizer.h"
#include "tokenizer/protein_alphabet.h"
#include "unit/tokenizer/generated_sequences.h"
#include "unit/tokenizer/tokenizer_files.h"

namespace virnucpro {
namespace {

using test::SequenceGenerator;

struct Workload {
  DnaTokenizer tokenizer;
  std::vector<std::string> texts;  // one block of generated sequences, 1 to 700 bases
};

std::string path_of(bool published) {
  return published ? test::shared_file("data/dnabert_s/tokenizer.json")
                   : test::test_data("small_tokenizer.json");
}

// Throws when the ids of the first block are not the stored ones.
Workload proven_workload(bool published) {
  const std::string path = path_of(published);
  Workload workload{DnaTokenizer::from_json(test::read_file(path), path), {}};
  const SequenceGenerator generator;
  DnaTokenizer::Scratch scratch;
  std::vector<std::int32_t> ids;
  for (std::size_t i = 0; i < test::kBlock; ++i) {
    workload.texts.push_back(generator.sequence(i));
    workload.tokenizer.encode(workload.texts.back(), scratch, ids);
  }
  std::istringstream lines(test::read_file(
      test::test_data(published ? "published_generated.tsv" : "small_generated.tsv")));
  std::string line, block, count, digest;
  std::getline(lines, line);  // the names of the columns
  lines >> block >> count >> digest;
  if (test::sha256_of(ids) != digest) throw std::runtime_error(path + ": wrong ids");
  return workload;
}

void report(benchmark::State& state, std::size_t letters, std::size_t ids) {
  const auto kAsRate = benchmark::Counter::kIsIterationInvariantRate;
  state.counters["letters/s"] = benchmark::Counter(static_cast<double>(letters), kAsRate);
  state.counters["ids/s"] = benchmark::Counter(static_cast<double>(ids), kAsRate);
}

void encode_all(benchmark::State& state, const DnaTokenizer& tokenizer,
                const std::vector<std::string>& texts) {
  DnaTokenizer::Scratch scratch;
  std::vector<std::int32_t> ids;
  std::size_t letters = 0;
  for (const std::string& text : texts) letters += text.size();
  for (auto _ : state) {
    ids.clear();
    for (const std::string& text : texts) tokenizer.encode(text, scratch, ids);
    benchmark::DoNotOptimize(ids.data());
  }
  report(state, letters, ids.size());
}

void dna_sequences(benchmark::State& state, bool published) {
  const Workload workload = proven_workload(published);
  encode_all(state, workload.tokenizer, workload.texts);
}

// The worst case: every pair can merge, and all have the same rank.
void dna_million_equal_letters(benchmark::State& state, bool published) {
  const Workload workload = proven_workload(published);
  encode_all(state, workload.tokenizer, {std::string(1'000'000, 'A')});
}

void protein(benchmark::State& state) {
  std::string residues;
  for (int i = 0; i < 100; ++i) residues += "MKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ";
  std::vector<std::int32_t> ids;
  for (auto _ : state) {
    ids.clear();
    encode_protein(residues, ids);
    benchmark::DoNotOptimize(ids.data());
  }
  report(state, residues.size(), ids.size());
}

}  // namespace
}  // namespace virnucpro

int main(int argc, char** argv) {
  using namespace virnucpro;
  benchmark::Initialize(&argc, argv);
  try {
    for (const bool published : {false, true}) {
      if (!test::file_exists(path_of(published))) continue;
      const std::string name = published ? "/published" : "/small";
      proven_workload(published);
      benchmark::RegisterBenchmark(("dna_sequences" + name).c_str(), dna_sequences, published);
      benchmark::RegisterBenchmark(("dna_million_equal_letters" + name).c_str(),
                                   dna_million_equal_letters, published);
    }
    benchmark::RegisterBenchmark("protein", protein);
    benchmark::RunSpecifiedBenchmarks();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tokenizer_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
