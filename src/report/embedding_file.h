// The HDF5 file of `embed`: ids and the embeddings of both encoders, in input order.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "report/run_report.h"

namespace virnucpro {

/// What the file says of its origin, as attributes of the root group.
struct EmbeddingOrigin {
  std::string program_version;
  std::string bundle;
  std::string precision;
  std::int64_t expected_length = 0;
  /// The models, as attributes `<name>_sha256`.
  std::vector<ModelPart> parts = {};
};

/// Datasets `ids` (UTF-8 strings of any length: frame ids), `dnabert_s` [n, dnabert_width] and
/// `esm2` [n, esm2_width], float32, chunked, written as they come. Under a partial name until
/// publish(). Thread-confined; several files may be written by several threads. Every function
/// throws OutputError naming the file and HDF5's reason.
class EmbeddingFile {
 public:
  /// ConfigError for the path "-": HDF5 needs a file it can seek in.
  EmbeddingFile(const std::string& path, const EmbeddingOrigin& origin, std::int64_t dnabert_width,
                std::int64_t esm2_width);
  ~EmbeddingFile();

  /// `features` [ids.size(), dnabert_width + esm2_width]: both embeddings of an id side by side.
  /// Ids are free of NUL and valid UTF-8 (base/escape.h).
  void append(std::span<const std::string> ids, std::span<const float> features);

  /// Closes the file and forces it to the disk.
  void finish();
  void publish();

  std::uint64_t rows() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace virnucpro
