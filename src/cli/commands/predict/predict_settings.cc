#include "cli/commands/predict/predict_settings.h"

#include "cli/commands/shared/call_options.h"
#include "cli/commands/shared/table_options.h"
#include "config/resolve.h"

namespace virnucpro::cli {

PredictSettings predict_settings(const std::vector<std::string>& arguments,
                                 const GivenOptions& options) {
  require_inputs(arguments);
  PredictSettings settings;
  settings.run = run_settings(options);
  settings.run.models.frames = frame_choice(options);
  PredictRequest& request = settings.request;
  request.inputs = arguments;
  request.output = kDefaultOutputFolder;
  request.batch_tokens = settings.run.batch_tokens;
  options.store("output-dir", request.output);
  options.store("force", request.force);
  options.store("resume", request.resume);
  options.store("repair", request.repair);
  if (const std::string* shard = options.find("shard")) request.shard = parse_shard(*shard).value();
  options.store("keep-embeddings", request.keep_embeddings);
  request.calls = call_request(options);
  store_table_options(options, request.tables);
  return settings;
}

}  // namespace virnucpro::cli
