// Fetches one file over https: ranges side by side, broken ones again, the whole compared by hash.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "base/log.h"
#include "download/network_settings.h"

namespace virnucpro {

/// A file to fetch. Plain values.
struct FileRequest {
  std::string name;  ///< in messages
  std::string url;   ///< https
  std::string path;  ///< where it comes to lie; the folder must exist
  std::optional<std::uint64_t> size;
  std::string sha256;  ///< empty: not known
  std::string git_id;  ///< as git_blob_id(); empty: not known
  std::string token;   ///< for the host of `url` alone; empty: none
};

/// What came.
struct FetchedFile {
  std::uint64_t size = 0;
  std::string sha256;
  /// True when a hash that was known before, or that the server announced, is that of the content.
  bool was_known = false;
};

/// Bytes of a file that are there, and all of them where the server has said so.
using FileProgress = std::function<void(std::uint64_t bytes, std::optional<std::uint64_t> total)>;

/// The surroundings of a download.
struct DownloadContext {
  NetworkSettings network;
  std::uint64_t connections = 4;  ///< most requests at once for one file
  Log log;
  FileProgress progress;  ///< may be empty; called often, on the calling thread
  std::stop_token stop;
};

/// Writes `path`.part, with what has come noted in `path`.part.state, and renames it when it is
/// whole and its hash right. A later call goes on where an earlier one, or its process, ended.
/// Waits and repeats while the server is away, busy or broken. ModelError for what does not get
/// better by repeating (403, 404, other content, certificates), OutputError for a full disk,
/// Interrupted; each names file, address, what was expected and found, and what to do.
FetchedFile fetch_file(const FileRequest& request, const DownloadContext& context);

/// Where fetch_file() keeps what has come so far.
std::string part_path_of(const std::string& path);

/// The bytes that need not be fetched again; 0 where nothing is there.
std::uint64_t bytes_there(const FileRequest& request);

}  // namespace virnucpro
