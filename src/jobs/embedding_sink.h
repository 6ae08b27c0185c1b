// Turns finished windows of `embed` into rows of the embedding file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "embeddings/embedding_file.h"
#include "pipeline/window.h"
#include "report/unique_ids.h"
#include "run/ledger.h"

namespace virnucpro {

/// Writes windows, in input order, to the embedding file, and keeps the ledger. ORFs that failed
/// are left out and counted. Thread-confined.
class EmbeddingSink {
 public:
  explicit EmbeddingSink(EmbeddingFile& file) : file_(file) {}
  void take(const Window& window);

  const Ledger& ledger() const { return ledger_; }
  std::uint64_t repeated_ids() const { return unique_ids_.renamed(); }

 private:
  void begin_record(const Record& record);
  void add_chunk(const Window& window, const Window::ChunkPlace& place);

  EmbeddingFile& file_;
  Ledger ledger_;
  UniqueIds unique_ids_;
  std::string unique_id_;   // of the current record, escaped
  OutcomeCounts outcomes_;  // of its chunks
  // Reused from window to window.
  std::vector<EmbeddingRow> rows_;
  std::vector<std::string> ids_;
  std::vector<float> features_;
};

}  // namespace virnucpro
