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
      check(!record.bases.empty(), "an entry without bases");
      line = record.line;
    }
  });
  return 0;
}
