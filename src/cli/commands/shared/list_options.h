// Options whose value is a list.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/given_options.h"
#include "tensor/precision.h"

namespace virnucpro::cli {

/// The entries of a list option; empty where it is not given and has no default. ConfigError for an
/// empty or repeated entry.
std::vector<std::string> entries(const GivenOptions& options, std::string_view name,
                                 std::string list = {});

/// The entries of --precision, those of `list` where it is not given. ConfigError for an unknown
/// name.
std::vector<Precision> precisions_of(Command command, const GivenOptions& options,
                                     std::string list = "fp16");

}  // namespace virnucpro::cli
