#include "report/precision_report.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "base/counted.h"
#include "base/escape.h"
#include "base/format.h"
#include "models/precision_policy.h"
#include "report/format_float.h"

namespace virnucpro {
namespace {

// Keys stay in the order written, because users read this file.
using Json = nlohmann::ordered_json;

// A precision is preferred for its speed when it gains more than this: less is within the noise of
// a short measurement.
constexpr double kWorthIt = 1.1;

double share_of_half(float magnitude) { return static_cast<double>(magnitude) / kLargestHalf; }

std::string shown(const std::string& id) { return id.empty() ? "NA" : escaped(id); }

/// The figure, or NA where nothing was compared.
std::string shown(double value, bool known) { return known ? fmt::format("{:.6g}", value) : "NA"; }

std::string shown_cosine(double value, bool known) {
  return known ? fmt::format("{:.7f}", value) : "NA";
}

std::string precision_rows(const PrecisionReport& report) {
  const auto speed_of = [](double rate) { return shown(rate, rate > 0.0); };
  std::string text =
      "precision\tdnabert_s_worst\tdnabert_s_median\tesm2_worst\tesm2_median\t"
      "largest_score_change\tlabel_flips\tnonfinite_frames\tshare_of_fp16_limit\t"
      "frames_per_second\n";
  for (const PrecisionResult& result : report.precisions) {
    text += name_of(result.precision);
    for (const EncoderSummary& encoder : result.encoders) {
      const bool known = encoder.compared > 0;
      text += fmt::format("\t{}\t{}", shown_cosine(encoder.lowest_cosine, known),
                          shown_cosine(encoder.median_cosine(), known));
    }
    text += fmt::format(
        "\t{}\t{}\t{}\t{:.6f}\t{}\n", shown(result.largest_drift, result.scored > 0), result.flips,
        result.nonfinite_frames, result.share_of_half(), speed_of(result.frames_per_second));
  }
  return text + fmt::format("fp32\t1\t1\t1\t1\t0\t0\tNA\tNA\t{}\n",
                            speed_of(report.fp32_frames_per_second));
}

std::string recommendation(const PrecisionReport& report) {
  if (report.frames == 0) return "";
  const PrecisionResult* best = report.recommended();
  if (best == nullptr) {
    return "recommended: none of these; look for the worst frames, and at the layers below\n";
  }
  return fmt::format("recommended: {}\n", name_of(best->precision));
}

std::string encoder_rows(const PrecisionReport& report) {
  std::string text =
      "precision\tencoder\tframes\tnonfinite\tnonfinite_fp32\tlargest_difference\t"
      "largest_relative_difference\tworst_frame\n";
  for (const PrecisionResult& result : report.precisions) {
    for (std::size_t e = 0; e < result.encoders.size(); ++e) {
      const EncoderSummary& encoder = result.encoders[e];
      const bool known = encoder.compared > 0;
      text += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", name_of(result.precision),
                          kComparedEncoders[e], report.frames, encoder.nonfinite,
                          encoder.nonfinite_fp32, shown(encoder.largest_difference, known),
                          shown(encoder.largest_relative_difference, known),
                          shown(encoder.lowest_cosine_frame));
    }
  }
  return text;
}

std::string score_rows(const PrecisionReport& report) {
  std::string text = "precision\tscored\tmean_drift\tlargest_drift\tlargest_drift_frame\n";
  for (const PrecisionResult& result : report.precisions) {
    const bool known = result.scored > 0;
    text += fmt::format("{}\t{}\t{}\t{}\t{}\n", name_of(result.precision), result.scored,
                        shown(result.mean_drift(), known), shown(result.largest_drift, known),
                        shown(result.largest_drift_frame));
  }
  return text;
}

std::string example_rows(const PrecisionResult& result) {
  std::string rows;
  for (const auto& [id, encoders] : result.examples) {
    for (std::size_t e = 0; e < encoders.size(); ++e) {
      const EmbeddingComparison& encoder = encoders[e];
      if (encoder.first_nonfinite.empty()) continue;
      rows += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\n", name_of(result.precision), shown(id),
                          kComparedEncoders[e], encoder.first_nonfinite,
                          encoder.finite ? "finite" : "not finite",
                          encoder.finite_fp32 ? "finite" : "not finite");
    }
  }
  if (result.nonfinite_frames > result.examples.size()) {
    rows += fmt::format("... of {} without a finite embedding; sequences.tsv has all\n",
                        counted(result.nonfinite_frames, "frame"));
  }
  return rows;
}

