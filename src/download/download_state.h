// What is known of a file that has not come whole: kept beside it, so that another process goes on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "download/byte_ranges.h"

namespace virnucpro {

/// Plain values.
struct DownloadState {
  /// What the bytes belong to: "sha256 HASH", "git HASH", or an address and the server's name for
  /// this version of the content. Bytes of another identity are of no use.
  std::string identity;
  std::uint64_t size = 0;
  ByteRanges done;
};

/// Absent when the file is missing, or is not exactly as this program writes it.
std::optional<DownloadState> read_download_state(const std::string& path);

/// Replaces the file. OutputError when it cannot be written; the older file then stays.
void write_download_state(const std::string& path, const DownloadState& state);

}  // namespace virnucpro
