// Reads the file of `embed` back, block by block, without HDF5.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "embeddings/embedding_file.h"

namespace virnucpro {

/// Consecutive rows of an embedding file.
struct EmbeddingBlock {
  std::vector<EmbeddingRow> rows;
  std::vector<float> dnabert_s;  ///< [rows, dnabert_width]
  std::vector<float> esm2;       ///< [rows, esm2_width]
};

/// True for a regular file that begins as HDF5 does or ends as those of `embed` do.
bool is_embedding_file(const std::string& path);

/// The manifest is checked when it is opened, and every byte against its hash before it is used:
/// whatever is given out is what `embed` wrote. HDF5's library is not let near the file, since
/// damaged ones make it crash. Any finite values will do. Thread-confined. Every function throws
/// InputError naming file, dataset and row.
class EmbeddingReader {
 public:
  explicit EmbeddingReader(const std::string& path);
  ~EmbeddingReader();

  const EmbeddingOrigin& origin() const;
  std::uint64_t rows() const;
  std::uint64_t records() const;
  std::int64_t dnabert_width() const;
  std::int64_t esm2_width() const;

  /// Calls `take` for every record of the input, in its order. Ids are escaped.
  void for_each_record(const std::function<void(std::string_view id)>& take);
  /// The next rows, of 4 MB at most where a row has fewer; false after the last one. Records come
  /// in their order and are less than records(), their chunks in order; frames are any two bytes.
  bool next(EmbeddingBlock& block);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace virnucpro