Json range_json(const OperationRange& range) {
  return {{"layer", range.layer},
          {"operation", range.operation},
          {"largest", range.largest},
          {"frame", range.frame},
          {"nonfinite", range.nonfinite},
          {"largest_fp32", range.largest_fp32},
          {"frame_fp32", range.frame_fp32},
          {"nonfinite_fp32", range.nonfinite_fp32},
          {"share_of_fp16_limit", share_of_half(range.largest_fp32)}};
}

Json encoder_json(const EncoderSummary& encoder) {
  const bool known = encoder.compared > 0;
  const auto figure = [known](double value) { return known ? Json(value) : Json(nullptr); };
  Json operations = Json::array();
  for (const OperationRange& range : encoder.operations) operations.push_back(range_json(range));
  return {{"tokens", encoder.tokens},
          {"compared", encoder.compared},
          {"nonfinite", encoder.nonfinite},
          {"nonfinite_fp32", encoder.nonfinite_fp32},
          {"centred_cosine_worst", figure(encoder.lowest_cosine)},
          {"worst_frame", known ? Json(encoder.lowest_cosine_frame) : Json(nullptr)},
          {"centred_cosine_median", figure(encoder.median_cosine())},
          {"largest_difference", figure(encoder.largest_difference)},
          {"largest_relative_difference", figure(encoder.largest_relative_difference)},
          {"operations", operations}};
}

Json result_json(const PrecisionResult& result) {
  Json json = {{"precision", name_of(result.precision)}};
  for (std::size_t e = 0; e < result.encoders.size(); ++e) {
    json["encoders"][std::string(kComparedEncoders[e])] = encoder_json(result.encoders[e]);
  }
  const bool known = result.scored > 0;
  json["scores"] = {
      {"scored", result.scored},
      {"label_flips", result.flips},
      {"mean_drift", known ? Json(result.mean_drift()) : Json(nullptr)},
      {"largest_drift", known ? Json(result.largest_drift) : Json(nullptr)},
      {"largest_drift_frame", known ? Json(result.largest_drift_frame) : Json(nullptr)},
      {"nonfinite", result.nonfinite_scores}};
  json["nonfinite_frames"] = result.nonfinite_frames;
  json["share_of_fp16_limit"] = result.share_of_half();
  json["frames_per_second"] =
      result.frames_per_second > 0.0 ? Json(result.frames_per_second) : Json(nullptr);
  json["good"] = result.is_good();
  return json;
}

}  // namespace

std::optional<double> FrameComparison::drift() const {
  if (!p_virus || !p_virus_fp32) return std::nullopt;
  return static_cast<double>(*p_virus) - static_cast<double>(*p_virus_fp32);
}

std::string FrameComparison::id() const {
  return fmt::format("{}_chunk_{}{}", record_id, chunk + 1, frame);
}

void EncoderSummary::add(const EmbeddingComparison& comparison, const FrameComparison& frame) {
  tokens += static_cast<std::uint64_t>(comparison.tokens);
  nonfinite += comparison.finite ? 0 : 1;
  nonfinite_fp32 += comparison.finite_fp32 ? 0 : 1;
  if (!comparison.comparable()) return;
  ++compared;
  cosines.add(comparison.cosine);
  if (lowest_cosine_frame.empty() || comparison.cosine < lowest_cosine) {
    lowest_cosine = comparison.cosine;
    lowest_cosine_frame = frame.id();
  }
  largest_difference = std::max(largest_difference, comparison.largest_difference);
  largest_relative_difference =
      std::max(largest_relative_difference, comparison.relative_difference);
}

