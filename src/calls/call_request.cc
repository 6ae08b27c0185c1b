#include "calls/call_request.h"

#include <sstream>

#include "base/errors.h"
#include "base/format.h"
#include "base/number_text.h"

namespace virnucpro {
namespace {

constexpr const char* kEstimate = "estimate";

/// Above 0 and below 1.
constexpr NumberRange kShare = {.low_is_open = true, .high_is_open = true};

}  // namespace

bool assign_prevalence(CallRequest& request, const std::string& text) {
  request.estimate_prevalence = text == kEstimate;
  request.prevalence = parse_number(text, kShare);
  return request.estimate_prevalence || request.prevalence;
}

bool assign_fdr(CallRequest& request, const std::string& text) {
  request.fdr = parse_number(text, kShare);
  return request.fdr.has_value();
}

void require_one_call_rule(const CallRequest& request) {
  const int rules = (request.fdr ? 1 : 0) + (request.conservative ? 1 : 0) +
                    (request.relaxed ? 1 : 0) + (request.published ? 1 : 0);
  if (rules <= 1) return;
  throw ConfigError(kOneCallRule);
}

std::string text_of(const CallRequest& request) {
  std::string text;
  if (request.fdr) text += fmt::format(" fdr={}", *request.fdr);
  if (request.conservative) text += " conservative=yes";
  if (request.relaxed) text += " relaxed=yes";
  if (request.published) text += " published=yes";
  if (request.prevalence) text += fmt::format(" prevalence={}", *request.prevalence);
  if (request.estimate_prevalence) text += fmt::format(" prevalence={}", kEstimate);
  return text.empty() ? text : text.substr(1);
}

std::optional<CallRequest> parse_call_request(const std::string& text) {
  CallRequest request;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (word == "conservative=yes") {
      request.conservative = true;
    } else if (word == "relaxed=yes") {
      request.relaxed = true;
    } else if (word == "published=yes") {
      request.published = true;
    } else if (word.starts_with("fdr=")) {
      if (!assign_fdr(request, word.substr(4))) return std::nullopt;
    } else if (word.starts_with("prevalence=")) {
      if (!assign_prevalence(request, word.substr(11))) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  return request;
}

}  // namespace virnucpro
