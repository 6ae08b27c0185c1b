// Datasets of an HDF5 file that grow by rows of a fixed size; for report/*.cc only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/partial_file.h"
#include "embeddings/embedding_manifest.h"
#include "embeddings/hdf5_handle.h"

namespace virnucpro {

/// Throws the OutputError of a failed call: file, `what` and HDF5's reason.
[[noreturn]] void fail_hdf5(const std::string& path, const char* what);

/// Hands `value` through unless it is HDF5's mark of a failure.
template <typename T>
T hdf5_checked(T value, const std::string& path, const char* what) {
  if (value < 0) fail_hdf5(path, what);
  return value;
}

/// A dataset [n] or, with a width, [n, width]. Rows are gathered into chunks, each of which is
/// written once and with a checksum. The caller holds hdf5_mutex(); the files must outlive it.
/// Every function throws OutputError naming the file.
class Hdf5Column {
 public:
  /// `row_bytes` is the size of a row in the dataset's own type, in which rows are passed.
  Hdf5Column(const Hdf5File& hdf5, const PartialFile& file, const char* name, Hdf5Type type,
             std::uint64_t width, std::uint64_t row_bytes, bool is_compressed = false);

  void append(const void* rows, std::size_t count);
  /// Writes the remaining rows and closes the dataset. The places of its chunks are known unless
  /// they are compressed.
  EmbeddingManifest::Column finish();

 private:
  void create(std::uint64_t chunk_rows);
  void write_chunk();
  std::uint64_t place_of_chunk(haddr_t search_from) const;
  haddr_t end_of_file() const;

  const Hdf5File& hdf5_;
  const PartialFile& file_;
  const char* name_;
  Hdf5Type type_;
  std::uint64_t width_;
  std::uint64_t row_bytes_;
  bool is_compressed_;
  Hdf5Dataset dataset_;
  std::string chunk_;  ///< the rows that are not written yet
  std::uint64_t rows_ = 0;
  EmbeddingManifest::Column written_;
};

}  // namespace virnucpro
