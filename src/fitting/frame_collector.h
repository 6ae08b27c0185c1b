// Embeddings from files, finished runs and windows, and the known classes of their records.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/work_progress.h"
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
  FrameRule read;  ///< how all of them were found
  LeftOut left_out;
  std::uint64_t failed_frames = 0;  ///< labelled, but left out for lack of a finite embedding
};

/// Thread-confined. The tables and the bundle must outlive it. Unless `counted` is null, only the
/// frames in it are taken, from every chunk of the record. All adding functions throw InputError
/// for embeddings of other encoders than the bundle's, or of a chunk length or a rule of what is
/// read that differs from earlier ones or from the requested one.
class FrameCollector {
 public:
  FrameCollector(const LabelTable& table, const BundleInfo& bundle,
                 std::optional<std::int64_t> expected_length, Log log,
                 const FrameTable* counted = nullptr);

  /// Adds a file of `embed`.
  void add_file(const std::string& path, const std::stop_token& stop,
                const WorkProgress& progress = {});
  /// Adds a finished run in a folder, which must have kept its embeddings.
  void add_run(const std::string& folder, const std::stop_token& stop,
               const WorkProgress& progress = {});
  /// Says how the windows to come were cut and read, and from which files.
  void begin_windows(std::int64_t expected_length, FrameRule read, std::vector<std::string> paths);
  void add_window(const Window& window);

  /// Throws InputError when no frame has a label, PrecisionError when none of the labelled frames
  /// has a finite embedding.
  LabelledFrames take();

 private:
  class RunVisitor;
  /// What is used of a record.
  struct RecordUse {
    const RecordLabel* label = nullptr;  ///< null: nothing
    FrameMask frames;
  };

  void require_length(std::int64_t found, const std::string& origin);
  void require_rule(const FrameRule& found, const std::string& origin);
  void require_parts(const std::vector<ModelPart>& found, const std::string& origin) const;
  void begin_record(std::string_view id, std::string_view place, std::uint64_t number);
  std::vector<RecordUse> uses_of(EmbeddingReader& reader, const std::string& path);
  void begin_chunk() { ++chunk_; }
  bool is_wanted(Frame frame) const;
  void add_frame(Frame frame, std::span<const float> dnabert_s, std::span<const float> esm2);

  LabelLookup lookup_;
  const BundleInfo& bundle_;
  std::optional<std::int64_t> expected_length_;
  std::optional<FrameRule> read_;
  Log log_;
  const FrameTable* counted_;
  std::vector<std::string> paths_;  ///< of windows
  LabelledFrames result_;
  RecordUse use_;  ///< of the current record
  std::uint64_t chunk_ = 0;
};

}  // namespace virnucpro
