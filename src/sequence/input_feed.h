// The bytes of an input on their way to a parser.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "base/descriptor.h"
#include "base/known_file.h"

namespace virnucpro {

/// What is known of an input before it is read, and what may end the reading.
struct InputTerms {
  std::stop_token stop = {};
  std::optional<KnownFile> known = std::nullopt;  ///< it must be this one
};

/// Reads an input once, on a thread of its own, and hands its bytes to a pipe for a library that
/// wants a descriptor. Hashes them on the way, so that the hash is of what was parsed, and looks
/// for changes before it lets the pipe end: whoever sees the end without is_cut_short() has the
/// whole file. Waits neither for a pipe's writer nor for the parser once a stop is requested.
class InputFeed {
 public:
  /// `path` is what `input` was opened by; empty where it has no name. Throws InputError,
  /// and what start_thread() throws.
  InputFeed(Descriptor input, std::string path, std::string name, InputTerms terms);
  ~InputFeed();
  InputFeed(const InputFeed&) = delete;
  InputFeed& operator=(const InputFeed&) = delete;

  /// The end to read from, once.
  Descriptor take_output() { return std::move(ends_[0]); }

  /// As many bytes as there are, at most `count`; none of a stream. Moves nothing.
  std::string tail(std::size_t count) const;

  /// Throws when the pipe ends, or will end, before the file does: InputError for a file that
  /// cannot be read, ChangedInput, Interrupted. To be asked before what was parsed is believed.
  void check() {
    if (is_cut_short_.load()) static_cast<void>(finish());
  }
  /// To be called when the parser refuses what it got: throws as check(), and ChangedInput when the
  /// parser is not to blame. Else the bytes are those of the file.
  void check_refused();
  /// Waits until the input has ended, whatever the parser has left of it, and throws as check().
  const KnownFile& finish();

 private:
  void run() noexcept;
  void pass_all();
  void write(std::span<const std::byte> bytes);
  void require_same_file() const;

  const Descriptor input_;
  const std::string path_;
  const std::string name_;
  const InputTerms terms_;
  const std::optional<FileStamp> stamp_;  // when it was opened; absent for a stream
  std::array<Descriptor, 2> ends_;
  std::atomic<bool> is_cut_short_{false};
  std::atomic<bool> has_no_reader_{false};  // nothing more is written
  std::atomic<bool> is_abandoned_{false};   // nobody wants the rest
  std::exception_ptr error_;                // read after the thread has ended
  KnownFile found_;                         // the same
  std::thread thread_;                      // last: it uses all of them
};

}  // namespace virnucpro
