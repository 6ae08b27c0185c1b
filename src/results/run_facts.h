// The facts of a run: its inputs as they are now, and all that decides its results.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/known_file.h"
#include "devices/load_models.h"
#include "report/run_report.h"
#include "run/stored_rows.h"
#include "sequence/frames.h"

namespace virnucpro {

// Names of facts that other commands use.
inline constexpr const char* kLengthFact = "expected length";
inline constexpr const char* kDeviceFact = "device";
inline constexpr const char* kShardFact = "shard";
inline constexpr const char* kShardPlanFact = "plan of shards";
inline constexpr const char* kEmbeddingsFact = "embeddings kept";
inline constexpr const char* kFramesFact = "frames";
inline constexpr const char* kGeneticCodeFact = "genetic code";
inline constexpr const char* kClassifierFact = "classifier model";
inline constexpr const char* kCalibrationFact = "calibration";

/// The value of `name`; InputError naming `place` when there is no such fact.
const std::string& required_fact(const std::vector<RunFact>& facts, const char* name,
                                 const std::string& place);
/// "esm2 model": the name of the fact with a model part's hash.
std::string model_fact(std::string_view part);
/// The expected length; InputError when the fact does not hold one.
std::int64_t expected_length_of(const std::vector<RunFact>& facts, const std::string& place);
/// What the run reads of its chunks: the published rule where no fact says otherwise, as in
/// databases of older programs. InputError for facts that say nothing known.
FrameRule frame_rule_of(const std::vector<RunFact>& facts, const std::string& place);
/// True when the embeddings of all frames are in the database.
bool keeps_embeddings(const std::vector<RunFact>& facts, const std::string& place);

/// Path, size and SHA-256 of each input; one that can be read only once has neither of the two.
std::vector<InputReport> describe_inputs(const std::vector<std::string>& paths,
                                         const std::vector<std::optional<KnownFile>>& known);
/// Adds size and SHA-256 of what was read, for all inputs. Only after facts_of(), for which a
/// stream has no content.
void describe_read_inputs(const std::vector<KnownFile>& files, std::vector<InputReport>& inputs);

/// Two runs with equal facts give equal results. `report` lacks only the stages' counts.
/// `keeps_embeddings`: of every frame, in the database.
std::vector<RunFact> facts_of(const RunReport& report, bool keeps_embeddings);

}  // namespace virnucpro
