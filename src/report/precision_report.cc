#include "report/precision_report.h"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "base/escape.h"
#include "base/format.h"
#include "report/format_float.h"

namespace virnucpro {
namespace {

// Keys stay in the order written, because users read this file.
using Json = nlohmann::ordered_json;

double mean(double sum, std::uint64_t count) {
  return count > 0 ? sum / static_cast<double>(count) : 0.0;
}

double share_of_half(const OperationRange& range) {
  return static_cast<double>(range.largest_fp32) / kLargestHalf;
}

std::string shown(const std::string& id) { return id.empty() ? "NA" : escaped(id); }

/// The figure, or NA where nothing was compared.
std::string shown(double value, bool known) { return known ? fmt::format("{:.6g}", value) : "NA"; }

std::string encoder_row(std::string_view name, std::uint64_t frames,
                        const EncoderSummary& encoder) {
  const bool known = encoder.compared > 0;
  return fmt::format(
      "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", name, frames, encoder.nonfinite,
      encoder.nonfinite_fp32, known ? fmt::format("{:.9f}", encoder.lowest_cosine) : "NA",
      known ? fmt::format("{:.9f}", encoder.mean_cosine()) : "NA",
      shown(encoder.largest_difference, known), shown(encoder.largest_relative_difference, known),
      shown(encoder.lowest_cosine_frame));
}

std::string example_rows(const PrecisionReport& report) {
  std::string rows;
  for (const auto& [id, encoders] : report.examples) {
    for (std::size_t e = 0; e < encoders.size(); ++e) {
      const EmbeddingComparison& encoder = encoders[e];
      if (encoder.first_nonfinite.empty()) continue;
      rows += fmt::format("{}\t{}\t{}\t{}\t{}\n", shown(id), kComparedEncoders[e],
                          encoder.first_nonfinite, encoder.finite ? "finite" : "not finite",
                          encoder.finite_fp32 ? "finite" : "not finite");
    }
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
          {"share_of_fp16_limit", share_of_half(range)}};
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
          {"lowest_cosine", figure(encoder.lowest_cosine)},
          {"lowest_cosine_frame", known ? Json(encoder.lowest_cosine_frame) : Json(nullptr)},
          {"mean_cosine", figure(encoder.mean_cosine())},
          {"largest_difference", figure(encoder.largest_difference)},
          {"largest_relative_difference", figure(encoder.largest_relative_difference)},
          {"operations", operations}};
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
  sum_cosine += comparison.cosine;
  if (lowest_cosine_frame.empty() || comparison.cosine < lowest_cosine) {
    lowest_cosine = comparison.cosine;
    lowest_cosine_frame = frame.id();
  }
  largest_difference = std::max(largest_difference, comparison.largest_difference);
  largest_relative_difference =
      std::max(largest_relative_difference, comparison.relative_difference);
}

double EncoderSummary::mean_cosine() const { return mean(sum_cosine, compared); }

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

void PrecisionReport::add(const FrameComparison& frame) {
  ++frames;
  last_record = frame.record + 1;
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

double PrecisionReport::mean_drift() const { return mean(sum_drift, scored); }

std::string describe_coverage(const PrecisionReport& report) {
  const std::string what = fmt::format("{} {} against fp32 padded: ", report.run.precision,
                                       report.run.packed ? "packed" : "padded");
  if (report.complete) {
    return what +
           fmt::format("all {} frames of {} records", report.frames, report.run.intake.records);
  }
  return what + fmt::format(
                    "the first {} frames, up to record {}; what follows was not looked at "
                    "(--limit 0 takes all)",
                    report.frames, report.last_record);
}

std::string precision_summary(const PrecisionReport& report) {
  std::string text = describe_coverage(report) + "\n\n";
  text +=
      "encoder\tframes\tnonfinite\tnonfinite_fp32\tlowest_cosine\tmean_cosine\t"
      "largest_difference\tlargest_relative_difference\tlowest_cosine_frame\n";
  for (std::size_t e = 0; e < report.encoders.size(); ++e) {
    text += encoder_row(kComparedEncoders[e], report.frames, report.encoders[e]);
  }
  text += "\nscored\tlabel_flips\tmean_drift\tlargest_drift\tlargest_drift_frame\n";
  text += fmt::format("{}\t{}\t{}\t{}\t{}\n", report.scored, report.flips,
                      shown(report.mean_drift(), report.scored > 0),
                      shown(report.largest_drift, report.scored > 0),
                      shown(report.largest_drift_frame));
  if (!report.examples.empty()) {
    text += "\nnonfinite_frame\tencoder\tfirst_at\tembedding\tembedding_fp32\n";
    text += example_rows(report);
    if (report.nonfinite_frames > report.examples.size()) {
      text += fmt::format("... of {} frames without a finite embedding; sequences.tsv has all\n",
                          report.nonfinite_frames);
    }
  }
  return text + "\n" + layer_table(report);
}

std::string layer_table(const PrecisionReport& report) {
  std::string text =
      "encoder\tlayer\tlargest_fp32\tshare_of_fp16_limit\toperation\tframe_fp32\tlargest\tframe\t"
      "nonfinite_fp32\tnonfinite\n";
  for (std::size_t e = 0; e < report.encoders.size(); ++e) {
    for (const OperationRange& layer : report.encoders[e].layers()) {
      text += fmt::format("{}\t{}\t{}\t{:.6f}\t{}\t{}\t{}\t{}\t{}\t{}\n", kComparedEncoders[e],
                          layer.layer, format_float32(layer.largest_fp32), share_of_half(layer),
                          layer.operation, shown(layer.frame_fp32), format_float32(layer.largest),
                          shown(layer.frame), layer.nonfinite_fp32, layer.nonfinite);
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
  json["options"] = {{"precision", run.precision},
                     {"packed", run.packed},
                     {"device", run.device},
                     {"device_description", run.device_description},
                     {"batch_tokens", run.batch_tokens},
                     {"limit", report.limit}};
  json["coverage"] = {{"complete", report.complete},
                      {"frames", report.frames},
                      {"last_record", report.last_record},
                      {"records_read", run.intake.records}};
  for (std::size_t e = 0; e < report.encoders.size(); ++e) {
    json["encoders"][std::string(kComparedEncoders[e])] = encoder_json(report.encoders[e]);
  }
  const bool known = report.scored > 0;
  json["scores"] = {
      {"scored", report.scored},
      {"label_flips", report.flips},
      {"mean_drift", known ? Json(report.mean_drift()) : Json(nullptr)},
      {"largest_drift", known ? Json(report.largest_drift) : Json(nullptr)},
      {"largest_drift_frame", known ? Json(report.largest_drift_frame) : Json(nullptr)}};
  json["nonfinite_frames"] = report.nonfinite_frames;
  json["nonfinite_scores"] = report.nonfinite_scores;
  json["fp16_limit"] = kLargestHalf;
  json["seconds"] = run.seconds;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace virnucpro
