// Embeddings from files, finished runs and windows, beside what their records are known to be.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "dataset/frame_table.h"
#include "embeddings/embedding_reader.h"
#include "evaluation/label_table.h"
#include "pipeline/window.h"
#include "report/run_report.h"
#include "training/frame_set.h"
#include "weights/bundle.h"

namespace virnucpro {

/// Groups and sources are numbered as in the table of labels.
struct LabelledFrames {
  FrameSet frames;
  std::int64_t expected_length = 0;
  LeftOut left_out;
  std::uint64_t failed_frames = 0;  ///< labelled, and left out: without a finite embedding
};

/// Thread-confined. The tables and the bundle must outlive it; with `counted` (may be null) only
/// the frames in it are taken, of every chunk of the record. All adding functions throw InputError
/// for embeddings of other encoders than the bundle's, or of another chunk length than those before
/// or than the one asked for.
class FrameCollector {
 public:
  FrameCollector(const LabelTable& table, const BundleInfo& bundle,
                 std::optional<std::int64_t> expected_length, Log log,
                 const FrameTable* counted = nullptr);

  /// A file of `embed`.
  void add_file(const std::string& path, const std::stop_token& stop);
  /// A finished run in a folder, which kept its embeddings.
  void add_run(const std::string& folder, const std::stop_token& stop);
  /// What windows to come were cut to, and the files they are of.
  void begin_windows(std::int64_t expected_length, std::vector<std::string> paths);
  void add_window(const Window& window);

  /// Throws InputError when no frame has a label, PrecisionError when none of those that have one
  /// has a finite embedding.
  LabelledFrames take();

 private:
  class RunVisitor;
  /// What is taken of a record.
  struct RecordUse {
    const RecordLabel* label = nullptr;  ///< null: nothing
    FrameMask frames;
  };

  void require_length(std::int64_t found, const std::string& origin);
  void require_parts(const std::vector<ModelPart>& found, const std::string& origin) const;
  void begin_record(std::string_view id, std::string_view place, std::uint64_t number);
  std::vector<RecordUse> uses_of(EmbeddingReader& reader, const std::string& path);
  void begin_chunk() { ++chunk_; }
  bool is_wanted(Frame frame) const;
  void add_frame(Frame frame, std::span<const float> dnabert_s, std::span<const float> esm2);

  LabelLookup lookup_;
  const BundleInfo& bundle_;
  std::optional<std::int64_t> expected_length_;
  Log log_;
  const FrameTable* counted_;
  std::vector<std::string> paths_;  ///< of windows
  LabelledFrames result_;
  RecordUse use_;  ///< of the record at hand
  std::uint64_t chunk_ = 0;
};

}  // namespace virnucpro
