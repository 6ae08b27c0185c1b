// A file behind an address, as a stream of its bytes.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/descriptor.h"
#include "base/feed_pipe.h"
#include "base/log.h"
#include "download/network_settings.h"
#include "download/patience.h"
#include "download/remote_file.h"

namespace virnucpro {

/// Fetches a file in ranges, on a thread of its own, and hands it to a pipe as fast as that is
/// read. Broken connections are repeated, from the byte on that they had reached; all ranges must
/// be of one version of the file, as the server names it. Memory: one range.
class RemoteStream {
 public:
  /// Throws ResourceError, InputError where no pipe is left.
  RemoteStream(RemoteFile file, NetworkSettings network, Log log, std::stop_token stop);
  ~RemoteStream();
  RemoteStream(const RemoteStream&) = delete;
  RemoteStream& operator=(const RemoteStream&) = delete;

  /// The end to read from, once.
  Descriptor take_output() { return std::move(pipe_.output); }
  /// To be called when the pipe has ended: returns when that was the end of the file. InputError
  /// for what cannot be fetched, ChangedInput for a file that changed there, Interrupted.
  void finish();

 private:
  class Piece;

  void run() noexcept;
  void fetch_all();
  void look() const;
  /// Fills buffer_ with bytes from `begin` on, at least one unless the file ends there.
  void fetch(std::uint64_t begin);
  void wait(Patience::Seconds time) const;
  void write();

  const RemoteFile file_;
  const NetworkSettings network_;
  const Log log_;
  const std::stop_token stop_;
  std::optional<std::uint64_t> total_;  // known from the first answer on
  std::string version_;
  std::vector<std::byte> buffer_;
  FeedPipe pipe_;
  std::atomic<bool> is_abandoned_{false};
  std::exception_ptr error_;  // read after the thread has ended
  std::thread thread_;        // last: it uses all of them
};

}  // namespace virnucpro
