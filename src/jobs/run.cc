#include "jobs/run.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "base/format.h"
#include "base/known_file.h"
#include "base/memory.h"
#include "base/peak_memory.h"
#include "base/stop.h"
#include "devices/batch_budget.h"
#include "jobs/plan_shards.h"
#include "pipeline/model_engine.h"
#include "pipeline/model_plan.h"
#include "pipeline/repeats.h"
#include "report/unique_ids.h"
#include "results/run_calibration.h"
#include "results/run_facts.h"
#include "results/stored_input.h"

namespace virnucpro {
namespace {

// An input with so few bases cannot fill the memory for repeats, which is taken and written to at
// once: that would be half the time of a run on a handful of reads. Larger inputs take all of it,
// so that memory does not grow with them.
constexpr std::uint64_t kFewBases = 8192;

std::string description_of(const std::string& device, const std::vector<Backend*>& backends) {
  for (const Backend* backend : backends) {
    if (backend->name() == device) return backend->description();
  }
  return "";
}

/// The description of each kind of device, once.
std::string describe(const std::vector<Backend*>& backends) {
  std::vector<std::string> descriptions;
  for (const Backend* backend : backends) {
    std::string description = backend->description();
    if (std::ranges::find(descriptions, description) != descriptions.end()) continue;
    descriptions.push_back(std::move(description));
  }
  return fmt::format("{}", fmt::join(descriptions, "; "));
}

/// The most bases that the inputs can have, where all of them are files of plain text: each takes a
/// byte. FASTA, FASTQ and SAM begin with these letters, and compressed files do not.
std::optional<std::uint64_t> most_bases(const std::vector<std::string>& paths,
                                        const std::vector<std::optional<KnownFile>>& known) {
  std::uint64_t bases = 0;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (!known[i]) return std::nullopt;
    const int first = std::ifstream(paths[i], std::ios::binary).get();
    if (known[i]->content.bytes > 0 && first != '>' && first != '@') return std::nullopt;
    bases += known[i]->content.bytes;
  }
  return bases;
}

std::string untrained_runs_text(const LoadedModels& models) {
  return fmt::format(
      "'{}' was not trained on runs: scores and p_calibrated of chunks without an open frame are "
      "less sure than its card says",
      models.bundle);
}

}  // namespace

Run::Run(const RunRequest& request, ShardNumber shard, const LoadedModels& models,
         const RunContext& context, const std::stop_token& stop,
         std::shared_ptr<const ShardPlanFile> plan)
    : shard_(shard),
      plan_(std::move(plan)),
      models_(models),
      context_(context),
      reader_(request.inputs, context.log, stop) {
  check(!context.backends.empty(), "a run without a device");
  check(context.models.empty() || context.models.size() == context.backends.size(),
        "models for {} of {} backends", context.models.size(), context.backends.size());
  RunReport& report = summary_.report;
  report.program_version = context.program_version;
  report.command_line = context.command_line;
  report.started_at = utc_now();
  // Read once before the run, so that another input is refused before any work is done.
  std::vector<std::optional<KnownFile>> known =
      plan_ ? known_inputs_of(*plan_, request.inputs, shard.number, stop)
            : read_known_files(request.inputs, stop);
  report.inputs = describe_inputs(request.inputs, known);
  most_bases_ = most_bases(request.inputs, known);
  for (const std::optional<KnownFile>& file : known) {
    if (file) input_stamps_ += to_string(file->stamp) + "\n";
  }
  reader_.expect(std::move(known));
  reader_.open_addresses_by(context.open_address);
  if (plan_) {
    reader_.take(plan_->shares_of(shard.number));
  }
  report.shard = shard.number;
  report.shards = shard.of;
  report.bundle = models.bundle;
  report.bundle_version = models.bundle_version;
  report.parts = models.parts;
  report.calibration_sha256 = calibration_sha256(models.calibration);
  report.expected_length = models.expected_length;
  report.frames = models.frames;
  report.precision = name_of(context.precision.precision);
  report.packed = context.precision.packed;
  report.device = context.device;
  report.device_description = describe(context.backends);
  report.threads = context.threads;
  report.workers = context.backends.size();
  report.numa_nodes = context.numa_nodes;
  report.automatic_batch_tokens = request.batch_tokens == 0;
  report.batch_tokens =
      report.automatic_batch_tokens
          ? automatic_batch_tokens(context.backends, context.precision.precision,
                                   std::max(models.dnabert_s->width(), models.esm2->width()),
                                   available_memory())
          : static_cast<std::int64_t>(request.batch_tokens);
  report.warnings = context.precision.warnings;
  if (models.reads_untrained_runs) {
    report.warnings.push_back(untrained_runs_text(models));
    context.log.warning("{}", report.warnings.back());
  }
  report.warnings.insert(report.warnings.end(), context.warnings.begin(), context.warnings.end());
}

