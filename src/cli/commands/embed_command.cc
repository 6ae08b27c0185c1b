#include "cli/commands/embed_command.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>

#include "cli/command_line/help.h"
#include "cli/commands/shared/run_command.h"
#include "cli/terminal/progress.h"

namespace virnucpro::cli {
namespace {

void log_summary(const RunSettings& settings, const RunSummary& summary, const Log& log) {
  const RunReport& report = summary.report;
  const auto seconds = std::chrono::seconds(static_cast<std::int64_t>(report.seconds));
  log.info("{} records, {} chunks, {} frames ({} repeated{}) in {}", report.intake.records,
           report.intake.chunks, report.ledger.frames, report.frames_repeated,
           failed_text(report.ledger.failed_frames), short_duration(seconds));
  log.info("embeddings in {}: datasets ids, dnabert_s, esm2", settings.output);
}

RunKind embed_kind() {
  const auto require_apart = [](const RunSettings& settings, const InputGuard& inputs) {
    inputs.require_apart(settings.output);
  };
  return {Command::kEmbed, /*with_classifier=*/false,
          require_apart,   require_free_embedding_file,
          run_embed,       log_summary};
}

}  // namespace

void add_embed_command(CLI::App& app, Context& context) {
  CLI::App* command =
      app.add_subcommand("embed", "Write the embeddings of both encoders to an HDF5 file");
  auto arguments = std::make_shared<SettingsArguments>();
  CommandOptions options(*command, context);
  add_settings_arguments(options, Command::kEmbed, *arguments);
  command->footer(help_footer(
      {"virnucpro embed contigs.fa -o features.h5",
       "virnucpro embed a.fa -o f.h5 --dnabert DNABERT-S/ --esm2 esm2_t36_3B_UR50D.pt"}));
  command->callback([&context, arguments] {
    context.action = [&context, arguments] { run_command(context, embed_kind(), *arguments); };
  });
}

}  // namespace virnucpro::cli
