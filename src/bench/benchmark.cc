#include "bench/benchmark.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "backend/cpu/processor.h"
#include "base/counted.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/peak_memory.h"
#include "base/stop.h"
#include "base/stopwatch.h"
#include "bench/random_models.h"
#include "devices/device_models.h"
#include "jobs/predict.h"
#include "models/precision_policy.h"

namespace virnucpro {
namespace {

/// By how much the seconds of a stage, summed over its threads, exceed its duration. Only encoders
/// and the classifier run on workers; the encoders have at least as many batches as their tokens
/// fill.
double workers_of(const std::string& stage, const RunReport& run) {
  const auto tokens = run.tokens.find(stage);
  if (tokens != run.tokens.end()) {
    const auto room = static_cast<std::uint64_t>(run.batch_tokens);
    return workers_at_once((tokens->second + room - 1) / room, run.workers);
  }
  return stage == "classify" ? static_cast<double>(run.workers) : 1.0;
}

// Odd, so that the median is a measured round.
constexpr std::size_t kMostRounds = 3;
// A run before the measured ones, which touches all weights.
constexpr std::uint64_t kWarmUpOrfs = 1;
// Each way to multiply gets this share of the seconds of a run, but no more than it needs.
constexpr double kCeilingShare = 1.0 / 120.0;
constexpr double kMostCeilingSeconds = 0.25;
// A GPU has one way, and needs longer, until heat and power have lowered its clock.
constexpr double kGpuCeilingShare = 1.0 / 20.0;
constexpr double kMostGpuCeilingSeconds = 1.0;

constexpr const char* kStopped =
    "stopped on request before the end; nothing was measured to the end";

std::vector<Backend*> pointers(const Workers& workers) {
  std::vector<Backend*> backends;
  for (const auto& backend : workers.backends) backends.push_back(backend.get());
  return backends;
}

/// One encoder's work, and the ceilings measured so far.
struct EncoderMeter {
  std::string stage;  // as the run's report names it
  EncoderWork work;
  MatmulCeiling first;  // of a CPU
  std::vector<double> ceilings;
};

/// Measures one set of models in all precisions.
class ModelsBenchmark {
 public:
  ModelsBenchmark(const BenchRequest& request, const BenchModels& models,
                  const OpenBundle& open_bundle, const BenchDevices& devices, const Log& log,
                  std::stop_token stop);

  BenchResult measure(Precision precision);

 private:
  std::vector<EncoderMeter> meters() const;
  void measure_ceilings(Precision precision, std::vector<EncoderMeter>& meters);
  void measure_cpu_ceilings(Precision precision, std::vector<EncoderMeter>& meters);
  void measure_gpu_ceilings(Precision precision, std::vector<EncoderMeter>& meters);
  void restart_peaks();
  void note_peaks(BenchResult& result) const;
  void warm_every_lane(const DeviceModels& models, Precision precision, std::int64_t batch_tokens);
  LoadedModels load(Precision precision, Backend& backend) const;
  RunReport run(const DeviceModels& models, Precision precision,
                const std::vector<std::string>& inputs);
  void take_sample(const std::vector<EncoderMeter>& meters, std::int64_t batch_tokens,
                   const DnaTokenizer& tokenizer);
  std::uint64_t wanted_orfs(const std::vector<EncoderMeter>& meters,
                            std::int64_t batch_tokens) const;
  std::string in_folder(const char* name) const { return folder_.path() + "/" + name; }

