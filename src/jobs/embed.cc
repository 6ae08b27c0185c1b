#include "jobs/embed.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "base/counted.h"
#include "base/errors.h"
#include "base/format.h"
#include "jobs/embedding_sink.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

void warn_of_failed_frames(const Ledger& ledger, const Log& log) {
  if (ledger.failed_frames == 0) return;
  log.warning("{} left out", counted(ledger.failed_frames, "frame could not be computed and is",
                                     "frames could not be computed and are"));
}

}  // namespace

void require_free_embedding_file(const std::string& file, bool force) {
  if (file == "-") {
    throw ConfigError(
        "embed writes HDF5, which needs a file to seek in: '-' (standard output) cannot be used. "
        "Name a file, such as -o features.h5.");
  }
  std::error_code error;
  if (force || !fs::exists(file, error)) return;
  throw ConfigError(fmt::format(
      "{}: exists already. Name another file with -o, or pass --force to replace it.", file));
}

RunSummary run_embed(const RunRequest& request, const LoadedModels& models,
                     const RunContext& context, std::stop_token stop) {
  require_free_embedding_file(request.output, request.force);
  Run run(request, ShardNumber(), models, context, stop);
  RunReport& report = run.summary().report;
  const EmbeddingOrigin origin = {report.program_version, report.bundle, report.precision,
                                  report.expected_length, report.parts,  report.frames};
  EmbeddingFile file(request.output, origin, models.dnabert_s->width(), models.esm2->width());
  EmbeddingSink sink(file);
  try {
    run.run_stages(
        false, [&](const Window& window) { sink.take(window); }, nullptr, std::move(stop));
  } catch (const Interrupted& error) {
    throw Interrupted(
        fmt::format("{}; no result was written. Run the same command again", error.what()));
  }
  warn_of_failed_frames(sink.ledger(), context.log);
  file.finish();
  report.ledger = sink.ledger();
  report.calls.repeated_ids = sink.repeated_ids();
  require_balanced(report.intake, report.ledger);
  run.warn_of_repeated_ids(report.calls.repeated_ids, "the dataset ids");
  run.stop_clock();
  file.publish();
  run.summary().files.push_back(request.output);
  return std::move(run.summary());
}

RunSummary run_embed_into(const RunRequest& request, const LoadedModels& models,
                          const RunContext& context, const std::function<void(const Window&)>& take,
                          std::stop_token stop) {
  Run run(request, ShardNumber(), models, context, stop);
  run.run_stages(false, take, nullptr, std::move(stop));
  run.stop_clock();
  return std::move(run.summary());
}

}  // namespace virnucpro
