// One finding about the machine, the models or the settings, with what to do about it.
#pragma once

#include <string>

namespace virnucpro {

/// kWarning: runs work, but slower or with less room than they could have. kFailure: a run with the
/// settings at hand cannot work.
enum class Finding { kGood, kWarning, kFailure };

constexpr const char* name_of(Finding finding) {
  switch (finding) {
    case Finding::kGood:
      return "ok";
    case Finding::kWarning:
      return "warning";
    case Finding::kFailure:
      return "failure";
  }
  return "?";
}

/// Plain data. `mend` says what to do; it is never empty for a failure.
struct Diagnosis {
  std::string section;  ///< "processor", "memory", "limits", "disks", "devices", "models" ...
  std::string name;
  Finding finding = Finding::kGood;
  std::string text;
  std::string mend = {};
};

}  // namespace virnucpro
