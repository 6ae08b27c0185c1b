#include "bench/bench_report.h"

#include <nlohmann/json.hpp>

#include "base/format.h"

namespace virnucpro {
namespace {

// Keys stay in the order written, because users read this too.
using Json = nlohmann::ordered_json;

constexpr double kGiga = 1e9;
constexpr double kMega = 1e6;

/// 0 where no time has passed.
double rate(double amount, double seconds) { return seconds > 0.0 ? amount / seconds : 0.0; }

double share_of_ceiling(double flops, const BenchStage& stage) {
  return rate(flops, stage.seconds.median) / stage.encoder->ceiling.median;
}

std::string stage_row(const BenchResult& result, const BenchStage& stage) {
  std::string encoder = "-\t-\t-\t-\t-\t-";
  if (stage.encoder) {
    const EncoderFigures& figures = *stage.encoder;
    const double seconds = stage.seconds.median;
    encoder = fmt::format(
        "{:.0f}\t{:.1f}\t{:.1f}\t{:.3f}\t{:.3f}\t{:.3f}",
        rate(static_cast<double>(figures.tokens), seconds), rate(figures.flops(), seconds) / kGiga,
        figures.ceiling.median / kGiga, share_of_ceiling(figures.flops(), stage),
        share_of_ceiling(figures.linear_flops, stage), figures.packing_efficiency);
  }
  return fmt::format("{}\t{}\t{}\t{:.4f}\t{:.4f}\t{:.1f}\t{}\t-\t-\n", result.models,
                     result.precision, stage.name, stage.seconds.median,
                     stage.seconds.median / result.seconds.median,
                     rate(static_cast<double>(result.input.orfs), stage.seconds.median), encoder);
}

double total_tokens(const BenchResult& result) {
  double tokens = 0.0;
  for (const BenchStage& stage : result.stages) {
    if (stage.encoder) tokens += static_cast<double>(stage.encoder->tokens);
  }
  return tokens;
}

/// The memory of all GPUs together; "-" without one.
std::string device_memory(const BenchResult& result) {
  if (result.gpus.empty()) return "-";
  double bytes = 0.0;
  for (const GpuFigures& gpu : result.gpus) bytes += static_cast<double>(gpu.peak_memory_bytes);
  return fmt::format("{:.1f}", bytes / kMega);
}

std::string total_row(const BenchResult& result) {
  const double seconds = result.seconds.median;
  const double gflops = rate(result.flops(), seconds) / kGiga;
  return fmt::format(
      "{}\t{}\tend_to_end\t{:.4f}\t1.0000\t{:.1f}\t{:.0f}\t{:.1f}\t{:.1f}\t{:.3f}\t-"
      "\t-\t{:.1f}\t{}\n",
      result.models, result.precision, seconds,
      rate(static_cast<double>(result.input.orfs), seconds), rate(total_tokens(result), seconds),
      gflops, gflops / result.share_of_ceiling(), result.share_of_ceiling(),
      static_cast<double>(result.peak_memory_bytes) / kMega, device_memory(result));
}

Json spread_json(const Spread& spread, double unit = 1.0) {
  return {{"median", spread.median / unit},
          {"lowest", spread.lowest / unit},
          {"highest", spread.highest / unit}};
}

Json encoder_json(const BenchStage& stage) {
  const EncoderFigures& figures = *stage.encoder;
  const double seconds = stage.seconds.median;
  Json products = Json::array();
  for (const MatmulCeiling::Product& product : figures.ceiling_products) {
    products.push_back({{"inputs", product.shape.inputs},
                        {"outputs", product.shape.outputs},
                        {"count", product.shape.count},
                        {"gflops_per_second", product.flops_per_second / kGiga},
                        {"way", product.way}});
  }
  return {{"tokens", figures.tokens},
          {"tokens_per_second", rate(static_cast<double>(figures.tokens), seconds)},
          {"linear_flops", figures.linear_flops},
          {"attention_flops", figures.attention_flops},
          {"gflops_per_second", rate(figures.flops(), seconds) / kGiga},
          {"ceiling_gflops_per_second", spread_json(figures.ceiling, kGiga)},
          {"ceiling_products", products},
          {"share_of_ceiling", share_of_ceiling(figures.flops(), stage)},
          {"linear_share_of_ceiling", share_of_ceiling(figures.linear_flops, stage)},
          {"packing_efficiency", figures.packing_efficiency}};
}

Json gpus_json(const BenchResult& result) {
  Json gpus = Json::array();
  for (const GpuFigures& gpu : result.gpus) {
    gpus.push_back({{"name", gpu.name},
                    {"description", gpu.description},
                    {"peak_memory_bytes", gpu.peak_memory_bytes},
                    {"ceiling_gflops_per_second", spread_json(gpu.ceiling, kGiga)}});
  }
  return gpus;
}

Json result_json(const BenchResult& result) {
  const SampleCounts& input = result.input;
  const auto orfs = static_cast<double>(input.orfs);
  Json stages;
  for (const BenchStage& stage : result.stages) {
    Json json = {{"seconds", spread_json(stage.seconds)},
                 {"orfs_per_second", rate(orfs, stage.seconds.median)}};
    if (stage.encoder) json.update(encoder_json(stage));
    stages[stage.name] = std::move(json);
  }
  const double seconds = result.seconds.median;
  return {{"models", result.models},
          {"precision", result.precision},
          {"packed", result.packed},
          {"batch_tokens", result.batch_tokens},
          {"rounds", result.rounds},
          {"load_seconds", result.load_seconds},
          {"peak_memory_bytes", result.peak_memory_bytes},
          {"gpus", gpus_json(result)},
          {"input",
           {{"records", input.records},
            {"bases", input.bases},
            {"chunks", input.chunks},
            {"orfs", input.orfs},
            {"tokens", {{"dnabert_s", input.dnabert_s.tokens}, {"esm2", input.esm2.tokens}}}}},
          {"stages", stages},
          {"end_to_end",
           {{"seconds", spread_json(result.seconds)},
            {"orfs_per_second", rate(orfs, seconds)},
            {"tokens_per_second", rate(total_tokens(result), seconds)},
            {"gflops_per_second", rate(result.flops(), seconds) / kGiga},
            {"share_of_ceiling", result.share_of_ceiling()}}}};
}

}  // namespace

std::string bench_table(const BenchReport& report) {
  std::string table =
      "models\tprecision\tstage\tseconds\tshare_of_time\torfs_per_s\ttokens_per_s\tgflops_per_s\t"
      "ceiling_gflops_per_s\tshare_of_ceiling\tlinear_share\tpacking_efficiency\tpeak_memory_mb\t"
      "device_memory_mb\n";
  for (const BenchResult& result : report.results) {
    for (const BenchStage& stage : result.stages) table += stage_row(result, stage);
    table += total_row(result);
  }
  return table;
}

std::string bench_json(const BenchReport& report, const std::string& program_version) {
  Json results = Json::array();
  for (const BenchResult& result : report.results) results.push_back(result_json(result));
  const Json json = {{"program", {{"name", "virnucpro"}, {"version", program_version}}},
                     {"device", report.device},
                     {"processor", report.processor},
                     {"threads", report.threads},
                     {"workers", report.workers},
                     {"numa_nodes", report.numa_nodes},
                     {"inputs", report.inputs},
                     {"expected_length", report.expected_length},
                     {"results", results}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace virnucpro
