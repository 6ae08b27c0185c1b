// Fuzz target: sequence files of every format, told apart by their content.
#include <htslib/bgzf.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "base/check.h"
#include "fuzz/memory_file.h"
#include "fuzz/only_errors.h"
#include "sequence/reader.h"

namespace virnucpro::fuzz {
namespace {

/// Puts plain BAM bytes into BGZF blocks: their checksums would stop nearly every changed input.
void fill_blocks(const MemoryFile& file, std::span<const std::uint8_t> bytes) {
  file.clear();
  const int descriptor = ::dup(file.descriptor());
  BGZF* blocks = bgzf_dopen(descriptor, "w0");
  check(blocks != nullptr, "BGZF blocks cannot be opened");
  const ::ssize_t written = bgzf_write(blocks, bytes.data(), bytes.size());
  const int closed = bgzf_close(blocks);
  check(written == static_cast<::ssize_t>(bytes.size()) && closed == 0,
        "BGZF blocks cannot be written");
}

/// htslib reserves what a BAM header claims, tens of gigabytes at most. It touches only what the
/// file fills, but AddressSanitizer takes seconds over each: such inputs would be all that is run.
bool claims_too_much(std::string_view text) {
  constexpr std::size_t kTextSizeAt = 4;
  const auto claim_at = [&](std::size_t place) -> std::uint32_t {
    std::uint32_t claim = 0;
    if (place + sizeof(claim) <= text.size()) std::memcpy(&claim, &text[place], sizeof(claim));
    return claim;
  };
  const std::size_t text_size = claim_at(kTextSizeAt);
  const std::size_t references = claim_at(kTextSizeAt + sizeof(std::uint32_t) + text_size);
  return text_size > text.size() || references > text.size();
}

void read_records(const MemoryFile& file) {
  only_errors([&] {
    SequenceReader reader({file.path()});
    Record record;
    std::uint64_t expected = 0;
    while (reader.next(record)) {
      check(record.ordinal == expected, "record {} has the ordinal {}", expected, record.ordinal);
      ++expected;
    }
    check(reader.records() == expected, "{} records, and {} counted", expected, reader.records());
  });
}

}  // namespace
}  // namespace virnucpro::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virnucpro::fuzz;
  static const MemoryFile file;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const bool is_bam = text.starts_with("BAM\1");
  if (is_bam && claims_too_much(text)) return 0;
  file.fill({data, size});
  read_records(file);
  if (is_bam) {
    fill_blocks(file, {data, size});
    read_records(file);
  }
  return 0;
}
