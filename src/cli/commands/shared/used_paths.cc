#include "cli/commands/shared/used_paths.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "cli/commands/shared/named_bundle.h"
#include "jobs/run_inputs.h"
#include "report/prediction_tables.h"
#include "run/run_database.h"
#include "weights/open_bundle.h"

namespace virnucpro::cli {

InputGuard guard_of(const std::vector<std::string>& inputs, const std::string& config) {
  InputGuard guard;
  for (const std::string& input : inputs) {
    std::error_code error;
    if (std::filesystem::is_directory(input, error)) {
      add_run(guard, "the input", input);
    } else {
      guard.add("the input", input);
    }
  }
  guard.add("--config", config);
  return guard;
}

InputGuard guard_of(const Environment& environment, const std::vector<std::string>& inputs,
                    const RunSettings& settings) {
  InputGuard guard = guard_of(inputs, settings.common.config);
  const ModelRequest& models = settings.models;
  if (models.has_own_parts()) {
    guard.add("--dnabert", models.dnabert);
    guard.add("--esm2", models.esm2);
    guard.add("--classifier", models.classifier);
  } else {
    add_bundle(guard, environment, "--bundle", models.bundle);
    guard.add("--model-path", models.bundle_classifier);
  }
  return guard;
}

void add_bundle(InputGuard& guard, const Environment& environment, const std::string& what,
                const std::string& name) {
  const std::vector<std::string> embedded = embedded_bundle_names();
  if (std::ranges::find(embedded, name) == embedded.end()) {
    guard.add(what, bundle_place(environment, name));
  }
}

void add_run(InputGuard& guard, const std::string& what, const std::string& folder) {
  guard.add(what, (std::filesystem::path(folder) / kDatabaseFile).string());
  add_inputs_of_run(guard, what, folder);
}

void add_inputs_of_run(InputGuard& guard, const std::string& what, const std::string& folder) {
  for (const std::string& input : inputs_still_there(folder)) {
    guard.add("an input of " + what, input);
  }
}

void add_results(InputGuard& guard, const std::string& what, const std::string& folder) {
  for (const char* name : prediction_names(/*with_database=*/true)) {
    guard.add(what, (std::filesystem::path(folder) / name).string());
  }
}

std::vector<const char*> prediction_names(bool with_database) {
  std::vector<const char*> names(std::begin(kPredictionFiles), std::end(kPredictionFiles));
  names.insert(names.end(), std::begin(kOptionalFiles), std::end(kOptionalFiles));
  // The names of SQLite's files beside the database.
  if (with_database) {
    names.insert(names.end(), {kDatabaseFile, "run.db-wal", "run.db-shm", "run.db-journal"});
  }
  return names;
}

}  // namespace virnucpro::cli
