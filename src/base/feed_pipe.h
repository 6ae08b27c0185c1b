// A pipe that a thread of this process feeds while another one reads.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>

#include "base/descriptor.h"

namespace virnucpro {

struct FeedPipe {
  Descriptor output;
  Descriptor input;  ///< does not block
};

/// ConfigError at the limit of open files, else InputError; both name what the pipe is for.
FeedPipe open_feed_pipe(const std::string& name);

/// A reader that is gone shows in the result of write_to_pipe(), not as a signal of this thread.
void block_broken_pipe_signal();

/// Writes all, and waits for room. False when the reader is gone, or once `goes_on`, which is asked
/// before each write and at least ten times a second, says so. Throws what it throws.
bool write_to_pipe(const Descriptor& input, std::span<const std::byte> bytes,
                   const std::function<bool()>& goes_on);

}  // namespace virnucpro
