#include "cli/commands/shared/write_options.h"

#include "base/errors.h"
#include "cli/commands/shared/used_paths.h"

namespace virnucpro::cli {

std::optional<WriteRequest> write_request(const GivenOptions& options) {
  std::optional<WhichRecords> which;
  options.store("write", which, kWhichRecords);
  const std::string* outputs = options.find("write-to");
  if (!which && outputs != nullptr) {
    throw ConfigError("--write-to names files for the records of --write; give that, too");
  }
  if (!which) return std::nullopt;
  WriteRequest request{*which, {}};
  if (outputs != nullptr) request.outputs = split_list(*outputs);
  return request;
}

void require_written_apart(const InputGuard& guard, const std::optional<WriteRequest>& request,
                           const std::vector<std::string>& inputs, const std::string& folder) {
  if (!request) return;
  const char* const flag = request->outputs.empty() ? "--write" : "--write-to";
  InputGuard others;
  add_results(others, "the results", folder);
  for (const std::string& file : written_files(*request, inputs, folder)) {
    guard.require_apart(file, flag);
    others.require_apart(file, flag);
    others.add("another file of " + std::string(flag), file);
  }
}

}  // namespace virnucpro::cli
