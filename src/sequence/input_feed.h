// The bytes of an input on their way to a parser.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "base/descriptor.h"
#include "base/feed_pipe.h"
#include "base/known_file.h"
#include "base/sha256.h"
#include "sequence/address.h"
#include "sequence/text_piece.h"

namespace virnucpro {

/// What is known of an input before it is read, and what may stop the reading.
struct InputTerms {
  std::stop_token stop = {};
  std::optional<KnownFile> known = std::nullopt;  ///< the input must be this one
  /// Only these records of a text file, as plain text; null: all of it. Needs `known`.
  std::shared_ptr<const TextPiece> piece = nullptr;
  OpenAddress open_address = {};  ///< empty: inputs are files
};

/// Reads an input once, on a thread of its own, and hands its bytes to a pipe for a library that
/// needs a descriptor. Hashes them on the way, so that the hash is of what was parsed, and looks
/// for changes before it lets the pipe end: who sees the end while check() throws nothing has the
/// whole file. Of a piece, it passes the text, and hashes the bytes that this is made of. Once a
/// stop is requested, it waits neither for a pipe's writer nor for the parser.
class InputFeed {
 public:
  /// `path` is what `input` was opened by; empty where it has no name. `finish` is called when it
  /// has ended, and throws where that came too early; may be empty. Throws InputError, and what
  /// start_thread() throws.
  InputFeed(Descriptor input, std::string path, std::string name, InputTerms terms,
            std::function<void()> finish = {});
  ~InputFeed();
  InputFeed(const InputFeed&) = delete;
  InputFeed& operator=(const InputFeed&) = delete;

  /// The end to read from, once.
  Descriptor take_output() { return std::move(pipe_.output); }

  /// The last bytes of the input, at most `count`; none of a stream. Moves nothing.
  std::string tail(std::size_t count) const;

  /// Throws when the pipe ends, or will end, before the file does: InputError for a file that
  /// cannot be read, ChangedInput, Interrupted. To be called before parsed data is trusted.
  void check() {
    if (is_cut_short_.load()) static_cast<void>(finish());
  }
  /// To be called when the parser refuses its input: throws as check(), and ChangedInput when the
  /// file has changed meanwhile. Otherwise the bytes are those of the file.
  void check_refused();
  /// Waits until the input has ended, even where the parser has left a rest, and throws as check().
  const KnownFile& finish();

 private:
  void run() noexcept;
  void look() const;
  void pass_all();
  void pass_piece();
  void pass_text_of(const TextPiece& piece);
  void write(std::span<const std::byte> bytes);
  void require_same_file() const;

  const Descriptor input_;
  const std::string path_;
  const std::string name_;
  const InputTerms terms_;
  const std::function<void()> finish_;
  const std::optional<FileStamp> stamp_;  // when it was opened; absent for a stream
  FeedPipe pipe_;
  std::atomic<bool> is_cut_short_{false};
  std::atomic<bool> has_no_reader_{false};  // nothing more is written
  std::atomic<bool> is_abandoned_{false};   // the rest is not needed
  std::exception_ptr error_;                // read after the thread has ended
  KnownFile found_;                         // the same
  // Made before the thread takes its memory: OpenSSL, when it finds none at its first use, crashes.
  Sha256 hash_;
  std::thread thread_;  // last: it uses all of them
};

}  // namespace virnucpro
