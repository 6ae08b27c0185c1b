// Faults of a run that do not end it, counted in one place for all of its threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "base/log.h"
#include "models/encoder_kind.h"
#include "run/fault_report.h"

namespace virnucpro {

/// Why a sequence has no result, as stored: later processes know failures by these words.
std::string nonfinite_reason(EncoderKind encoder, bool also_in_fp32);
std::string nonfinite_reason_of_classifier();
std::string out_of_memory_reason(EncoderKind encoder, std::int64_t tokens);

/// The faults of all workers of a run: counts and logs them, and adapts later batches to them.
/// Thread-safe.
class Faults {
 public:
  Faults(Log log, std::int64_t batch_tokens) : log_(std::move(log)), batch_tokens_(batch_tokens) {}

  /// Tokens of a batch from now on: as planned, halved whenever a device had no room for it.
  std::int64_t batch_tokens() const { return batch_tokens_.load(std::memory_order_relaxed); }
  FaultReport report() const;

  void out_of_memory(const std::string& device, std::int64_t tokens, const char* what);
  void nonfinite(const char* what);
  void recomputed(EncoderKind encoder, const std::string& id);
  void lost(const std::string& device, std::size_t left, const char* what);

  /// To be called when an encoder gave finite values.
  void worked(EncoderKind encoder) { has_worked_[encoder].store(true); }
  /// To be called when it gave none for a sequence, not even in FP32. Throws PrecisionError that
  /// holds `first_error` when an encoder without any finite value has failed so often that the
  /// model must be at fault.
  void never_finite(EncoderKind encoder, const std::string& first_error);

  /// A sequence of this process has no result.
  void failed(const std::string& id, const std::string& reason);
  /// That many frames of this process are left out of the results, whatever the reason.
  void left_out(std::uint64_t frames);
  /// A result is settled, by this process or an earlier one; `reason` is empty for a success.
  void settled(std::string_view reason);
  /// Throws when nothing that is settled has a result. PrecisionError: at the end whatever the
  /// number, earlier once the classifier has failed as often as encoders may. DeviceError, only at
  /// the end: all failed because memory was short.
  void require_a_result(bool is_end) const;

 private:
  template <typename... Args>
  void warn(fmt::format_string<Args...> text, Args&&... args);

  Log log_;
  std::atomic<std::int64_t> batch_tokens_;
  mutable std::mutex mutex_;
  FaultReport report_;
  std::uint64_t warnings_ = 0;
  PerEncoder<std::uint64_t> never_finite_;
  PerEncoder<std::atomic<bool>> has_worked_;
  // Used by the writing thread alone.
  std::uint64_t results_ = 0;
  std::uint64_t nonfinite_ = 0;
  std::uint64_t nonfinite_scores_ = 0;  // of these, by the classifier
  std::string first_nonfinite_;         // its reason
  std::uint64_t without_memory_ = 0;
  std::string first_without_memory_;  // its reason
};

}  // namespace virnucpro
