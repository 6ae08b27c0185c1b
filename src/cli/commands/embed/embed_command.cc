#include "cli/commands/embed/embed_command.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "base/counted.h"
#include "cli/command_line/command_options.h"
#include "cli/commands/embed/embed_settings.h"
#include "cli/commands/shared/run_command.h"
#include "cli/context.h"
#include "cli/terminal/progress.h"
#include "jobs/embed.h"

namespace virnucpro::cli {
namespace {

void log_summary(const RunRequest& request, const RunSummary& summary, const Log& log) {
  const RunReport& report = summary.report;
  const auto seconds = std::chrono::seconds(static_cast<std::int64_t>(report.seconds));
  log.info("{}, {}, {} ({} repeated{}) in {}", counted(report.intake.records, "record"),
           counted(report.intake.chunks, "chunk"), counted(report.ledger.frames, "frame"),
           report.frames_repeated, failed_text(report.ledger.failed_frames),
           short_duration(seconds));
  log.info("embeddings in {}: datasets ids, dnabert_s, esm2", request.output);
}

void embed(Context& context, const EmbedSettings& settings) {
  const RunRequest& request = settings.request;
  RunKind kind;
  kind.takes_addresses = true;
  kind.with_classifier = false;
  kind.require_apart = [&](const InputGuard& inputs) { inputs.require_apart(request.output); };
  kind.require_free_output = [&] { require_free_embedding_file(request.output, request.force); };
  kind.run = [&](const LoadedModels& models, const RunContext& run, std::stop_token stop) {
    return run_embed(request, models, run, std::move(stop));
  };
  kind.log_summary = [&](const RunSummary& summary, const Log& log) {
    log_summary(request, summary, log);
  };
  run_command(context, kind, settings.run, request.inputs);
}

}  // namespace

void add_embed_command(CLI::App& app, Context& context) {
  CommandOptions taken(
      app, context, "embed", "Write the embeddings of both encoders to an HDF5 file",
      {"virnucpro embed contigs.fa -o features.h5",
       "virnucpro embed a.fa -o f.h5 --dnabert DNABERT-S/ --esm2 esm2_t36_3B_UR50D.pt"});
  taken.arguments("INPUT", kSequenceFilesAnywhere, "the path of a file", /*are_needed=*/false);
  taken.run_with(Command::kEmbed, [&context](const std::vector<std::string>& arguments,
                                             const GivenOptions& options) {
    embed(context, embed_settings(arguments, options));
  });
}

}  // namespace virnucpro::cli