std::vector<OperationRange> EncoderSummary::layers() const {
  std::vector<OperationRange> layers;
  for (const OperationRange& range : operations) {
    if (layers.empty() || layers.back().layer != range.layer) {
      layers.push_back(range);
      continue;
    }
    OperationRange& layer = layers.back();
    layer.nonfinite += range.nonfinite;
    layer.nonfinite_fp32 += range.nonfinite_fp32;
    if (range.largest > layer.largest) {
      layer.largest = range.largest;
      layer.frame = range.frame;
    }
    if (range.largest_fp32 > layer.largest_fp32) {
      layer.largest_fp32 = range.largest_fp32;
      layer.frame_fp32 = range.frame_fp32;
      layer.operation = range.operation;
    }
  }
  return layers;
}

void PrecisionResult::add(const FrameComparison& frame) {
  bool nonfinite = false;
  bool example = false;
  for (std::size_t e = 0; e < encoders.size(); ++e) {
    const EmbeddingComparison& comparison = frame.encoders[e];
    encoders[e].add(comparison, frame);
    nonfinite = nonfinite || !comparison.finite;
    example = example || !comparison.first_nonfinite.empty();
  }
  nonfinite_frames += nonfinite ? 1 : 0;
  nonfinite_scores += !nonfinite && !frame.p_virus ? 1 : 0;
  if (example && examples.size() < kExamples) examples.emplace_back(frame.id(), frame.encoders);
  flips += frame.flip ? 1 : 0;
  const std::optional<double> drift = frame.drift();
  if (!drift) return;
  ++scored;
  sum_drift += std::abs(*drift);
  if (largest_drift_frame.empty() || std::abs(*drift) > std::abs(largest_drift)) {
    largest_drift = *drift;
    largest_drift_frame = frame.id();
  }
}

double PrecisionResult::mean_drift() const {
  return scored > 0 ? sum_drift / static_cast<double>(scored) : 0.0;
}

double PrecisionResult::share_of_half() const {
  float largest = 0.0f;
  for (const EncoderSummary& encoder : encoders) {
    for (const OperationRange& range : encoder.operations) {
      largest = std::max(largest, range.largest);
    }
  }
  return virnucpro::share_of_half(largest);
}

bool PrecisionResult::is_good() const {
  if (nonfinite_frames > 0 || nonfinite_scores > 0) return false;
  const double worst = std::min(encoders[0].lowest_cosine, encoders[1].lowest_cosine);
  return meets_demand(precision, worst, flips, scored);
}

const PrecisionResult* PrecisionReport::recommended() const {
  const PrecisionResult* best = nullptr;
  if (frames == 0) return best;
  for (const Precision precision : kPrecisions) {
    const auto found = std::ranges::find(precisions, precision, &PrecisionResult::precision);
    if (found == precisions.end() || !found->is_good()) continue;
    if (best == nullptr || found->frames_per_second > kWorthIt * best->frames_per_second) {
      best = &*found;
    }
  }
  return best;
}

std::string describe_coverage(const PrecisionReport& report) {
  std::string names;
  for (const PrecisionResult& result : report.precisions) {
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name_of(result.precision));
  }
  const std::string what =
      fmt::format("{} {} against fp32 padded: ", names, report.run.packed ? "packed" : "padded");
  if (report.complete) {
    return what + fmt::format("all {} of {}", counted(report.frames, "frame"),
                              counted(report.run.intake.records, "record"));
  }
  return what + fmt::format(
                    "the first {}, up to record {}; what follows was not looked at "
                    "(--limit 0 takes all)",
                    counted(report.frames, "frame"), report.last_record);
}