void Run::run_stages(bool classify, TakeWindow take, Journal* journal, std::stop_token stop) {
  std::vector<std::unique_ptr<ModelEngine>> engines;
  StagePlan plan = plan_for(models_);
  // By models, because models prepared for one device serve no other.
  std::map<const LoadedModels*, std::unique_ptr<ExactModels>> exact;
  for (std::size_t i = 0; i < context_.backends.size(); ++i) {
    const LoadedModels& models = models_of(i);
    std::unique_ptr<ExactModels>& in_fp32 = exact[&models];
    if (in_fp32 == nullptr && context_.load_exact) {
      in_fp32 = std::make_unique<ExactModels>(context_.load_exact);
    }
    engines.push_back(std::make_unique<ModelEngine>(
        models.model_set(), *context_.backends[i], context_.precision.packed,
        in_fp32 == nullptr ? ModelEngine::Exact() : in_fp32->for_engines()));
    plan.engines.push_back(engines.back().get());
  }
  RunReport& report = summary_.report;
  plan.records = [&](Record& record) { return next(record); };
  plan.classify = classify;
  plan.packed = report.packed;
  plan.batch_tokens = report.batch_tokens;
  plan.time_sized = report.automatic_batch_tokens;
  plan.limits = context_.limits.value_or(limits_for(plan.batch_tokens));
  if (most_bases_ && *most_bases_ <= kFewBases) {
    const std::int64_t row = classify ? 2 : models_.dnabert_s->width() + models_.esm2->width();
    plan.repeats = repeat_limits(static_cast<std::size_t>(row), *most_bases_);
  }
  plan.take = std::move(take);
  plan.journal = journal;
  plan.progress = context_.progress;
  plan.log = context_.log;
  fill(virnucpro::run_stages(plan, std::move(stop)));
  require_unchanged_models();
  describe_read_inputs(reader_.files(), report.inputs);
}

void Run::require_unchanged_models() const {
  for (std::size_t i = 0; i < context_.backends.size(); ++i) models_of(i).require_unchanged();
}

void Run::compare_input(const RunDatabase& database, const std::stop_token& stop) {
  StoredInput stored(database, /*is_known=*/false);
  for (Record record; next(record);) {
    throw_if_stopped(stop);
    stored.compare(record);
  }
  stored.require_all();
}

void Run::warn_of_repeated_ids(std::uint64_t count, std::string_view where) {
  if (count == 0) return;
  std::string warning = repeated_ids_text(count, where);
  context_.log.warning("{}", warning);
  summary_.report.warnings.push_back(std::move(warning));
}

void Run::stop_clock() {
  summary_.report.seconds = watch_.seconds();
  summary_.report.peak_memory_bytes = peak_memory();
}

const LoadedModels& Run::models_of(std::size_t backend) const {
  return context_.models.empty() ? models_ : *context_.models.at(backend);
}

bool Run::is_mine(std::uint64_t ordinal) const {
  if (!plan_) return ordinal % shard_.of == shard_.number - 1;
  return ordinal >= plan_->first[shard_.number - 1] && ordinal < plan_->first[shard_.number];
}

bool Run::next(Record& record) {
  do {
    if (!reader_.next(record)) return false;
  } while (!is_mine(record.ordinal));
  ++summary_.report.inputs.at(record.file).records;
  return true;
}

void Run::fill(const StageReport& stages) {
  RunReport& report = summary_.report;
  report.intake = stages.intake;
  // Whichever process computed them.
  report.frames_embedded = stages.orfs_computed + stages.orfs_recalled;
  report.frames_repeated = stages.orfs_repeated;
  report.batches = stages.batches;
  report.faults = stages.faults;
  report.stage_seconds = {{"read", stages.read_seconds},
                          {"tokenize", stages.tokenize_seconds},
                          {"classify", stages.classify_seconds},
                          {"write", stages.write_seconds}};
  for (const DeviceWork& device : stages.devices) {
    report.devices.push_back({device.name,
                              description_of(device.name, context_.backends),
                              device.workers,
                              device.batches,
                              {},
                              device.busy_seconds});
  }
  for (const EncoderKind kind : kEncoderKinds) {
    const StageReport::Encoder& encoder = stages.encoders[kind];
    report.stage_seconds[key_of(kind)] = encoder.seconds;
    report.tokens[key_of(kind)] = encoder.tokens;
    report.packing_efficiency[key_of(kind)] = encoder.efficiency();
    for (std::size_t i = 0; i < stages.devices.size(); ++i) {
      report.devices[i].tokens[key_of(kind)] = stages.devices[i].tokens[kind];
    }
  }
}

}  // namespace virnucpro
