#include "cli/commands/shared/shown_work.h"

#include <chrono>
#include <optional>

#include "base/errors.h"
#include "base/start_thread.h"

namespace virnucpro::cli {
namespace {

// Seconds pass by on the terminal even while a step has nothing to tell.
constexpr std::chrono::milliseconds kTick{500};

}  // namespace

ShownWork::ShownWork(Context& context, const Log& log, const CommonSettings& settings,
                     const std::vector<std::string>& inputs)
    : is_shown_(!settings.no_progress), display_(context.console, log, is_shown_), meter_(inputs) {
  if (!is_shown_) return;
  try {
    ticker_ = start_thread([this] { draw_until_end(); });
  } catch (const ResourceError&) {
    return;  // then what is told is all that is shown
  }
}

ShownWork::~ShownWork() {
  if (!ticker_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    is_ended_ = true;
  }
  ended_.notify_one();
  ticker_.join();
}

WorkProgress ShownWork::progress() {
  if (!is_shown_) return {};
  return WorkProgress([this](const WorkState& state) { take(state); });
}

void ShownWork::take(const WorkState& state) {
  const std::lock_guard lock(mutex_);
  if (state.doing != doing_) doing_ = state.doing;
  if (state.noun != noun_) noun_ = state.noun;
  state_ = {doing_, noun_, state.done, state.total};
  draw();
}

void ShownWork::draw() {
  std::optional<double> share;
  if (state_.total == 0 && display_.is_due()) {
    const std::uint64_t total = meter_.total().value_or(0);
    if (total > 0) share = static_cast<double>(meter_.read()) / static_cast<double>(total);
  }
  display_.update(state_, share);
}

void ShownWork::draw_until_end() {
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, kTick, [this] { return is_ended_; })) {
    if (!doing_.empty()) draw();
  }
}

}  // namespace virnucpro::cli
