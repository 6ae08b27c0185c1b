// What a work has told of its progress.
#pragma once

#include <string>
#include <vector>

#include "base/format.h"
#include "base/work_progress.h"

namespace virnucpro::test {

/// Keeps the last state of each step. Must outlive what progress() gives.
class WorkSteps {
 public:
  WorkProgress progress() {
    return WorkProgress([this](const WorkState& state) {
      if (last_.empty() || state.doing != last_) ends_.emplace_back();
      last_ = state.doing;
      ends_.back() = fmt::format("{} {}/{}", state.doing, state.done, state.total);
    });
  }

  /// "merging 6/6", one for each step.
  const std::vector<std::string>& ends() const { return ends_; }

 private:
  std::string last_;
  std::vector<std::string> ends_;
};

}  // namespace virnucpro::test
