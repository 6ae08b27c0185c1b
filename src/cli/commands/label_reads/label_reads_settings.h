// The settings of `label-reads`.
#pragma once

#include <string>
#include <vector>

#include "cli/commands/shared/common_settings.h"
#include "config/given_options.h"
#include "jobs/label_reads.h"

namespace virnucpro::cli {

struct LabelReadsSettings {
  LabelReadsRequest request;
  CommonSettings common;
};

/// Made from the arguments and from all sources.
LabelReadsSettings label_reads_settings(const std::vector<std::string>& arguments,
                                        const GivenOptions& options);

}  // namespace virnucpro::cli
