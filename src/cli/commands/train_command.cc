#include "cli/commands/train_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/errors.h"
#include "base/known_file.h"
#include "cli/command_line/help.h"
#include "cli/command_line/labels_option.h"
#include "cli/commands/shared/named_bundle.h"
#include "cli/commands/shared/run_command.h"
#include "cli/terminal/console.h"
#include "cli/terminal/log_output.h"
#include "embeddings/embedding_reader.h"
#include "pipeline/train_bundle.h"
#include "run/run_database.h"

namespace virnucpro::cli {
namespace {

struct TrainArguments {
  SettingsArguments settings;
  TrainRequest request;
  std::optional<double> learning_rate;
};

/// What is usual for each of them, since AdamW's steps do not grow with the gradient.
double usual_rate(OptimizerKind optimizer) {
  return optimizer == OptimizerKind::kSgd ? 0.01 : 0.001;
}

/// The reader goes to and fro in the file, so that it is hashed before and looked at after it.
void add_embedding_file(InputReport& input, FrameCollector& collector,
                        const std::stop_token& stop) {
  const std::optional<KnownFile> known = read_known_file(input.path, stop);
  if (!known) throw_changed(input.path, "was replaced by something else than a file");
  try {
    collector.add_file(input.path, stop);
  } catch (const InputError&) {
    require_unchanged(input.path, *known, stop);
    throw;
  }
  require_unchanged(input.path, *known, stop);
  input.bytes = known->content.bytes;
  input.sha256 = known->content.sha256;
}

/// Adds the frames of files of embeddings and of runs, and says what was read; returns the other
/// inputs: sequences.
std::vector<std::string> add_embeddings(std::vector<InputReport>& inputs, FrameCollector& collector,
                                        const std::stop_token& stop) {
  std::vector<std::string> sequences;
  for (InputReport& input : inputs) {
    std::error_code error;
    if (is_embedding_file(input.path)) {
      add_embedding_file(input, collector, stop);
    } else if (std::filesystem::is_directory(input.path, error)) {
      collector.add_run(input.path, stop);
    } else {
      sequences.push_back(input.path);
    }
  }
  return sequences;
}

/// Says of the sequences among the inputs what was read; they come in the same order.
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
std::vector<InputReport> add_sequences(Context& context, const TrainArguments& arguments,
                                       const std::vector<std::string>& sequences,
                                       FrameCollector& collector) {
  RunKind kind;
  kind.command = Command::kTrain;
  kind.with_classifier = false;
  // Both were looked at before.
  kind.require_apart = [](const RunSettings&, const InputGuard&) {};
  kind.require_free_output = [](const RunSettings&) {};
  kind.run = [&](const RunSettings& settings, const LoadedModels& models, const RunContext& run,
                 const std::stop_token& stop) {
    collector.begin_windows(models.expected_length, settings.inputs);
    return run_embed_into(
        settings, models, run, [&](const Window& window) { collector.add_window(window); }, stop);
  };
  std::vector<InputReport> inputs;
  kind.log_summary = [&inputs](const RunSettings&, const RunSummary& summary, const Log& log) {
    inputs = summary.report.inputs;
    log.info("{} records, {} chunks and {} frames embedded", summary.report.intake.records,
             summary.report.intake.chunks, summary.report.intake.orfs);
  };
  run_command(context, kind, {arguments.settings.flags, sequences});
  return inputs;
}

void train(Context& context, TrainArguments& arguments) {
  const ResolvedSettings resolved = resolve_settings(Command::kTrain, arguments.settings.inputs,
                                                     arguments.settings.flags, context.environment);
  const RunSettings& settings = resolved.settings;
  if (settings.json_log) context.console.use_json();
  const Log log = make_log(context.console, {settings.quiet, settings.json_log});
  TrainRequest& request = arguments.request;
  request.program_version = program_version();
  request.inputs.clear();
  for (const std::string& input : settings.inputs) request.inputs.push_back({input, {}, 0});
  request.force = settings.force;
  request.threads = settings.threads;
  request.settings.learning_rate =
      arguments.learning_rate.value_or(usual_rate(request.settings.optimizer));
  InputGuard inputs = guard_of(resolved);
  inputs.add("--labels", request.labels);
  inputs.add("--frames", request.frames);
  inputs.require_streams_apart();
  inputs.require_outside(request.output);
  require_free_bundle_folder(request.output, request.force);
  const LabelTable table = read_label_table(request.labels, context.stop);
  const Bundle base = open_named_bundle(settings.bundle);

  std::optional<FrameTable> counted;
  if (!request.frames.empty()) {
    counted = read_frame_table(request.frames, context.stop);
    request.frames_content = counted->file;
  }
  FrameCollector collector(table, base.info(), settings.expected_length, log,
                           counted ? &*counted : nullptr);
  const std::vector<std::string> sequences =
      add_embeddings(request.inputs, collector, context.stop);
  if (sequences.empty()) {  // else they are logged with what else is decided
    for (const std::string& origin : resolved.origins) log.info("setting {}", origin);
  }
  if (!sequences.empty()) {
    describe_sequences(add_sequences(context, arguments, sequences, collector), request.inputs);
  }
  const LabelledFrames frames = collector.take();

  const TrainingReport report = train_bundle(request, base, table, frames, log, context.stop);
  log.info("bundle in {}: the classifier for {} bases is that of epoch {}", request.output,
           report.expected_length, report.best_epoch);
  context.console.print(training_table(report));
  context.console.flush();
}

void add_training_options(CommandOptions& options, TrainArguments& arguments) {
  TrainRequest& request = arguments.request;
  TrainingSettings& settings = request.settings;
  constexpr std::uint64_t kMost = std::uint64_t{1} << 20;
  add_labels_option(options, request.labels);
  options.text("--frames", "FILE",
               "Table with tabs of the only frames to train on (frames.tsv of 'dataset')",
               request.frames);
  options.text("-o,--output-dir", "DIR", "Folder of the new bundle", request.output).required();
  options.text("--name", "TEXT", "Name of the new bundle [that of the base, -trained]",
               request.name);
  options.number("--validation-share", "N",
                 "Share of the sources of each group held out to choose the epoch; 0: none [0.2]",
                 request.validation_share, {.high = 0.9});
  options.choice("--optimizer", "SGD has a momentum of 0.9 [adamw]", settings.optimizer,
                 {OptimizerKind::kAdamW, OptimizerKind::kSgd});
  options.choice("--schedule", "How the learning rate falls over the epochs [cosine]",
                 settings.schedule, {Schedule::kCosine, Schedule::kStep, Schedule::kConstant});
  options.number("--learning-rate", "N", "[0.001 for adamw, 0.01 for sgd]", arguments.learning_rate,
                 {.low = 1e-9, .high = 1e9});
  options.number("--weight-decay", "N", "As PyTorch's optimizers take it [0.01]",
                 settings.weight_decay, {});
  options.whole("--epochs", "Passes over the training frames, at most [30]", settings.epochs,
                {.low = 1, .high = kMost});
  options.whole("--patience", "Epochs without a better one before it stops; 0: never [5]",
                settings.patience, {.high = kMost, .zero = "never stop"});
  options.whole("--batch", "Frames of one step, at least [256]", settings.batch,
                {.low = 2, .high = kMost});
  options.whole("--hidden", "Hidden units [as the base's classifier has]", request.hidden,
                {.low = 1, .high = 65536});
  options.number("--dropout", "N", "Share of hidden values left out in a step [0.5]",
                 settings.dropout, {.high = 0.95});
  options.choice("--balance", "What has equal weight in the loss [groups]", settings.balance,
                 {Balance::kGroups, Balance::kClasses, Balance::kNone});
  options.whole("--seed", "Of split, start, order and dropout [1]", settings.seed, {});
}

}  // namespace

void add_train_command(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("train", "Fit a classifier to labelled sequences");
  auto arguments = std::make_shared<TrainArguments>();
  CommandOptions options(*command, context);
  add_settings_arguments(
      options, Command::kTrain, arguments->settings,
      "Labelled sequence files, HDF5 files of 'embed', or folders of runs with --keep-embeddings");
  add_training_options(options, *arguments);
  command->footer(help_footer({"virnucpro train genomes.fa --labels labels.tsv -o my_bundle",
                               "virnucpro train features.h5 --labels labels.tsv -o my_bundle "
                               "--optimizer sgd --epochs 60"}));
  command->callback([&context, arguments] {
    context.action = [&context, arguments] { train(context, *arguments); };
  });
}

}  // namespace virnucpro::cli
