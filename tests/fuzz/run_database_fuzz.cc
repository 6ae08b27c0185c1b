// Fuzz target: the database of a run, read as far as there is something to read.
#include <stdlib.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/check.h"
#include "fuzz/only_errors.h"
#include "run/run_database.h"
#include "sequence/packed_bases.h"

namespace virnucpro::fuzz {
namespace {

/// SQLite wants a folder, for its log beside the database. This one is in memory.
class MemoryFolder {
 public:
  MemoryFolder() { check(::mkdtemp(path_.data()) != nullptr, "no folder in memory"); }
  ~MemoryFolder() { std::filesystem::remove_all(path_); }
  MemoryFolder(const MemoryFolder&) = delete;
  MemoryFolder& operator=(const MemoryFolder&) = delete;

  const std::string& path() const { return path_; }
  void fill(const std::uint8_t* data, std::size_t size) const {
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      std::filesystem::remove(entry);
    }
    std::ofstream file(path_ + "/" + kDatabaseFile, std::ios::binary);
    file.write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
    check(file.good(), "a file in memory cannot be written");
  }

 private:
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

/// Adds to what is there, as a run does that goes on.
void go_on(RunDatabase& database) {
  const StoredExtent at = database.extent();
  if (database.is_complete()) return;
  database.put_embedding(at.orfs, StoredEncoder::kEsm2, std::vector<float>{1.0f});
  database.drop_embeddings_before(at.orfs);
  database.set_text("run.json", "{}");
  database.commit();
}

}  // namespace
}  // namespace virnucpro::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virnucpro;
  static const fuzz::MemoryFolder folder;
  folder.fill(data, size);
  fuzz::only_errors([&] {
    RunDatabase database(folder.path());
    fuzz::read_all(database);
    fuzz::go_on(database);
  });
  fuzz::only_errors([&] { RunDatabase(folder.path(), {}, RunDatabase::Existing::kContinue); });
  // Whatever it was, it can be thrown away.
  RunDatabase database(folder.path(), {}, RunDatabase::Existing::kStartOver);
  check(database.extent().records == 0 && database.work().empty(), "something was left");
  return 0;
}