  const BenchRequest& request_;
  const BenchModels& models_;
  const OpenBundle& open_bundle_;
  const BenchDevices& devices_;
  const Workers& workers_;
  const Log& log_;
  const std::stop_token stop_;
  const std::vector<Backend*> backends_;
  const TemporaryFolder folder_;
  std::string name_;
  std::optional<DnabertSConfig> dnabert_s_;
  std::optional<Esm2Config> esm2_;
  std::vector<std::string> sample_;  // paths
  SampleCounts counts_;
  std::vector<std::vector<double>> gpu_ceilings_;  // of each, in the current measurement
};

ModelsBenchmark::ModelsBenchmark(const BenchRequest& request, const BenchModels& models,
                                 const OpenBundle& open_bundle, const BenchDevices& devices,
                                 const Log& log, std::stop_token stop)
    : request_(request),
      models_(models),
      open_bundle_(open_bundle),
      devices_(devices),
      workers_(devices.workers),
      log_(log),
      stop_(std::move(stop)),
      backends_(pointers(devices.workers)) {
  if (!models.bundle.empty()) {
    const BundleInfo info = open_bundle(models.bundle).info();
    name_ = fmt::format("bundle {}", info.name);
    dnabert_s_ = info.dnabert_s_config;
    esm2_ = info.esm2_config;
  } else {
    name_ = models.shapes->name;
    dnabert_s_ = models.shapes->dnabert_s;
    esm2_ = models.shapes->esm2;
  }
  write_random_sample(in_folder("warm_up.fa"), kWarmUpOrfs, request.expected_length);
}

std::vector<EncoderMeter> ModelsBenchmark::meters() const {
  std::vector<EncoderMeter> list;
  if (dnabert_s_) list.push_back({"dnabert_s", work_of(*dnabert_s_), {}, {}});
  if (esm2_) list.push_back({"esm2", work_of(*esm2_), {}, {}});
  return list;
}

void ModelsBenchmark::measure_ceilings(Precision precision, std::vector<EncoderMeter>& meters) {
  if (devices_.workers.gpus.empty()) {
    measure_cpu_ceilings(precision, meters);
  } else {
    measure_gpu_ceilings(precision, meters);
  }
}

void ModelsBenchmark::measure_gpu_ceilings(Precision precision, std::vector<EncoderMeter>& meters) {
  throw_if_stopped(stop_, kStopped);
  const std::vector<double> ceilings = virnucpro::measure_gpu_ceilings(
      devices_.workers.gpus, precision,
      std::min(kMostGpuCeilingSeconds, request_.seconds * kGpuCeilingShare));
  double sum = 0.0;
  for (std::size_t i = 0; i < ceilings.size(); ++i) {
    gpu_ceilings_[i].push_back(ceilings[i]);
    sum += ceilings[i];
  }
  for (EncoderMeter& meter : meters) meter.ceilings.push_back(sum);
}

void ModelsBenchmark::measure_cpu_ceilings(Precision precision, std::vector<EncoderMeter>& meters) {
  const double seconds = std::min(kMostCeilingSeconds, request_.seconds * kCeilingShare);
  for (EncoderMeter& meter : meters) {
    throw_if_stopped(stop_, kStopped);
    const bool is_first = meter.ceilings.empty();
    MatmulCeiling ceiling =
        measure_matmul_ceiling(precision, backends_, workers_.threads, meter.work.linear, seconds,
                               is_first ? nullptr : &meter.first, stop_);
    meter.ceilings.push_back(ceiling.flops_per_second());
    if (is_first) meter.first = std::move(ceiling);
  }
}

void ModelsBenchmark::restart_peaks() {
  restart_peak_memory();
  for (const WorkerGpu& gpu : devices_.workers.gpus) gpu.device->restart_peak();
}

void ModelsBenchmark::note_peaks(BenchResult& result) const {
  result.peak_memory_bytes = std::max(result.peak_memory_bytes, peak_memory());
  for (std::size_t i = 0; i < devices_.workers.gpus.size(); ++i) {
    std::uint64_t& peak = result.gpus[i].peak_memory_bytes;
    peak = std::max(peak, devices_.workers.gpus[i].device->peak_bytes());
  }
}

/// Each lane of a GPU gets its memory and chooses its products with its first full batch.
void ModelsBenchmark::warm_every_lane(const DeviceModels& models, Precision precision,
                                      std::int64_t batch_tokens) {
  const auto tokens = static_cast<std::uint64_t>(batch_tokens) * backends_.size();
  const auto per_orf = static_cast<std::uint64_t>(request_.expected_length) / 4;  // of DNA
  write_random_sample(in_folder("warm_lanes.fa"), tokens / per_orf + 1, request_.expected_length);
  run(models, precision, {in_folder("warm_lanes.fa")});
}

LoadedModels ModelsBenchmark::load(Precision precision, Backend& backend) const {
  if (models_.bundle.empty()) {
    return random_models(*models_.shapes, request_.expected_length, precision, backend, stop_);
  }
  ModelRequest models;
  models.frames = FrameChoice::kOpen;  // as the sample is counted
  models.bundle = models_.bundle;
  models.expected_length = request_.expected_length;
  return load_models(models, precision, /*with_classifier=*/true, open_bundle_, backend);
}

RunReport ModelsBenchmark::run(const DeviceModels& models, Precision precision,
                               const std::vector<std::string>& inputs) {
  PredictRequest request;
  request.inputs = inputs;
  request.output = in_folder("results");
  request.force = true;
  request.batch_tokens = request_.batch_tokens;
  RunContext context;
  context.precision = {precision, precision != Precision::kFp32, {}};
  context.device = devices_.name;
  context.backends = backends_;
  context.models = models.by_backend();
  context.threads = workers_.threads;
  context.numa_nodes = workers_.numa_nodes;
  try {
    return run_predict(request, models.front(), context, stop_).report;
  } catch (const Interrupted&) {
    throw Interrupted(kStopped);  // its folder is removed: nothing can be continued
  }
}

/// About as many ORFs as take a round's time at the ceiling, but at least a full batch.
std::uint64_t ModelsBenchmark::wanted_orfs(const std::vector<EncoderMeter>& meters,
                                           std::int64_t batch_tokens) const {
  if (request_.orfs) return *request_.orfs;
  const auto tokens = static_cast<std::uint64_t>(request_.expected_length) / 3;  // DNA has fewer
  double seconds = 0.0;
  for (const EncoderMeter& meter : meters) {
    const double flops =
        meter.work.linear_flops(tokens) + meter.work.attention_flops(tokens * tokens);
    seconds += flops / meter.ceilings.front();
  }
  const double in_time = request_.seconds / static_cast<double>(kMostRounds) / seconds;
  const double full_batch = static_cast<double>(batch_tokens) / static_cast<double>(tokens);
  return static_cast<std::uint64_t>(std::max({1.0, std::floor(in_time), std::floor(full_batch)}));
}

void ModelsBenchmark::take_sample(const std::vector<EncoderMeter>& meters,
                                  std::int64_t batch_tokens, const DnaTokenizer& tokenizer) {
  const std::uint64_t orfs = wanted_orfs(meters, batch_tokens);
  const bool is_whole = request_.orfs == std::uint64_t{0};
  if (is_whole) {
    sample_ = request_.inputs;
  } else {
    sample_ = {in_folder("sample.fa")};
    if (request_.inputs.empty()) {
      write_random_sample(sample_.front(), orfs, request_.expected_length);
    } else {
      write_sample(request_.inputs, sample_.front(), orfs, request_.expected_length, stop_);
    }
  }
  counts_ = count_sample(sample_, request_.expected_length, tokenizer, stop_);
  log_.info("{}: {} of {}", name_, counted(counts_.orfs, "open frame"),
            counted(counts_.records, "record"));
}

Spread exactly(double value) { return {value, value, value}; }

BenchResult ModelsBenchmark::measure(Precision precision) {
  log_.info("{}, {}: measuring the ceiling", name_, name_of(precision));
  std::vector<EncoderMeter> encoders = meters();
  gpu_ceilings_.assign(devices_.workers.gpus.size(), {});
  measure_ceilings(precision, encoders);

  BenchResult result;
  for (const WorkerGpu& gpu : devices_.workers.gpus) {
    result.gpus.push_back({gpu.name, gpu.description, 0, {}});
  }
  result.models = name_;
  result.precision = name_of(precision);
  restart_peaks();
  const Stopwatch loading;
  const DeviceModels models(workers_, [&](Backend& backend) { return load(precision, backend); });
  result.load_seconds = loading.seconds();
  const RunReport warm_up = run(models, precision, {in_folder("warm_up.fa")});
  if (!devices_.workers.gpus.empty()) warm_every_lane(models, precision, warm_up.batch_tokens);
  note_peaks(result);
  result.packed = warm_up.packed;
  result.batch_tokens = warm_up.batch_tokens;
  if (sample_.empty()) take_sample(encoders, warm_up.batch_tokens, *models.front().tokenizer);
  result.input = counts_;

  std::vector<double> run_seconds;
  std::map<std::string, std::vector<double>> stage_seconds;
  RunReport last;
  const Stopwatch watch;
  do {
    measure_ceilings(precision, encoders);
    log_.info("{}, {}: round {} of at most {}", name_, name_of(precision), result.rounds + 1,
              kMostRounds);
    restart_peaks();
    last = run(models, precision, sample_);
    note_peaks(result);
    ++result.rounds;
    run_seconds.push_back(last.seconds);
    for (const auto& [stage, seconds] : last.stage_seconds) {
      stage_seconds[stage].push_back(seconds / workers_of(stage, last));
    }
  } while (result.rounds < kMostRounds && watch.seconds() < request_.seconds);
  measure_ceilings(precision, encoders);

  for (std::size_t i = 0; i < result.gpus.size(); ++i) {
    result.gpus[i].ceiling = spread_of(gpu_ceilings_[i]);
  }
  result.seconds = spread_of(run_seconds);
  result.stages = {{"read", exactly(counts_.read_seconds), {}},
                   {"frames", exactly(counts_.frames_seconds), {}},
                   {"tokenize", exactly(counts_.tokenize_seconds), {}}};
  for (const EncoderMeter& meter : encoders) {
    const TokenCounts& counts = meter.stage == "esm2" ? counts_.esm2 : counts_.dnabert_s;
    EncoderFigures figures;
    figures.tokens = last.tokens.at(meter.stage);
    figures.linear_flops = meter.work.linear_flops(figures.tokens);
    // Sequences that occur twice are embedded once; FLOPs scale with those embedded.
    const double embedded =
        static_cast<double>(figures.tokens) / static_cast<double>(counts.tokens);
    figures.attention_flops = meter.work.attention_flops(counts.squared) * embedded;
    figures.packing_efficiency = last.packing_efficiency.at(meter.stage);
    figures.ceiling = spread_of(meter.ceilings);
    figures.ceiling_products = meter.first.products;
    result.stages.push_back({meter.stage, spread_of(stage_seconds[meter.stage]), figures});
  }
  for (const char* stage : {"classify", "write"}) {
    result.stages.push_back({stage, spread_of(stage_seconds[stage]), {}});
  }
  return result;
}

}  // namespace

double workers_at_once(std::uint64_t batches, std::size_t workers) {
  const std::uint64_t count = std::max<std::uint64_t>(batches, 1);
  const std::uint64_t of_the_busiest = (count + workers - 1) / workers;
  return static_cast<double>(count) / static_cast<double>(of_the_busiest);
}

Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2.0;
  return {median, values.front(), values.back()};
}

