#include "calibration/call_request.h"

#include <charconv>
#include <sstream>

#include "base/errors.h"
#include "base/format.h"

namespace virnucpro {
namespace {

constexpr const char* kEstimate = "estimate";

std::optional<double> parse_share(const std::string& text) {
  double value = 0.0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || !(value > 0.0 && value < 1.0)) return std::nullopt;
  return value;
}

}  // namespace

bool assign_prevalence(CallRequest& request, const std::string& text) {
  request.estimate_prevalence = text == kEstimate;
  request.prevalence = parse_share(text);
  return request.estimate_prevalence || request.prevalence;
}

bool assign_fdr(CallRequest& request, const std::string& text) {
  request.fdr = parse_share(text);
  return request.fdr.has_value();
}

void require_one_call_rule(const CallRequest& request) {
  const int rules =
      (request.fdr ? 1 : 0) + (request.conservative ? 1 : 0) + (request.relaxed ? 1 : 0);
  if (rules <= 1) return;
  throw ConfigError(
      "--fdr, --conservative and --relaxed exclude each other; give one of the three");
}

std::string text_of(const CallRequest& request) {
  std::string text;
  if (request.fdr) text += fmt::format(" fdr={}", *request.fdr);
  if (request.conservative) text += " conservative=yes";
  if (request.relaxed) text += " relaxed=yes";
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
