#include "pipeline/faults.h"

#include <algorithm>
#include <utility>

#include "base/counted.h"
#include "base/errors.h"
#include "base/format.h"

namespace virnucpro {
namespace {

// A broken device can fault at every batch, so the log names the first ones; run.json counts all.
constexpr std::uint64_t kLoggedFaults = 20;
// A model whose weights are not finite fails at everything. Healthy ones have failed at none of
// 794,577 sequences (virnucpro-broad's own count).
constexpr std::uint64_t kHopelessFailures = 8;

/// Part of every reason that is a fault of the arithmetic, and of no other.
constexpr std::string_view kNonfinite = "NaN or infinity";

constexpr const char* kAdvice =
    "the weights are damaged or not of this model ('virnucpro models verify' looks at those of a "
    "bundle, 'virnucpro models import' at others)";

}  // namespace

std::string nonfinite_reason(EncoderKind encoder, bool also_in_fp32) {
  return fmt::format("{} gives {}{}", name_of(encoder), kNonfinite,
                     also_in_fp32 ? ", also in FP32" : ", and there is no memory for FP32");
}

std::string out_of_memory_reason(EncoderKind encoder, std::int64_t tokens) {
  return fmt::format("{}: no memory for its {} tokens", name_of(encoder), tokens);
}

std::string nonfinite_reason_of_classifier() {
  return fmt::format("the classifier gives {}", kNonfinite);
}

template <typename... Args>
void Faults::warn(fmt::format_string<Args...> text, Args&&... args) {
  ++warnings_;
  if (warnings_ <= kLoggedFaults) log_.warning(text, std::forward<Args>(args)...);
  if (warnings_ == kLoggedFaults) log_.warning("more faults are counted in run.json only");
}

FaultReport Faults::report() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

void Faults::out_of_memory(const std::string& device, std::int64_t tokens, const char* what) {
  const std::lock_guard lock(mutex_);
  ++report_.out_of_memory;
  const std::int64_t half = std::max<std::int64_t>(1, tokens / 2);
  batch_tokens_.store(std::min(batch_tokens(), half), std::memory_order_relaxed);
  warn("{}: no memory for a batch of {} tokens; going on with batches of {} ({})", device, tokens,
       batch_tokens(), what);
}

void Faults::nonfinite(const char* what) {
  const std::lock_guard lock(mutex_);
  ++report_.nonfinite_batches;
  warn("{}", what);
}

void Faults::recomputed(EncoderKind encoder, const std::string& id) {
  const std::lock_guard lock(mutex_);
  ++report_.recomputed_frames;
  warn("'{}' was computed again in FP32, alone: {} is finite there", id, name_of(encoder));
}

void Faults::lost(const std::string& device, std::size_t left, const char* what) {
  const std::lock_guard lock(mutex_);
  report_.lost_devices.push_back(device);
  log_.warning("{} is lost: {}. {}", device, what,
               left == 0 ? "No device is left" : "Its batches go to " + counted(left, "other"));
}

void Faults::never_finite(EncoderKind encoder, const std::string& first_error) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t count = ++never_finite_[encoder];
  if (has_worked_[encoder].load() || count < kHopelessFailures) return;
  throw PrecisionError(fmt::format("{} gave no finite embedding at all: {}. The first error: {}",
                                   name_of(encoder), kAdvice, first_error));
}

void Faults::failed(const std::string& id, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  warn("'{}' has no result: {}", id, reason);
}

void Faults::left_out(std::uint64_t frames) {
  const std::lock_guard lock(mutex_);
  report_.failed_frames += frames;
}

void Faults::settled(std::string_view reason) {
  const std::lock_guard lock(mutex_);
  if (reason.empty()) {
    ++results_;
  } else if (reason.find(kNonfinite) != std::string_view::npos) {
    if (nonfinite_++ == 0) first_nonfinite_ = reason;
    if (reason == nonfinite_reason_of_classifier()) ++nonfinite_scores_;
  } else if (without_memory_++ == 0) {
    first_without_memory_ = reason;
  }
}

void Faults::require_a_result(bool is_end) const {
  const std::lock_guard lock(mutex_);
  if (results_ > 0) return;
  if (is_end && nonfinite_ == 0 && without_memory_ > 0) {
    throw DeviceError(
        fmt::format("no device has memory for any of {} ({}): free some there or name other "
                    "devices with "
                    "--device, and run again with --force",
                    counted(without_memory_, "frame"), first_without_memory_));
  }
  if (nonfinite_ == 0 || (!is_end && nonfinite_scores_ < kHopelessFailures)) return;
  throw PrecisionError(fmt::format("none of {} has a finite result ({}): {}",
                                   counted(nonfinite_, "frame"), first_nonfinite_, kAdvice));
}

}  // namespace virnucpro
