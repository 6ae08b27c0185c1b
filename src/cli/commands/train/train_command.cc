#include "cli/commands/train/train_command.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/counted.h"
#include "base/errors.h"
#include "base/known_file.h"
#include "cli/command_line/command_options.h"
#include "cli/command_line/help.h"
#include "cli/commands/shared/run_command.h"
#include "cli/commands/shared/shown_work.h"
#include "cli/commands/train/train_settings.h"
#include "cli/context.h"
#include "cli/terminal/console.h"
#include "embeddings/embedding_reader.h"
#include "fitting/train.h"
#include "jobs/embed.h"
#include "run/run_database.h"
#include "weights/open_bundle.h"

namespace virnucpro::cli {
namespace {

/// The reader moves back and forth in the file, so this hashes it before and checks it afterwards.
void add_embedding_file(InputReport& input, FrameCollector& collector, const std::stop_token& stop,
                        const WorkProgress& progress) {
  const std::optional<KnownFile> known = read_known_file(input.path, stop);
  if (!known) throw_changed(input.path, "was replaced by something else than a file");
  try {
    collector.add_file(input.path, stop, progress);
  } catch (const InputError&) {
    require_unchanged(input.path, *known, stop);
    throw;
  }
  require_unchanged(input.path, *known, stop);
  input.bytes = known->content.bytes;
  input.sha256 = known->content.sha256;
}

/// Adds the frames of files of embeddings and of runs, and reports what was read. Returns the other
/// inputs, which are sequences.
std::vector<std::string> add_embeddings(std::vector<InputReport>& inputs, FrameCollector& collector,
                                        const std::stop_token& stop, const WorkProgress& progress) {
  std::vector<std::string> sequences;
  for (InputReport& input : inputs) {
    std::error_code error;
    if (is_embedding_file(input.path)) {
      add_embedding_file(input, collector, stop, progress);
    } else if (std::filesystem::is_directory(input.path, error)) {
      collector.add_run(input.path, stop, progress);
    } else {
      sequences.push_back(input.path);
    }
  }
  return sequences;
}

/// Reports what was read of the sequences among the inputs, which come in the same order.
void describe_sequences(const std::vector<InputReport>& sequences,
                        std::vector<InputReport>& inputs) {
  auto next = inputs.begin();
  for (const InputReport& sequence : sequences) {
    next = std::find_if(next, inputs.end(),
                        [&](const InputReport& input) { return input.path == sequence.path; });
    check(next != inputs.end(), "sequences of no input");
    next->bytes = sequence.bytes;
    next->sha256 = sequence.sha256;
    ++next;
  }
}

/// Embeds sequences as `embed` does, but into memory. Returns what was read.
std::vector<InputReport> add_sequences(Context& context, const TrainSettings& settings,
                                       const std::vector<std::string>& sequences,
                                       FrameCollector& collector) {
  RunRequest request;
  request.inputs = sequences;
  request.batch_tokens = settings.run.batch_tokens;
  RunKind kind;  // its output was checked before
  kind.with_classifier = false;
  kind.run = [&](const LoadedModels& models, const RunContext& run, const std::stop_token& stop) {
    collector.begin_windows(models.expected_length, models.frames, sequences);
    return run_embed_into(
        request, models, run, [&](const Window& window) { collector.add_window(window); }, stop);
  };
  std::vector<InputReport> inputs;
  kind.log_summary = [&inputs](const RunSummary& summary, const Log& log) {
    inputs = summary.report.inputs;
    log.info("{}, {} and {} embedded", counted(summary.report.intake.records, "record"),
             counted(summary.report.intake.chunks, "chunk"),
             counted(summary.report.intake.orfs, "frame"));
  };
  run_command(context, kind, settings.run, sequences);
  return inputs;
}

void train(Context& context, const TrainSettings& settings) {
  const Log log = log_for(context, settings.run.common);
  TrainRequest request = settings.request;
  request.program_version = program_version();
  for (const std::string& input : settings.inputs) request.inputs.push_back({input, {}, 0});
  InputGuard inputs = guard_of(context.environment, settings.inputs, settings.run);
  inputs.add("--labels", request.labels);
  inputs.add("--frames", request.frames);
  inputs.require_streams_apart();
  inputs.require_outside(request.output);
  require_free_bundle_folder(request.output, request.force);
  const LabelTable table = read_label_table(request.labels, context.stop);
  const Bundle base = open_named_bundle(context.environment, settings.run.models.bundle);

  std::optional<FrameTable> counted;
  if (!request.frames.empty()) {
    counted = read_frame_table(request.frames, context.stop);
    request.frames_content = counted->file;
  }
  FrameCollector collector(table, base.info(), settings.run.models.expected_length, log,
                           counted ? &*counted : nullptr);
  const std::vector<std::string> sequences = [&] {
    ShownWork shown(context, log, settings.run.common);
    return add_embeddings(request.inputs, collector, context.stop, shown.progress());
  }();
  if (sequences.empty()) {
    log_origins(log, settings.run.common);  // the run of sequences logs them itself
  } else {
    describe_sequences(add_sequences(context, settings, sequences, collector), request.inputs);
  }
  const LabelledFrames frames = collector.take();

  const TrainingReport report = [&] {
    ShownWork shown(context, log, settings.run.common);
    return train_bundle(request, base, table, frames, log, context.stop, shown.progress());
  }();
  log.info("bundle in {}: the classifier for {} bases is that of epoch {}", request.output,
           report.expected_length, report.best_epoch);
  context.console.print(training_table(report));
  context.console.flush();
}

}  // namespace

void add_train_command(CLI::App& app, Context& context) {
  CommandOptions taken(app, context, "train", "Fit a classifier to labelled sequences",
                       {"virnucpro train genomes.fa --labels labels.tsv -o my_bundle",
                        "virnucpro train features.h5 --labels labels.tsv -o my_bundle "
                        "--optimizer sgd --epochs 60"});
  taken.arguments(
      "INPUT",
      "Labelled sequence files, HDF5 files of 'embed', or folders of runs with --keep-embeddings",
      "the path of a file", /*are_needed=*/false);
  taken.run_with(Command::kTrain, [&context](const std::vector<std::string>& arguments,
                                             const GivenOptions& options) {
    train(context, train_settings(arguments, options));
  });
}

}  // namespace virnucpro::cli
