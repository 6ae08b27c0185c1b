// The HDF5 file of `embed`: the embeddings of both encoders in input order, and their frames.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sequence/frames.h"
#include "weights/model_part.h"

namespace virnucpro {

/// What the file says of its origin, as attributes of the root group.
struct EmbeddingOrigin {
  std::string program_version;
  std::string bundle;
  std::string precision;
  std::int64_t expected_length = 0;
  /// The models, as attributes `<name>_sha256`.
  std::vector<ModelPart> parts = {};
  /// What was read. Where that is not the published rule, the file says so in attributes, and of
  /// each row what was read.
  FrameRule frames = {};

  bool says_what_was_read() const { return frames != FrameRule{}; }
};

/// F1 to R3.
using FrameName = std::array<char, 2>;

/// The frame that a row of the file is the embedding of.
struct EmbeddingRow {
  std::uint64_t record = 0;  ///< from 0; the file counts from 1, as tables do
  std::uint64_t chunk = 0;   ///< within the record, counted likewise
  FrameName frame = {};
  // Written and read back only in files that say what was read.
  std::uint64_t start = 0;  ///< of what was read, the bases [start, end) of the record
  std::uint64_t end = 0;
  bool is_run = false;
};

/// The datasets that docs/reference/command_line.md lists, of fixed sizes, with a checksum for each
/// chunk. After them comes a manifest (embedding_manifest.h), by which EmbeddingReader reads the
/// file without HDF5. Under a partial name until publish(). Thread-confined; several threads may
/// write a file each. Every function throws OutputError naming the file and the reason.
class EmbeddingFile {
 public:
  /// ConfigError for the path "-", because HDF5 needs a file that it can seek in.
  EmbeddingFile(const std::string& path, const EmbeddingOrigin& origin, std::int64_t dnabert_width,
                std::int64_t esm2_width);
  ~EmbeddingFile();

  /// Adds the next record of the input, with or without rows. `id` is escaped (base/escape.h).
  void add_record(std::string_view id);
  /// Adds rows of these records, in order. `ids` has a text for users per row, without line ends.
  /// `features` [rows.size(), dnabert_width + esm2_width] has both embeddings side by side.
  void append(std::span<const EmbeddingRow> rows, std::span<const std::string> ids,
              std::span<const float> features);

  /// Closes the file and forces it to the disk.
  void finish();
  void publish();

  std::uint64_t rows() const;
  std::uint64_t records() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace virnucpro
