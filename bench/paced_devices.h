// Devices that compute nothing, and take as long as a GPU was measured to take.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "pipeline/engine.h"

namespace virnucpro {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

inline constexpr std::int64_t kDnabertWidth = 768;  // of the published models
inline constexpr std::int64_t kEsm2Width = 2560;

struct Speed {
  double dnabert_s = 0.0;  // tokens a second of one device
  double esm2 = 0.0;
  double seconds_of(EncoderKind encoder, double tokens) const {
    return tokens / (encoder == EncoderKind::kDnabertS ? dnabert_s : esm2);
  }
};

/// One GPU, which does one batch after another. Thread-safe.
class PacedDevice {
 public:
  void compute(double seconds) {
    Clock::time_point end;
    {
      const std::lock_guard lock(mutex_);
      end = std::max(free_, Clock::now()) +
            std::chrono::duration_cast<Clock::duration>(Seconds(seconds));
      free_ = end;
      busy_ += seconds;
    }
    std::this_thread::sleep_until(end);
  }
  double busy() const { return busy_; }

 private:
  std::mutex mutex_;
  Clock::time_point free_;
  double busy_ = 0.0;
};

/// A lane of a device. Embeddings are made of the tokens, so that a wrong batch shows.
class PacedEngine final : public Engine {
 public:
  PacedEngine(PacedDevice& device, std::string name, const Speed& speed)
      : device_(device), name_(std::move(name)), speed_(speed) {}

  std::string name() const override { return name_; }
  void embed(EncoderKind encoder, const PackedBatch& batch, const BatchName&,
             Embeddings& embeddings) override {
    const auto width =
        static_cast<std::size_t>(encoder == EncoderKind::kDnabertS ? kDnabertWidth : kEsm2Width);
    embeddings.values.resize(static_cast<std::size_t>(batch.sequences()) * width);
    for (std::size_t i = 0; i < static_cast<std::size_t>(batch.sequences()); ++i) {
      float sum = 0.0f;
      for (auto k = batch.cu_seqlens[i]; k < batch.cu_seqlens[i + 1]; ++k) {
        sum = sum * 0.5f + static_cast<float>(batch.tokens[static_cast<std::size_t>(k)]);
      }
      std::fill_n(embeddings.values.begin() + static_cast<std::ptrdiff_t>(i * width), width, sum);
    }
    device_.compute(speed_.seconds_of(encoder, static_cast<double>(batch.tokens.size())));
  }
  void embed_exactly(EncoderKind, const PackedBatch&, const BatchName&, Embeddings&) override {
    throw std::logic_error("nothing here is not finite");
  }
  void classify(std::span<const float> features, std::span<float> scores) override {
    constexpr auto kRow = static_cast<std::size_t>(kDnabertWidth + kEsm2Width);
    for (std::size_t i = 0; i < scores.size() / 2; ++i) {
      const float both = features[i * kRow] + features[i * kRow + kRow - 1];
      scores[2 * i + 1] = both - std::floor(both);
      scores[2 * i] = 1.0f - scores[2 * i + 1];
    }
  }

 private:
  PacedDevice& device_;
  const std::string name_;
  const Speed speed_;
};

}  // namespace virnucpro
