// The results of `precision`: half precision against FP32, per frame, per encoder and per layer.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/run_report.h"

namespace virnucpro {

/// The largest finite float16: an activation beyond it cannot be kept in half precision.
inline constexpr double kLargestHalf = 65504.0;

inline constexpr std::array<std::string_view, 2> kComparedEncoders = {"dnabert_s", "esm2"};

/// One embedding of one frame, in the precision under study and in FP32.
struct EmbeddingComparison {
  std::int64_t tokens = 0;
  bool finite = true;
  bool finite_fp32 = true;
  /// Where NaN or infinity appeared first, "layer 3, linear 2", even if the embedding is finite;
  /// empty: nowhere.
  std::string first_nonfinite = {};
  std::string first_nonfinite_fp32 = {};
  // In double, for two finite embeddings; otherwise unset.
  double cosine = 0.0;
  double largest_difference = 0.0;
  double relative_difference = 0.0;  ///< relative to the largest magnitude of the FP32 embedding

  bool comparable() const { return finite && finite_fp32; }
};

/// One frame. Views are valid during the call they are passed to.
struct FrameComparison {
  std::string_view record_id;
  std::uint64_t record = 0;                     ///< ordinal, from 0
  std::uint64_t chunk = 0;                      ///< within the record, from 0
  std::string_view frame;                       ///< F1..F3 or R1..R3
  std::array<EmbeddingComparison, 2> encoders;  ///< as kComparedEncoders
  std::optional<float> p_virus;                 ///< absent: it or an embedding is not finite
  std::optional<float> p_virus_fp32;
  bool flip = false;  ///< both scored, with different calls

  /// p_virus less p_virus_fp32, when both are known.
  std::optional<double> drift() const;
  /// "<record id>_chunk_<n><frame>", not escaped.
  std::string id() const;
};

/// The range of one operation's output in an encoder, over all frames.
struct OperationRange {
  std::string layer;      ///< "layer 3"
  std::string operation;  ///< "linear 2": the second of its name in the layer
  // Finite magnitudes, and a frame with the largest one.
  float largest = 0.0f;
  std::string frame;
  float largest_fp32 = 0.0f;
  std::string frame_fp32;
  // NaN and infinite values.
  std::uint64_t nonfinite = 0;
  std::uint64_t nonfinite_fp32 = 0;
};

/// The results for one encoder, over all frames. Means and extremes are of comparable frames.
struct EncoderSummary {
  std::uint64_t tokens = 0;
  std::uint64_t compared = 0;
  std::uint64_t nonfinite = 0;  ///< frames without a finite embedding
  std::uint64_t nonfinite_fp32 = 0;
  double sum_cosine = 0.0;
  double lowest_cosine = 1.0;
  std::string lowest_cosine_frame;
  double largest_difference = 0.0;
  double largest_relative_difference = 0.0;
  std::vector<OperationRange> operations;  ///< in the order they are computed

  void add(const EmbeddingComparison& comparison, const FrameComparison& frame);
  double mean_cosine() const;
  /// operations() merged by layer; `operation` is the one with the largest FP32 value.
  std::vector<OperationRange> layers() const;
};

/// Everything that is reported except the frames themselves, which are too many to keep.
struct PrecisionReport {
  /// Program, command line, inputs, models, device, options and intake, as in run.json.
  RunReport run;
  std::uint64_t limit = 0;  ///< frames; 0: none
  bool complete = false;    ///< the input has ended; else its rest was not examined
  std::uint64_t frames = 0;
  std::uint64_t last_record = 0;  ///< number of the last frame's record, from 1

  std::array<EncoderSummary, 2> encoders;
  std::uint64_t scored = 0;  ///< frames with both scores
  std::uint64_t flips = 0;
  double sum_drift = 0.0;      ///< of magnitudes
  double largest_drift = 0.0;  ///< by magnitude, with its sign
  std::string largest_drift_frame;
  std::uint64_t nonfinite_frames = 0;  ///< an embedding of the studied precision is not finite
  std::uint64_t nonfinite_scores =
      0;  ///< the classifier's score of finite embeddings is not finite
  /// The first frames in which NaN or infinity appeared in the studied precision.
  std::vector<std::pair<std::string, std::array<EmbeddingComparison, 2>>> examples;

  static constexpr std::size_t kExamples = 10;

  void add(const FrameComparison& frame);
  double mean_drift() const;
};

/// One line that says how much of the input was examined.
std::string describe_coverage(const PrecisionReport& report);

/// Tables for users and programs: encoders, scores, non-finite frames where there are any, layers.
/// Ids are escaped.
std::string precision_summary(const PrecisionReport& report);

/// The layers of both encoders as tab-separated rows under a header.
std::string layer_table(const PrecisionReport& report);

/// The text of precision.json, with a line end. Bytes that are not UTF-8 are replaced.
std::string precision_json(const PrecisionReport& report);

}  // namespace virnucpro
