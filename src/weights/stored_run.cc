#include "weights/stored_run.h"

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <utility>

#include "base/as_text.h"
#include "base/errors.h"
#include "base/path_kind.h"
#include "weights/json_reader.h"
#include "weights/safetensors.h"

namespace virnucpro {

/// Generated from the files in models/published_run (models/CMakeLists.txt).
std::map<std::string, std::span<const std::byte>> embedded_published_run_files();
/// The same for models/mini_run.
std::map<std::string, std::span<const std::byte>> embedded_mini_run_files();

namespace {

constexpr const char* kFacts = "run.json";
constexpr const char* kValues = "embeddings.safetensors";
/// Bounds of whole numbers in run.json: wide enough for any model.
constexpr std::int64_t kLargest = 1 << 20;

ReferenceEncoder parse_encoder(const JsonObject& json, const char* key, std::int64_t frames,
                               TensorSource& values) {
  const JsonObject facts = json.object(key);
  ReferenceEncoder encoder;
  encoder.model = facts.string("model");
  encoder.layers = facts.integer("layers", 1, kLargest);
  encoder.width = facts.integer("width", 1, kLargest);
  encoder.heads = facts.integer("heads", 1, kLargest);
  encoder.embeddings = to_floats(values.take(key, {frames, encoder.width}));
  return encoder;
}

StoredRun parse(std::string_view text, const std::string& facts_origin, TensorSource values,
                std::string origin) {
  const nlohmann::json document = parse_json_object(text, facts_origin);
  const JsonObject json(document, facts_origin);
  StoredRun run;
  run.origin = std::move(origin);
  run.description = json.string("description");
  run.expected_length = json.integer("expected_length", 1, kLargest);
  for (const JsonObject& frame : json.objects("frames")) {
    run.frames.push_back(
        {frame.string("id"), frame.string("nucleotides"), frame.string("protein")});
  }
  // Two frames differ from their mean by the same vector but for its sign: that shows nothing.
  if (run.frames.size() < 3) json.fail("frames", "expected at least three");
  const auto frames = static_cast<std::int64_t>(run.frames.size());
  run.dnabert_s = parse_encoder(json, "dnabert_s", frames, values);
  run.esm2 = parse_encoder(json, "esm2", frames, values);
  run.scores = to_floats(values.take("scores", {frames, 2}));
  values.expect_all_taken();
  return run;
}

StoredRun parse_files(const std::map<std::string, std::span<const std::byte>>& files,
                      std::string origin) {
  return parse(as_text(files.at(kFacts)), kFacts,
               read_safetensors(files.at(kValues), nullptr, kValues), std::move(origin));
}

}  // namespace

StoredRun published_run() {
  return parse_files(embedded_published_run_files(), "the published run");
}

StoredRun embedded_bundle_run() {
  return parse_files(embedded_mini_run_files(), "the stored run of the embedded bundle");
}

StoredRun read_stored_run(const std::string& folder) {
  const std::string problem =
      no_folder(folder, "a folder with run.json and embeddings.safetensors");
  if (!problem.empty()) throw ModelError(problem);
  const std::filesystem::path path(folder);
  const std::string facts = (path / kFacts).string();
  return parse(read_text_file(facts), facts, read_safetensors((path / kValues).string()), folder);
}

}  // namespace virnucpro
