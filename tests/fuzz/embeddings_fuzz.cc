// Fuzz target: a file of embeddings, as it is, with the hash that its manifest should have, and
// with those that its values should have, too.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/errors.h"
#include "base/sha256.h"
#include "embeddings/embedding_manifest.h"
#include "embeddings/embedding_reader.h"
#include "fuzz/memory_file.h"
#include "fuzz/only_errors.h"

namespace virnucpro::fuzz {
namespace {

// The bytes of the footer: two numbers, a hash and the mark.
constexpr std::size_t kHashBytes = 64;
constexpr std::size_t kMarkBytes = 8;
constexpr std::size_t kFooterBytes = 2 * sizeof(std::uint64_t) + kHashBytes + kMarkBytes;

const MemoryFile& file() {
  static const MemoryFile memory;
  return memory;
}

std::string hash_of(std::string_view bytes) { return sha256_hex(std::as_bytes(std::span(bytes))); }

void read_all(std::string_view bytes) {
  file().fill(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
  is_embedding_file(file().path());
  only_errors([] {
    EmbeddingReader reader(file().path());
    std::uint64_t records = 0;
    reader.for_each_record([&](std::string_view) { ++records; });
    check(records == reader.records(), "{} of {} records", records, reader.records());
    EmbeddingBlock block;
    std::uint64_t rows = 0;
    while (reader.next(block)) {
      rows += block.rows.size();
      check(block.dnabert_s.size() ==
                block.rows.size() * static_cast<std::size_t>(reader.dnabert_width()),
            "values of another width");
      for (const EmbeddingRow& row : block.rows) {
        check(row.record < records, "a row of record {} of {}", row.record, records);
      }
    }
    check(rows == reader.rows(), "{} of {} rows", rows, reader.rows());
  });
}

/// The bytes with the mark, and the hash of what the footer calls the manifest.
std::string with_right_manifest_hash(std::string bytes) {
  if (bytes.size() < kFooterBytes) return bytes;
  const std::size_t footer = bytes.size() - kFooterBytes;
  std::uint64_t offset = 0;
  std::memcpy(&offset, bytes.data() + footer, sizeof offset);
  if (offset > footer) return bytes;
  const std::uint64_t size = footer - offset;
  std::memcpy(bytes.data() + footer + sizeof offset, &size, sizeof size);
  const std::string hash = hash_of(std::string_view(bytes).substr(offset, size));
  bytes.replace(footer + 2 * sizeof offset, kHashBytes, hash);
  bytes.replace(bytes.size() - kMarkBytes, kMarkBytes, "VNPEMBD1");
  return bytes;
}

/// The bytes with the hashes of what the manifest calls values, where it can be read.
std::string with_right_value_hashes(const std::string& bytes) {
  const ReadBytes read = [&](std::uint64_t offset, std::uint64_t size) {
    return bytes.substr(offset, size);
  };
  try {
    EmbeddingManifest manifest = read_embedding_trailer("f", bytes.size(), read);
    for (std::size_t i = 0; i < manifest.columns.size(); ++i) {
      const auto which = static_cast<EmbeddingColumn>(i);
      EmbeddingManifest::Column& column = manifest.of(which);
      std::uint64_t left = manifest.rows_of(which);
      for (EmbeddingChunk& chunk : column.chunks) {
        const std::uint64_t rows = std::min(left, column.chunk_rows);
        chunk.sha256 = hash_of(read(chunk.offset, rows * manifest.row_bytes_of(which)));
        left -= rows;
      }
    }
    std::uint64_t offset = 0;
    std::memcpy(&offset, bytes.data() + bytes.size() - kFooterBytes, sizeof offset);
    return bytes.substr(0, offset) + embedding_trailer(manifest, offset);
  } catch (const InputError&) {
    return {};
  }
}

}  // namespace
}  // namespace virnucpro::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virnucpro::fuzz;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  read_all(bytes);
  const std::string listed = with_right_manifest_hash(bytes);
  if (listed != bytes) read_all(listed);
  const std::string sealed = with_right_value_hashes(listed);
  if (!sealed.empty() && sealed != listed) read_all(sealed);
  return 0;
}
