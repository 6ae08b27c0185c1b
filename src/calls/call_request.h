// What a user asks of calls by calibrated probabilities.
#pragma once

#include <optional>
#include <string>

namespace virnucpro {

inline constexpr double kConservativeThreshold = 0.95;
inline constexpr double kRelaxedThreshold = 0.25;

struct CallRequest {
  std::optional<double> prevalence;  ///< above 0 and below 1
  bool estimate_prevalence = false;
  std::optional<double> fdr;  ///< above 0 and below 1
  bool conservative = false;
  bool relaxed = false;
  bool published = false;  ///< by scores, even where the bundle names a rule of its own
  /// By the rule of the bundle, asked for by name: in place of what a stored run was asked for.
  bool bundle = false;
  bool operator==(const CallRequest&) const = default;

  /// True for anything that needs a calibration.
  bool any() const { return prevalence || estimate_prevalence || calls(); }
  /// True when it names a rule that follows calibrated probabilities. The rule of the bundle does,
  /// too, where it has one and the request names none.
  bool calls() const { return fdr || conservative || relaxed; }
  bool takes_bundle_rule() const { return !calls() && !published; }
  /// True when the prevalence must be estimated from the run.
  bool needs_estimate() const { return estimate_prevalence || (fdr && !prevalence); }
};

/// Stores "estimate" or a number; false when the text is neither.
bool assign_prevalence(CallRequest& request, const std::string& text);
/// Stores the number; false unless the text is a number above 0 and below 1.
bool assign_fdr(CallRequest& request, const std::string& text);

/// The message about more than one rule from one place.
inline constexpr const char* kOneCallRule =
    "--fdr, --conservative and --relaxed exclude each other; give one of the three";
/// ConfigError when more than one of --fdr, --conservative, --relaxed and --calls published is
/// given.
void require_one_call_rule(const CallRequest& request);

/// "fdr=0.05 prevalence=estimate", for a run's database; empty when nothing but the rule of the
/// bundle is asked for.
std::string text_of(const CallRequest& request);
/// The reverse of text_of(); absent for any other text.
std::optional<CallRequest> parse_call_request(const std::string& text);

}  // namespace virnucpro