double BenchResult::flops() const {
  double sum = 0.0;
  for (const BenchStage& stage : stages) sum += stage.encoder ? stage.encoder->flops() : 0.0;
  return sum;
}

double BenchResult::share_of_ceiling() const {
  double at_ceiling = 0.0;
  for (const BenchStage& stage : stages) {
    if (stage.encoder) at_ceiling += stage.encoder->flops() / stage.encoder->ceiling.median;
  }
  return at_ceiling / seconds.median;
}

BenchReport run_benchmark(const BenchRequest& request, const OpenBundle& open_bundle,
                          const Log& log, std::stop_token stop,
                          const OpenBenchDevices& open_devices) {
  const BenchDevices devices = open_devices(request.device, request.threads);
  const Workers& workers = devices.workers;
  for (const auto& backend : workers.backends) {
    for (const Precision precision : request.precisions) require_offered(precision, *backend);
    backend->set_stop(stop);
  }
  BenchReport report;
  report.device = devices.name;
  report.processor =
      devices.workers.gpus.empty() ? workers.backends.front()->description() : processor_name();
  report.threads = workers.threads;
  report.workers = workers.backends.size();
  report.numa_nodes = workers.numa_nodes;
  report.inputs = request.inputs;
  report.expected_length = request.expected_length;
  for (const BenchModels& models : request.models) {
    ModelsBenchmark benchmark(request, models, open_bundle, devices, log, stop);
    for (const Precision precision : request.precisions) {
      report.results.push_back(benchmark.measure(precision));
    }
  }
  return report;
}

}  // namespace virnucpro
