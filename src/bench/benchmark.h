// `virnucpro bench`: whole runs of given models, beside the device's best rate of products.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.h"
#include "bench/bench_devices.h"
#include "bench/model_shapes.h"
#include "bench/sample.h"
#include "devices/load_models.h"

namespace virnucpro {

/// Models to measure: a bundle by name, or random weights of known shapes.
struct BenchModels {
  std::string bundle;
  const ModelShapes* shapes = nullptr;  ///< used where `bundle` is empty
};

struct BenchRequest {
  /// Empty: random sequences.
  std::vector<std::string> inputs;
  /// Open frames to take from the input; 0: the whole input. Absent: as many as `seconds` allow.
  std::optional<std::uint64_t> orfs;
  /// Limit for all runs of one model in one precision; rounds end when it is used up.
  double seconds = 30.0;
  std::int64_t expected_length = 500;
  std::vector<BenchModels> models;
  std::vector<Precision> precisions;
  std::string device = "cpu";    ///< as the registry knows it
  std::size_t threads = 0;       ///< 0: every core this process may use
  std::size_t batch_tokens = 0;  ///< 0: as in a run without the option
};

/// A quantity that was measured several times.
struct Spread {
  double median = 0.0;
  double lowest = 0.0;
  double highest = 0.0;
};
Spread spread_of(std::vector<double> values);

/// How many workers share the time of a stage: it lasts as long as the busiest of them, and few
/// batches do not occupy all. Between 1 and `workers`.
double workers_at_once(std::uint64_t batches, std::size_t workers);

/// The results of one encoder in every round, and the rate that the devices could have reached.
struct EncoderFigures {
  std::uint64_t tokens = 0;
  double linear_flops = 0.0;
  double attention_flops = 0.0;
  double packing_efficiency = 1.0;
  Spread ceiling;                                        ///< FLOP/s
  std::vector<MatmulCeiling::Product> ceiling_products;  ///< none on GPUs

  double flops() const { return linear_flops + attention_flops; }
};

struct BenchStage {
  std::string name;
  Spread seconds;
  std::optional<EncoderFigures> encoder;
};

/// The results of one GPU for one model in one precision.
struct GpuFigures {
  std::string name;
  std::string description;
  std::uint64_t peak_memory_bytes = 0;  ///< of loading and running, without the ceiling
  Spread ceiling;                       ///< FLOP/s
};

/// The results of one model in one precision.
struct BenchResult {
  std::string models;
  std::string precision;
  bool packed = true;
  std::int64_t batch_tokens = 0;
  std::size_t rounds = 0;
  double load_seconds = 0.0;
  std::uint64_t peak_memory_bytes = 0;  ///< resident; of loading and running, without the ceiling
  std::vector<GpuFigures> gpus;
  SampleCounts input;
  std::vector<BenchStage> stages;
  Spread seconds;  ///< of a whole run, from opening the input to complete tables

  double flops() const;
  /// The time that the products would take at the ceilings, over the time of the run.
  double share_of_ceiling() const;
};

struct BenchReport {
  std::string device;
  std::string processor;
  std::size_t threads = 0;
  std::size_t workers = 1;
  std::size_t numa_nodes = 1;
  std::vector<std::string> inputs;  ///< empty: random
  std::int64_t expected_length = 0;
  std::vector<BenchResult> results;  ///< models, then precisions, in the order asked for
};

/// Measures everything asked for, one after the other; needs the devices for itself and a temporary
/// folder. Throws the typed errors of base/errors.h; Interrupted on a stop request.
BenchReport run_benchmark(const BenchRequest& request, const OpenBundle& open_bundle,
                          const Log& log, std::stop_token stop = {},
                          const OpenBenchDevices& open_devices = open_bench_devices);

}  // namespace virnucpro
