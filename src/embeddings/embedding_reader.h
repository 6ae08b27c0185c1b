// Reads the file of `embed`, block by block, without HDF5.
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

/// True for a regular file that begins as HDF5 does or ends as the files of `embed` do.
bool is_embedding_file(const std::string& path);

/// The manifest is checked at opening, and every byte against its hash before it is used, so what
/// it returns is what `embed` wrote. It does not use HDF5's library, which damaged files make
/// crash. Any finite values are accepted. Thread-confined. Every function throws InputError naming
/// file, dataset and row.
class EmbeddingReader {
 public:
  explicit EmbeddingReader(const std::string& path);
  ~EmbeddingReader();

  const EmbeddingOrigin& origin() const;
  std::uint64_t rows() const;
  std::uint64_t records() const;
  std::int64_t dnabert_width() const;
  std::int64_t esm2_width() const;

  /// Calls `take` for every record of the input, in order. Ids are escaped.
  void for_each_record(const std::function<void(std::string_view id)>& take);
  /// Reads the next rows, at most 4 MB unless a row has more; false after the last one. Records
  /// come in order and are less than records(), their chunks in order; frames are any two bytes.
  bool next(EmbeddingBlock& block);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace virnucpro
