// Speed of a run's database: rows in and out, and bases packed and unpacked.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "run/run_database.h"
#include "sequence/packed_bases.h"

namespace virnucpro {
namespace {

/// Reads of 150 bases, in the place where users have results: the disk counts, too.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "run_bench-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string random_bases(std::size_t length, std::string_view letters) {
  std::mt19937 random(1);
  std::string bases(length, ' ');
  for (char& c : bases) c = letters[random() % letters.size()];
  return bases;
}

constexpr std::uint64_t kRowsPerRecord = 6;  // record, bases, its end, chunk, two ORFs
constexpr std::uint64_t kRecordsPerCommit = 2500;

float score(std::uint64_t orf) { return static_cast<float>(orf % 1000) / 1024.0f; }

void add_records(RunDatabase& database, std::uint64_t records) {
  const std::string bases = random_bases(150, "ACGT");
  std::vector<std::byte> packed;
  for (std::uint64_t i = 0; i < records; ++i) {
    packed.clear();
    pack_bases(bases, packed);
    database.begin_record({i, "read_" + std::to_string(i), bases.size(), packed});
    database.add_chunk({i, i, 0, 0, bases.size(), Outcome::kScored, {}});
    for (std::uint64_t orf = 2 * i; orf < 2 * i + 2; ++orf) {
      database.add_orf({orf,
                        i,
                        static_cast<std::uint8_t>(orf % 2),
                        Outcome::kScored,
                        1.0f - score(orf),
                        score(orf),
                        {},
                        {}});
    }
    database.end_record(i, Outcome::kScored, {});
    if ((i + 1) % kRecordsPerCommit == 0) database.commit();
  }
  database.mark_complete();
  database.commit();
}

/// Checks that the rows are those of add_records().
class Check final : public StoredRunVisitor {
 public:
  void begin_record(const StoredRecord& record) override {
    right = right && record.ordinal == records && record.length == 150 &&
            record.bases.size() == 39 && record.id == "read_" + std::to_string(records);
    ++records;
  }
  void chunk(const StoredChunk& chunk, std::span<const StoredOrf> found) override {
    right = right && chunk.end == 150 && found.size() == 2;
    for (const StoredOrf& orf : found) right = right && orf.p_virus == score(orf.number);
    orfs += found.size();
  }
  void end_record(Outcome outcome, std::string_view) override {
    right = right && outcome == Outcome::kScored;
  }
  bool right = true;
  std::uint64_t records = 0;
  std::uint64_t orfs = 0;
};

bool is_right(const RunDatabase& database, std::uint64_t records) {
  Check check;
  database.visit(check);
  return check.right && check.records == records && check.orfs == 2 * records;
}

void BM_AddRows(benchmark::State& state) {
  const auto records = static_cast<std::uint64_t>(state.range(0));
  const Folder folder;
  for (auto _ : state) {
    RunDatabase database(folder.path(), {}, RunDatabase::Existing::kStartOver);
    add_records(database, records);
  }
  if (!is_right(RunDatabase(folder.path()), records)) {
    state.SkipWithError("other rows came out than went in");
  }
  state.counters["rows/s"] = benchmark::Counter(static_cast<double>(records * kRowsPerRecord),
                                                benchmark::Counter::kIsIterationInvariantRate);
}

void BM_VisitRows(benchmark::State& state) {
  const auto records = static_cast<std::uint64_t>(state.range(0));
  const Folder folder;
  RunDatabase database(folder.path(), {}, RunDatabase::Existing::kContinue);
  add_records(database, records);
  for (auto _ : state) {
    if (!is_right(database, records)) state.SkipWithError("other rows came out than went in");
  }
  state.counters["rows/s"] = benchmark::Counter(static_cast<double>(records * kRowsPerRecord),
                                                benchmark::Counter::kIsIterationInvariantRate);
}

BENCHMARK(BM_AddRows)->Arg(200'000)->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(BM_VisitRows)->Arg(200'000)->Unit(benchmark::kMillisecond);

void BM_Pack(benchmark::State& state, const char* letters) {
  const std::string bases = random_bases(1'000'000, letters);
  std::vector<std::byte> packed;
  pack_bases(bases, packed);
  std::string again;
  if (!unpack_bases(packed, bases.size(), again) || again != bases) {
    state.SkipWithError("other bases came out than went in");
    return;
  }
  for (auto _ : state) {
    packed.clear();
    pack_bases(bases, packed);
    benchmark::DoNotOptimize(packed.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bases.size()) * state.iterations());
}

void BM_Unpack(benchmark::State& state, const char* letters) {
  const std::string bases = random_bases(1'000'000, letters);
  std::vector<std::byte> packed;
  pack_bases(bases, packed);
  std::string again;
  for (auto _ : state) {
    if (!unpack_bases(packed, bases.size(), again)) state.SkipWithError("refused");
    benchmark::DoNotOptimize(again.data());
  }
  if (again != bases) state.SkipWithError("other bases came out than went in");
  state.SetBytesProcessed(static_cast<std::int64_t>(bases.size()) * state.iterations());
}

BENCHMARK_CAPTURE(BM_Pack, plain, "ACGT");
BENCHMARK_CAPTURE(BM_Pack, some_n,
                  "ACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTACGTN");
BENCHMARK_CAPTURE(BM_Unpack, plain, "ACGT");

}  // namespace
}  // namespace virnucpro

BENCHMARK_MAIN();
