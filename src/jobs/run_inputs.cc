#include "jobs/run_inputs.h"

#include <nlohmann/json.hpp>

#include "base/errors.h"
#include "base/file_stamp.h"
#include "base/format.h"
#include "report/prediction_tables.h"
#include "sequence/line_reader.h"

namespace virnucpro {

RunInputs read_run_inputs(const std::string& folder) {
  const std::string place = folder + "/" + kRunFile;
  LineReader lines(place);
  std::string text;
  for (std::string line; lines.next(line);) text += line + '\n';
  RunInputs read;
  try {
    const nlohmann::json run = nlohmann::json::parse(text);
    read.shard = run.value("shard", "1/1");
    for (const nlohmann::json& each : run.at("inputs")) {
      RunInput& input = read.inputs.emplace_back();
      input.path = each.at("path").get<std::string>();
      if (each.at("sha256").is_string()) input.sha256 = each.at("sha256").get<std::string>();
      if (each.at("bytes").is_number()) input.bytes = each.at("bytes").get<std::uint64_t>();
      input.records = each.at("records").get<std::uint64_t>();
    }
  } catch (const nlohmann::json::exception& error) {
    throw InputError(fmt::format("{}: is damaged: {}", place, error.what()));
  }
  return read;
}

std::vector<std::string> inputs_still_there(const std::string& folder) {
  std::vector<std::string> paths;
  // Opening a pipe of that name would wait for its writer.
  if (!stamp_of(folder + "/" + kRunFile)) return paths;
  try {
    for (const RunInput& input : read_run_inputs(folder).inputs) {
      const std::optional<FileStamp> stamp = stamp_of(input.path);
      // Another length: a relative name may mean another file by now.
      if (stamp && input.bytes == stamp->bytes) paths.push_back(input.path);
    }
  } catch (const Error&) {
    paths.clear();
  }
  return paths;
}

}  // namespace virnucpro
