// A journal that remembers its calls, and recalls what a test tells it to.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "pipeline/journal.h"

namespace virnucpro {

class FakeJournal final : public Journal {
 public:
  std::function<void(Window&)> on_recall;
  std::chrono::milliseconds interval{3'600'000};
  std::vector<std::string> told;  ///< one line a call, but for recall() and due()
  std::function<void()> on_save;

  void recall(Window& window) override {
    if (on_recall) on_recall(window);
  }
  void batch_done(const Window& window, EncoderKind encoder,
                  std::span<const std::uint32_t> orfs) override {
    std::string line = "batch of " + std::to_string(window.number) + " " + key_of(encoder);
    for (const std::uint32_t orf : orfs) line += " " + std::to_string(orf);
    told.push_back(line);
  }
  void window_done(const Window& window) override {
    told.push_back("window " + std::to_string(window.number));
  }
  Clock::time_point due() const override { return last_save_ + interval; }
  void save(const FaultReport& faults) override {
    told.push_back("save " + std::to_string(faults.failed_frames));
    last_save_ = Clock::now();
    if (on_save) on_save();
  }

 private:
  Clock::time_point last_save_ = Clock::now();
};

}  // namespace virnucpro
