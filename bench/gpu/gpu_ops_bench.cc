// Times each operation of ESM-2 3B and DNABERT-S at its real shape on one device. It first checks
// the answer of the very call that it times against the reference backend.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "backend/cpu/cpu_backend.h"
#include "backend/cuda/plugin_loader.h"
#include "base/environment.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/stopwatch.h"
#include "operation_cases.h"

namespace virnucpro {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSkipped = 77;  // the exit code that test harnesses use
constexpr double kSampleSeconds = 0.02;
constexpr std::size_t kMostRepeats = 20000;
constexpr std::size_t kLeastSamples = 5;
constexpr double kCeilingSeconds = 1.0;

struct Arguments {
  std::string device = "cuda:0";
  std::string precision = "fp16";
  std::int64_t tokens = 16384;
  std::int64_t bases = 500;
  double seconds = 0.5;
  std::string filter;
  std::string json;
};

struct Device {
  std::shared_ptr<CudaDevice> gpu;  // null: the CPU
  std::unique_ptr<Backend> backend;
};

/// Absent where there is no GPU, after printing the reason.
std::optional<Device> open_device(const std::string& name) {
  Device device;
  if (name == "cpu") {
    device.backend = std::make_unique<CpuBackend>();
    return device;
  }
  const std::string path = process_environment()("VIRNUCPRO_CUDA_PLUGIN").value_or("");
  const LoadedCudaPlugin loaded = load_cuda_plugin(cuda_plugin_paths(path));
  if (loaded.plugin == nullptr) {
    fmt::print(stderr, "skipped: {}\n", loaded.reason);
    return std::nullopt;
  }
  const std::size_t number = name == "cuda" ? 0 : std::stoul(name.substr(name.find(':') + 1));
  device.gpu = loaded.plugin->open(number, 0, 1);
  device.backend = device.gpu->create_backend();
  return device;
}

Precision precision_named(const std::string& name) {
  for (const Precision precision : kPrecisions) {
    if (name == name_of(precision)) return precision;
  }
  throw ConfigError(fmt::format("--precision: '{}' is none", name));
}

struct Timing {
  double median = 0.0;  // seconds of one call
  double lowest = 0.0;
  double highest = 0.0;
  std::size_t repeats = 0;
  std::size_t samples = 0;
};

/// Calls several times in a row, then waits, as often as fits into `seconds`.
Timing time_calls(Backend& backend, const OperationCase& timed, double seconds) {
  const Buffer word = backend.allocate(4);
  std::size_t turn = 1;  // turn 0 was the check
  const auto sample = [&](std::size_t repeats) {
    const Stopwatch watch;
    for (std::size_t i = 0; i < repeats; ++i) timed.enqueue(turn++);
    std::uint32_t copied = 0;
    backend.download(word.data(), &copied, sizeof(copied));
    return watch.seconds();
  };
  Timing timing;
  timing.repeats = 1;
  for (double took = sample(1); took < kSampleSeconds && timing.repeats < kMostRepeats;
       took = sample(timing.repeats)) {
    const double wanted = 1.2 * kSampleSeconds / took * static_cast<double>(timing.repeats);
    timing.repeats =
        std::min(kMostRepeats, std::max(timing.repeats + 1, static_cast<std::size_t>(wanted) + 1));
  }
  std::vector<double> samples;
  const Stopwatch watch;
  while (samples.size() < kLeastSamples || watch.seconds() < seconds) {
    samples.push_back(sample(timing.repeats) / static_cast<double>(timing.repeats));
  }
  std::sort(samples.begin(), samples.end());
  timing.median = samples[samples.size() / 2];
  timing.lowest = samples.front();
  timing.highest = samples.back();
  timing.samples = samples.size();
  return timing;
}

Json figures_of(const OperationCase& timed, const Timing& timing, double error, bool is_right) {
  Json json = {{"model", timed.model},
               {"operation", timed.name},
               {"shape", timed.shape},
               {"per_forward", timed.per_forward},
               {"right", is_right},
               {"worst_error", error},
               {"microseconds", timing.median * 1e6},
               {"lowest_microseconds", timing.lowest * 1e6},
               {"highest_microseconds", timing.highest * 1e6},
               {"repeats", timing.repeats},
               {"samples", timing.samples},
               {"flops", timed.flops},
               {"bytes", timed.bytes}};
  if (is_right) {
    json["tflops_per_second"] = timed.flops / timing.median / 1e12;
    json["gbytes_per_second"] = timed.bytes / timing.median / 1e9;
  }
  return json;
}

/// Prints the rows of the table, now that both ceilings are known; 0: there is no ceiling.
void print_table(const Json& operations, double ceiling) {
  std::map<std::string, double> forward_seconds;
  for (const Json& row : operations) {
    forward_seconds[row["model"]] +=
        row["microseconds"].get<double>() * row["per_forward"].get<double>();
  }
  fmt::print(
      "model\toperation\tshape\tmicroseconds\ttflops_per_s\tgbytes_per_s\tshare_of_ceiling\t"
      "share_of_forward\tworst_error\n");
  for (const Json& row : operations) {
    const std::string name = row["model"];
    if (!row["right"]) {
      fmt::print("{}\t{}\t{}\tWRONG\t-\t-\t-\t-\t{:.2e}\n", name,
                 row["operation"].get<std::string>(), row["shape"].get<std::string>(),
                 row["worst_error"].get<double>());
      continue;
    }
    const double tflops = row["tflops_per_second"];
    fmt::print("{}\t{}\t{}\t{:.1f}\t{}\t{:.0f}\t{}\t{:.3f}\t{:.2e}\n", name,
               row["operation"].get<std::string>(), row["shape"].get<std::string>(),
               row["microseconds"].get<double>(),
               tflops > 0.0 ? fmt::format("{:.1f}", tflops) : "-",
               row["gbytes_per_second"].get<double>(),
               tflops > 0.0 && ceiling > 0.0 ? fmt::format("{:.3f}", tflops * 1e12 / ceiling) : "-",
               row["microseconds"].get<double>() * row["per_forward"].get<double>() /
                   forward_seconds[name],
               row["worst_error"].get<double>());
  }
}

int measure(const Arguments& arguments) {
  CaseSettings settings;
  settings.precision = precision_named(arguments.precision);
  settings.tokens = arguments.tokens;
  settings.bases = arguments.bases;
  const std::optional<Device> device = open_device(arguments.device);
  if (!device) return kSkipped;
  Backend& backend = *device->backend;
  if (!backend.offers(settings.precision)) {
    fmt::print(stderr, "skipped: {} has no {}\n", backend.description(), arguments.precision);
    return kSkipped;
  }
  const auto ceiling = [&] {
    return device->gpu ? device->gpu->measure_matmul_ceiling(settings.precision, kCeilingSeconds)
                       : 0.0;
  };
  const double before = ceiling();
  Json operations = Json::array();
  bool all_right = true;
  for (const CaseMaker& maker : operation_cases(settings)) {
    if (maker.name.find(arguments.filter) == std::string::npos) continue;
    const OperationCase timed = maker.make(backend);
    timed.enqueue(0);
    const double error = timed.worst_error();
    const bool is_right = error <= tolerance_of(settings.precision);  // false for NaN
    all_right = all_right && is_right;
    const Timing timing = is_right ? time_calls(backend, timed, arguments.seconds) : Timing();
    operations.push_back(figures_of(timed, timing, error, is_right));
    fmt::print(stderr, "{}: {}\n", maker.name,
               is_right ? fmt::format("{:.1f} us", timing.median * 1e6) : "WRONG");
  }
  const double after = ceiling();
  // The higher one, because a disturbed ceiling must not make a share look better.
  const double highest = std::max(before, after);
  for (Json& row : operations) {
    if (highest > 0.0 && row["right"] && row["flops"] > 0.0) {
      row["share_of_ceiling"] = row["tflops_per_second"].get<double>() * 1e12 / highest;
    }
  }
  print_table(operations, highest);
  if (!arguments.json.empty()) {
    const Json json = {{"device", arguments.device},
                       {"description", backend.description()},
                       {"precision", arguments.precision},
                       {"tokens", arguments.tokens},
                       {"bases", arguments.bases},
                       {"ceiling_tflops_per_second_before", before / 1e12},
                       {"ceiling_tflops_per_second_after", after / 1e12},
                       {"operations", operations}};
    std::ofstream file(arguments.json);
    file << json.dump(1) << "\n";
    if (!file.flush()) throw OutputError(fmt::format("{} cannot be written", arguments.json));
  }
  return all_right ? 0 : 1;
}

int run(int count, char** words) {
  CLI::App app("Times each operation of ESM-2 3B and DNABERT-S at its real shape on one device");
  Arguments arguments;
  app.add_option("--device", arguments.device, "cuda, cuda:N or cpu [cuda:0]");
  app.add_option("--precision", arguments.precision, "fp16, bf16, int8, fp8 or fp32 [fp16]");
  app.add_option("--tokens", arguments.tokens, "Rows of the matrices [16384]")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 20));
  app.add_option("--bases", arguments.bases, "Length of the chunks: of the sequences [500]")
      ->check(CLI::IsMember({300, 500}));
  app.add_option("--seconds", arguments.seconds, "For each operation [0.5]");
  app.add_option("--filter", arguments.filter, "Only operations with this in 'MODEL NAME'");
  app.add_option("--json", arguments.json, "Write all figures to this file");
  CLI11_PARSE(app, count, words);
  try {
    return measure(arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}

}  // namespace
}  // namespace virnucpro

int main(int count, char** words) { return virnucpro::run(count, words); }
