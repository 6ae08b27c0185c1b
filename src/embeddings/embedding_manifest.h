// What follows the HDF5 part of an embedding file: where its values are, and their hashes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "embeddings/embedding_file.h"

namespace virnucpro {

/// The datasets that are read back, in the order of the manifest.
enum class EmbeddingColumn : std::uint8_t {
  kRecord,
  kChunk,
  kFrame,
  kDnabertS,
  kEsm2,
  kIdEnds,
  kIdBytes,
  // Only in files that say what was read.
  kStart,
  kEnd,
  kRun
};
inline constexpr std::array<const char*, 10> kEmbeddingColumns = {
    "record",         "chunk",           "frame", "dnabert_s", "esm2",
    "record_id_ends", "record_id_bytes", "start", "end",       "run"};

/// The most bytes of a chunk, unless a single row has more. HDF5's readers keep 1 MiB.
inline constexpr std::uint64_t kEmbeddingChunkBytes = std::uint64_t{1} << 19;

/// A chunk of a dataset, given by its bytes in the file without HDF5's checksum.
struct EmbeddingChunk {
  std::uint64_t offset = 0;
  std::string sha256;  ///< of the rows that are used
};

struct EmbeddingManifest {
  EmbeddingOrigin origin;
  std::uint64_t rows = 0;
  std::uint64_t records = 0;
  std::uint64_t id_bytes = 0;  ///< of all records
  std::uint64_t dnabert_width = 0;
  std::uint64_t esm2_width = 0;

  struct Column {
    std::uint64_t chunk_rows = 1;  ///< of every chunk but the last, which may have fewer
    std::vector<EmbeddingChunk> chunks;
  };
  std::array<Column, kEmbeddingColumns.size()> columns;

  Column& of(EmbeddingColumn column) { return columns[static_cast<std::size_t>(column)]; }
  const Column& of(EmbeddingColumn column) const {
    return columns[static_cast<std::size_t>(column)];
  }
  /// How many of kEmbeddingColumns the file has.
  std::size_t column_count() const {
    return kEmbeddingColumns.size() - (origin.says_what_was_read() ? 0 : 3);
  }
  std::uint64_t rows_of(EmbeddingColumn column) const;
  std::uint64_t row_bytes_of(EmbeddingColumn column) const;
};

/// The manifest and its footer, to be written at `offset`, the end of the HDF5 part.
std::string embedding_trailer(const EmbeddingManifest& manifest, std::uint64_t offset);

/// Reads bytes [offset, +size) of a file, all of which exist.
using ReadBytes = std::function<std::string(std::uint64_t offset, std::uint64_t size)>;

/// True for a file that ends with a footer.
bool has_embedding_footer(std::uint64_t file_size, const ReadBytes& read);

/// Reads the trailer of a file. The result is consistent, whatever the bytes: all chunks lie in the
/// file and are together no larger than it. Throws InputError that begins with `path`.
EmbeddingManifest read_embedding_trailer(const std::string& path, std::uint64_t file_size,
                                         const ReadBytes& read);

}  // namespace virnucpro
