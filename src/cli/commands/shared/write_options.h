// --write and --write-to.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/input_guard.h"
#include "config/given_options.h"
#include "jobs/write_records.h"

namespace virnucpro::cli {

/// Absent where nothing is asked for. ConfigError for --write-to alone.
std::optional<WriteRequest> write_request(const GivenOptions& options);

/// Throws ConfigError when a file that would be written is one that is read.
void require_written_apart(const InputGuard& guard, const std::optional<WriteRequest>& request,
                           const std::vector<std::string>& inputs, const std::string& folder);

}  // namespace virnucpro::cli
