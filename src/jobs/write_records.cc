#include "jobs/write_records.h"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/counted.h"
#include "base/errors.h"
#include "base/escape.h"
#include "base/format.h"
#include "base/known_file.h"
#include "base/partial_file.h"
#include "jobs/run_inputs.h"
#include "report/prediction_tables.h"
#include "sequence/input_file.h"
#include "sequence/line_reader.h"
#include "sequence/record_copy.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

/// Threads of htslib: reading and writing compressed files costs more than choosing.
constexpr std::size_t kThreads = 2;

/// Throws ConfigError for a shard, whose tables have a part of the records.
std::vector<RunInput> inputs_of(const std::string& folder) {
  RunInputs read = read_run_inputs(folder);
  if (read.shard != "1/1") {
    throw ConfigError(fmt::format(
        "{}: is shard {} of a run, and --write needs all records. Merge the shards, then write "
        "the records with 'virnucpro report'.",
        folder, read.shard));
  }
  return std::move(read.inputs);
}

/// The calls of contigs.tsv.
RecordChoice choice_of(const std::string& folder, WhichRecords which, const std::stop_token& stop) {
  LineReader lines(folder + "/" + kContigsFile, {}, {.stop = stop});
  RecordChoice choice(which);
  std::string line;
  std::size_t call_column = 0;
  while (lines.next(line)) {
    const std::string_view row(line);
    std::string_view rest = row;
    if (lines.number() == 1) {
      for (call_column = 0; !rest.starts_with("call\t"); ++call_column) {
        const std::size_t tab = rest.find('\t');
        if (tab == std::string_view::npos) lines.fail(1, "expected a column 'call'");
        rest.remove_prefix(tab + 1);
      }
      continue;
    }
    for (std::size_t i = 0; i < call_column; ++i) {
      const std::size_t tab = rest.find('\t');
      if (tab == std::string_view::npos) lines.fail(lines.number(), "has too few columns");
      rest.remove_prefix(tab + 1);
    }
    const std::string_view call = rest.substr(0, rest.find('\t'));
    choice.add(row.substr(0, row.find('\t')), call == "virus", call != "NA");
  }
  choice.finish();
  return choice;
}

void require_regular(const std::string& path) {
  std::error_code error;
  if (path != "-" && fs::is_regular_file(path, error)) return;
  if (path != "-") check_readable(path);  // says that it is missing, or may not be read
  throw ConfigError(fmt::format(
      "{}: --write reads the inputs a second time, and this is no file that can be. Store it in a "
      "file first.",
      path == "-" ? "standard input" : path));
}

void require_as_many(const WriteRequest& request, std::size_t inputs) {
  if (request.outputs.empty() || request.outputs.size() == inputs) return;
  throw ConfigError(fmt::format("--write-to names {} for {}; give one for each",
                                counted(request.outputs.size(), "file"), counted(inputs, "input")));
}

void require_no_input(const std::string& output, const std::vector<std::string>& inputs) {
  for (const std::string& input : inputs) {
    std::error_code error;
    if (!fs::equivalent(output, input, error)) continue;
    throw ConfigError(
        fmt::format("{}: is an input of the run; name another file with --write-to", output));
  }
}

/// The file as it is now, which must be what the run has read.
KnownFile same_file(const RunInput& input, const std::stop_token& stop) {
  require_regular(input.path);
  const std::optional<KnownFile> now = read_known_file(input.path, stop);
  if (now && !input.sha256.empty() && now->content.sha256 == input.sha256) return *now;
  throw InputError(
      fmt::format("{}: is not the file that the run has read, so that its records cannot be told "
                  "apart. Put that one back.",
                  input.path));
}

}  // namespace

std::vector<std::string> written_files(const WriteRequest& request,
                                       const std::vector<std::string>& inputs,
                                       const std::string& folder) {
  if (!request.outputs.empty()) return request.outputs;
  std::vector<std::string> outputs;
  std::set<std::string> taken;
  for (const std::string& input : inputs) {
    const std::string name = fs::path(input).filename().string();
    std::string unique = name;
    for (int number = 2; !taken.insert(unique).second; ++number) {
      unique = fmt::format("{}_{}", number, name);
    }
    outputs.push_back((fs::path(folder) / name_of(request.which) / unique).string());
  }
  return outputs;
}

void require_can_write(const WriteRequest& request, const std::vector<std::string>& inputs) {
  require_as_many(request, inputs.size());
  for (const std::string& input : inputs) require_regular(input);
}

std::vector<std::string> write_records(const std::string& folder, const WriteRequest& request,
                                       const Log& log, const std::stop_token& stop,
                                       const WorkProgress& progress) {
  const std::vector<RunInput> inputs = inputs_of(folder);
  std::vector<std::string> paths;
  for (const RunInput& input : inputs) paths.push_back(input.path);
  require_as_many(request, inputs.size());
  const std::vector<std::string> outputs = written_files(request, paths, folder);
  const RecordChoice choice = choice_of(folder, request.which, stop);
  std::vector<std::unique_ptr<RecordCopy>> copies;
  std::uint64_t first = 0;
  WorkStep step(progress, "copying records of", "input", inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i, step.add()) {
    const RunInput& input = inputs[i];
    require_no_input(outputs[i], paths);
    const KnownFile known = same_file(input, stop);
    const fs::path place = fs::path(outputs[i]).parent_path();
    if (!place.empty()) make_result_folder(place.string());
    // The tables have escaped names.
    const auto takes = [&](const CopyQuestion& question) {
      const std::string name = escaped(question.name);
      if (!question.number) return choice.takes_name(name);
      return choice.takes(first + *question.number, name, question.is_template);
    };
    copies.push_back(copy_records(input.path, known, outputs[i], kThreads, takes, stop));
    if (copies.back()->records != input.records) {
      throw InputError(fmt::format("{}: has {}, and the run has read {}", input.path,
                                   counted(copies.back()->records, "record"), input.records));
    }
    first += input.records;
  }
  for (std::size_t i = 0; i < copies.size(); ++i) {
    copies[i]->publish();
    log.info("{}: {} of {} ({})", outputs[i], copies[i]->written,
             counted(copies[i]->records, "record"), name_of(request.which));
  }
  return outputs;
}

}  // namespace virnucpro
