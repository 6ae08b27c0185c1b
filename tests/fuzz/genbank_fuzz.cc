// Fuzz target: GenBank flat files, plain or compressed.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "dataset/genbank_reader.h"
#include "fuzz/memory_file.h"
#include "fuzz/only_errors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virnucpro;
  static const fuzz::MemoryFile file;
  file.fill({data, size});
  fuzz::only_errors([] {
    GenbankReader reader(file.path());
    std::uint64_t line = 0;
    for (GenbankRecord record; reader.next(record);) {
      check(record.line > line, "an entry in line {} after one in line {}", record.line, line);
      const bool has_problem = record.problem != EntryProblem::kNone;
      check(has_problem != record.message.empty(), "a problem without a message, or the opposite");
      check(has_problem || !record.bases.empty(), "an entry without bases");
      check(record.translations.size() <= record.coding_sequences, "translations of no CDS");
      line = record.line;
    }
  });
  return 0;
}
