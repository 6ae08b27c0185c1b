#include "cli/commands/shared/call_options.h"

#include "base/check.h"

namespace virnucpro::cli {

CallRequest call_request(const GivenOptions& options) {
  CallRequest request;
  if (const std::string* text = options.find("prevalence")) {
    check(assign_prevalence(request, *text), "a prevalence that was taken before");
  }
  if (const std::string* text = options.find("fdr")) {
    check(assign_fdr(request, *text), "an FDR that was taken before");
  }
  const std::string* calls = options.find("calls");
  request.published = calls != nullptr && *calls == "published";
  request.bundle = calls != nullptr && !request.published;
  options.store("conservative", request.conservative);
  options.store("relaxed", request.relaxed);
  return request;
}

}  // namespace virnucpro::cli
