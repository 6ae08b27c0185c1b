// The results of `precision`: one or more precisions against FP32, per frame, encoder and layer.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/cosine_quantiles.h"
#include "report/run_report.h"
#include "tensor/precision.h"

namespace virnucpro {

/// The largest finite float16: an activation beyond it cannot be kept in half precision.
inline constexpr double kLargestHalf = 65504.0;

inline constexpr std::array<std::string_view, 2> kComparedEncoders = {"dnabert_s", "esm2"};

/// One embedding of one frame, in a precision under study and in FP32.
struct EmbeddingComparison {
  std::int64_t tokens = 0;
  bool finite = true;
  bool finite_fp32 = true;
  /// Where NaN or infinity appeared first, "layer 3, linear 2", even if the embedding is finite;
  /// empty: nowhere.
  std::string first_nonfinite = {};
  std::string first_nonfinite_fp32 = {};
  // In double, for two finite embeddings; otherwise unset.
  double cosine = 0.0;  ///< centred: of both less the centre of the study
  double largest_difference = 0.0;
  double relative_difference = 0.0;  ///< relative to the largest magnitude of the FP32 embedding

  bool comparable() const { return finite && finite_fp32; }
};

/// One frame in one precision.
struct FrameComparison {
  std::string record_id;
  std::uint64_t record = 0;                     ///< ordinal, from 0
  std::uint64_t chunk = 0;                      ///< within the record, from 0
  std::string_view frame;                       ///< F1..F3 or R1..R3; a literal
  Precision precision = Precision::kFp16;       ///< under study
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

/// The results for one encoder, over all frames. Quantiles and extremes are of comparable frames.
struct EncoderSummary {
  std::uint64_t tokens = 0;
  std::uint64_t compared = 0;
  std::uint64_t nonfinite = 0;  ///< frames without a finite embedding
  std::uint64_t nonfinite_fp32 = 0;
  CosineQuantiles cosines;  ///< centred
  double lowest_cosine = 1.0;
  std::string lowest_cosine_frame;
  double largest_difference = 0.0;
  double largest_relative_difference = 0.0;
  std::vector<OperationRange> operations;  ///< in the order they are computed

  void add(const EmbeddingComparison& comparison, const FrameComparison& frame);
  double median_cosine() const { return cosines.quantile(0.5); }
  /// operations() merged by layer; `operation` is the one with the largest FP32 value.
  std::vector<OperationRange> layers() const;
};

/// What was found of one precision.
struct PrecisionResult {
  Precision precision = Precision::kFp16;
  std::array<EncoderSummary, 2> encoders;
  std::uint64_t scored = 0;  ///< frames with both scores
  std::uint64_t flips = 0;
  double sum_drift = 0.0;      ///< of magnitudes
  double largest_drift = 0.0;  ///< by magnitude, with its sign
  std::string largest_drift_frame;
  std::uint64_t nonfinite_frames = 0;  ///< an embedding of this precision is not finite
  /// The classifier's score of finite embeddings is not finite.
  std::uint64_t nonfinite_scores = 0;
  /// The first frames in which NaN or infinity appeared in this precision.
  std::vector<std::pair<std::string, std::array<EmbeddingComparison, 2>>> examples;
  /// Of both encoders, as a run computes them; 0: not measured, since there was no frame.
  double frames_per_second = 0.0;

  static constexpr std::size_t kExamples = 10;

  void add(const FrameComparison& frame);
  double mean_drift() const;
  /// The largest finite output of any operation, as a share of the largest float16.
  double share_of_half() const;
  /// Finite throughout, and as close to FP32 as is asked (docs/explanation/numerics.md).
  bool is_good() const;
};

/// What the embeddings are centred on.
struct Centre {
  std::uint64_t frames = 0;   ///< the mean of so many FP32 embeddings
  bool of_reference = false;  ///< of a stored set: the input has too few
};

/// Everything that is reported except the frames themselves, which are too many to keep.
struct PrecisionReport {
  /// Program, command line, inputs, models, device, options and intake, as in run.json.
  RunReport run;
  std::uint64_t limit = 0;  ///< frames; 0: none
  bool complete = false;    ///< the input has ended; else its rest was not examined
  std::uint64_t frames = 0;
  std::uint64_t last_record = 0;  ///< number of the last frame's record, from 1
  Centre centre;
  std::vector<PrecisionResult> precisions;  ///< as asked for; at least one
  double fp32_frames_per_second = 0.0;      ///< padded, as the others are compared with it

  /// The fastest good one; of several within a tenth, the first by kPrecisions. Null: none is good,
  /// or nothing was compared.
  const PrecisionResult* recommended() const;
};

/// One line that says how much of the input was examined.
std::string describe_coverage(const PrecisionReport& report);

/// Tables for users and programs: precisions with a recommendation, encoders, scores, non-finite
/// frames where there are any, layers. Ids are escaped.
std::string precision_summary(const PrecisionReport& report);

/// The layers of both encoders in each precision as tab-separated rows under a header.
std::string layer_table(const PrecisionReport& report);

/// The text of precision.json, with a line end. Bytes that are not UTF-8 are replaced.
std::string precision_json(const PrecisionReport& report);

}  // namespace virnucpro
