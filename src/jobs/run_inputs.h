// The inputs of a finished run, as its run.json names them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace virnucpro {

struct RunInput {
  std::string path;    ///< as the run was given it
  std::string sha256;  ///< empty for a stream
  std::optional<std::uint64_t> bytes;
  std::uint64_t records = 0;
};

struct RunInputs {
  std::string shard;  ///< "1/1" for a whole run
  std::vector<RunInput> inputs;
};

/// Reads run.json in a folder of results. Throws InputError when it is missing or damaged.
RunInputs read_run_inputs(const std::string& folder);

/// The inputs that lie where they lay and are as long as they were, so that nobody writes over
/// them. None where run.json says nothing: the command that needs it says so. Never waits.
std::vector<std::string> inputs_still_there(const std::string& folder);

}  // namespace virnucpro
