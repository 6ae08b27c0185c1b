// Inputs that are no files: addresses, which this module itself never opens.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "base/descriptor.h"

namespace virnucpro {

/// The bytes behind an address.
struct OpenedStream {
  Descriptor bytes;
  /// Called when these have ended: throws where that is not the end of the file. Keeps alive what
  /// fills `bytes`.
  std::function<void()> finish;
};

/// Opens an address. Throws ConfigError for one that cannot be, InputError.
using OpenAddress = std::function<OpenedStream(const std::string& address, std::stop_token stop)>;

/// True for https://, http://, s3:// and gs://; a file of such a name is named with ./ before it.
bool is_address(const std::string& path);

/// Throws InputError for a command that reads files alone, with what to do instead.
[[noreturn]] void throw_address_not_read(const std::string& address);

}  // namespace virnucpro
