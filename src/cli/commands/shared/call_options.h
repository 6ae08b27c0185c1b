// --prevalence, --fdr, --conservative, --relaxed and --calls, of the commands that call.
#pragma once

#include "calls/call_request.h"
#include "config/given_options.h"

namespace virnucpro::cli {

CallRequest call_request(const GivenOptions& options);

}  // namespace virnucpro::cli
