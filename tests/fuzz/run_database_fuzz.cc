// Fuzz target: the database of a run, or the log that a killed run leaves beside it, read as far as
// there is something to read.
#include <stdlib.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "base/check.h"
#include "fuzz/only_errors.h"
#include "fuzz/write_ahead_log.h"
#include "run/run_database.h"
#include "sequence/packed_bases.h"

namespace virnucpro::fuzz {
namespace {

using Bytes = std::span<const std::uint8_t>;

/// SQLite wants a folder, for its log beside the database. This one is in memory.
class MemoryFolder {
 public:
  MemoryFolder() { check(::mkdtemp(path_.data()) != nullptr, "no folder in memory"); }
  ~MemoryFolder() { std::filesystem::remove_all(path_); }
  MemoryFolder(const MemoryFolder&) = delete;
  MemoryFolder& operator=(const MemoryFolder&) = delete;

  const std::string& path() const { return path_; }
  /// Writes the two files, and no log where it is empty.
  void fill(Bytes database, Bytes log) const {
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      std::filesystem::remove(entry);
    }
    write(kDatabaseFile, database);
    if (!log.empty()) write(std::string(kDatabaseFile) + "-wal", log);
  }

 private:
  void write(const std::string& name, Bytes bytes) const {
    std::ofstream file(path_ + "/" + name, std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    check(file.good(), "a file in memory cannot be written");
  }

  std::string path_ = "/dev/shm/virnucpro_fuzz-XXXXXX";
};

/// Touches every byte, and unpacks the bases as a report does.
class Reader final : public StoredRunVisitor {
 public:
  void begin_record(const StoredRecord& record) override {
    take(record.id);
    const bool is_packed = unpack_bases(record.bases, record.length, bases_);
    check(!is_packed || bases_.size() == record.length, "bases of another length");
  }
  void chunk(const StoredChunk& chunk, std::span<const StoredOrf> orfs) override {
    take(chunk.reason);
    check(orfs.size() <= 6, "more ORFs than frames");
    for (const StoredOrf& orf : orfs) {
      check(orf.p_virus >= 0.0f && orf.p_virus <= 1.0f, "no probability");
      take(orf.reason);
    }
  }
  void end_record(Outcome, std::string_view reason) override { take(reason); }

  void take(std::string_view text) {
    for (const char c : text) sum_ = sum_ + static_cast<unsigned char>(c);
  }

 private:
  std::string bases_;
  volatile unsigned sum_ = 0;
};

void read_all(const RunDatabase& database) {
  Reader reader;
  only_errors([&] { database.visit(reader); });
  only_errors([&] {
    database.read_orfs(0, ~std::uint64_t{0},
                       [&](const StoredOrf& orf) { reader.take(orf.reason); });
  });
  only_errors([&] {
    database.read_record(3, [&](const StoredRecord& record) { reader.take(record.id); });
  });
  only_errors([&] {
    database.read_embeddings(
        0, ~std::uint64_t{0}, [&](std::uint64_t, StoredEncoder, std::span<const float> values) {
          reader.take({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
        });
  });
  only_errors([&] { database.sessions(); });
  only_errors([&] { database.work(); });
  only_errors([&] { database.text("run.json"); });
}

/// Adds to the rows that are there, as a continued run does.
void go_on(RunDatabase& database) {
  const StoredExtent at = database.extent();
  if (database.is_complete()) return;
  database.put_embedding(at.orfs, StoredEncoder::kEsm2, std::vector<float>{1.0f});
  database.drop_embeddings_before(at.orfs);
  database.set_text("run.json", "{}");
  database.commit();
}

/// The database beside which a log is put.
std::vector<std::uint8_t> whole_run() {
  std::ifstream file(VIRNUCPRO_FUZZ_FOLDER "/seeds/run_database/whole_run.db", std::ios::binary);
  std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  check(!bytes.empty(), "the seed whole_run.db is missing");
  return bytes;
}

void run(Bytes database, Bytes log) {
  static const MemoryFolder folder;
  folder.fill(database, log);
  only_errors([&] {
    RunDatabase opened(folder.path());
    read_all(opened);
    go_on(opened);
  });
  only_errors([&] { RunDatabase(folder.path(), {}, RunDatabase::Existing::kContinue); });
  // Any database can be thrown away.
  const RunDatabase emptied(folder.path(), {}, RunDatabase::Existing::kStartOver);
  check(emptied.extent().records == 0 && emptied.work().empty(), "something was left");
}

}  // namespace
}  // namespace virnucpro::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virnucpro::fuzz;
  const Bytes bytes(data, size);
  if (!is_write_ahead_log(bytes)) {
    run(bytes, {});
    return 0;
  }
  static const std::vector<std::uint8_t> database = whole_run();
  run(database, bytes);
  run(database, with_right_checksums(bytes));
  return 0;
}
