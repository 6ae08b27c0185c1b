// The progress of a command's work on the terminal, for commands that are no run.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/work_progress.h"
#include "cli/commands/shared/common_settings.h"
#include "cli/terminal/input_meter.h"
#include "cli/terminal/progress.h"

namespace virnucpro::cli {

/// Shows what progress() is told, as `predict` shows its own, and goes on while nothing is told.
/// Where a step does not know how much there is to do, the bytes read of `inputs` tell, if they are
/// read once and in this order. Thread-safe.
class ShownWork {
 public:
  ShownWork(Context& context, const Log& log, const CommonSettings& settings,
            const std::vector<std::string>& inputs = {});

  ~ShownWork();
  ShownWork(const ShownWork&) = delete;
  ShownWork& operator=(const ShownWork&) = delete;

  /// Must not outlive this.
  WorkProgress progress();

 private:
  void take(const WorkState& state);
  void draw();
  void draw_until_end();

  const bool is_shown_;
  ProgressDisplay display_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool is_ended_ = false;
  InputMeter meter_;
  // What was told last.
  std::string doing_;
  std::string noun_;
  WorkState state_;
  std::thread ticker_;  ///< none where the system gives none
};

}  // namespace virnucpro::cli
