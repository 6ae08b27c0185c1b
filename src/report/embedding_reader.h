// Reads the HDF5 file of `embed` back, block by block.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "report/embedding_file.h"

namespace virnucpro {

/// Consecutive rows of an embedding file.
struct EmbeddingBlock {
  std::vector<std::string> ids;
  std::vector<float> dnabert_s;  ///< [ids, dnabert_width]
  std::vector<float> esm2;       ///< [ids, esm2_width]
};

/// True for a regular file that begins as HDF5 does, whatever its name.
bool is_hdf5_file(const std::string& path);

/// Sizes and types are checked when it is opened, values when they are read: any finite ones will
/// do. Thread-confined. Every function throws InputError naming file, dataset or row.
class EmbeddingReader {
 public:
  explicit EmbeddingReader(const std::string& path);
  ~EmbeddingReader();

  /// Texts are empty, the length is 0, and parts are missing where the file does not say.
  const EmbeddingOrigin& origin() const;
  std::uint64_t rows() const;
  std::int64_t dnabert_width() const;
  std::int64_t esm2_width() const;

  /// The next rows, of 4 MB at most where a row has fewer; false after the last one.
  bool next(EmbeddingBlock& block);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace virnucpro