std::string precision_summary(const PrecisionReport& report) {
  std::string text = describe_coverage(report) + "\n";
  if (report.centre.frames > 0) {
    text +=
        fmt::format("cosines are centred: of embeddings less the mean FP32 embedding of {} {}\n",
                    report.centre.frames,
                    report.centre.of_reference ? "stored frames, since the input has too few"
                                               : "of these frames");
  }
  text += "\n" + precision_rows(report) + recommendation(report);
  text += "\n" + encoder_rows(report) + "\n" + score_rows(report);
  std::string examples;
  for (const PrecisionResult& result : report.precisions) examples += example_rows(result);
  if (!examples.empty()) {
    text +=
        "\nprecision\tnonfinite_frame\tencoder\tfirst_at\tembedding\tembedding_fp32\n" + examples;
  }
  return text + "\n" + layer_table(report);
}

std::string layer_table(const PrecisionReport& report) {
  std::string text =
      "precision\tencoder\tlayer\tlargest_fp32\tshare_of_fp16_limit\toperation\tframe_fp32\t"
      "largest\tframe\tnonfinite_fp32\tnonfinite\n";
  for (const PrecisionResult& result : report.precisions) {
    for (std::size_t e = 0; e < result.encoders.size(); ++e) {
      for (const OperationRange& layer : result.encoders[e].layers()) {
        text += fmt::format("{}\t{}\t{}\t{}\t{:.6f}\t{}\t{}\t{}\t{}\t{}\t{}\n",
                            name_of(result.precision), kComparedEncoders[e], layer.layer,
                            format_float32(layer.largest_fp32), share_of_half(layer.largest_fp32),
                            layer.operation, shown(layer.frame_fp32), format_float32(layer.largest),
                            shown(layer.frame), layer.nonfinite_fp32, layer.nonfinite);
      }
    }
  }
  return text;
}

std::string precision_json(const PrecisionReport& report) {
  const RunReport& run = report.run;
  Json inputs = Json::array();
  for (const InputReport& input : run.inputs) {
    inputs.push_back({{"path", input.path},
                      {"bytes", input.bytes ? Json(*input.bytes) : Json(nullptr)},
                      {"sha256", input.sha256.empty() ? Json(nullptr) : Json(input.sha256)},
                      {"records_read", input.records}});
  }
  Json parts = Json::object();
  for (const ModelPart& part : run.parts) parts[part.name] = part.sha256;
  Json json;
  json["program"] = {{"name", "virnucpro"},
                     {"version", run.program_version},
                     {"command_line", run.command_line},
                     {"started_at", run.started_at}};
  json["inputs"] = inputs;
  json["model"] = {{"bundle", run.bundle},
                   {"version", run.bundle_version},
                   {"expected_length", run.expected_length},
                   {"sha256", parts}};
  json["options"] = {{"packed", run.packed},
                     {"device", run.device},
                     {"device_description", run.device_description},
                     {"batch_tokens", run.batch_tokens},
                     {"limit", report.limit}};
  json["coverage"] = {{"complete", report.complete},
                      {"frames", report.frames},
                      {"last_record", report.last_record},
                      {"records_read", run.intake.records}};
  json["centre"] = {{"frames", report.centre.frames},
                    {"of_stored_frames", report.centre.of_reference}};
  json["precisions"] = Json::array();
  for (const PrecisionResult& result : report.precisions) {
    json["precisions"].push_back(result_json(result));
  }
  const PrecisionResult* best = report.recommended();
  json["recommended"] = best == nullptr ? Json(nullptr) : Json(name_of(best->precision));
  json["fp32_frames_per_second"] =
      report.fp32_frames_per_second > 0.0 ? Json(report.fp32_frames_per_second) : Json(nullptr);
  json["fp16_limit"] = kLargestHalf;
  json["seconds"] = run.seconds;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace virnucpro
