// The SHA-256 of every file that models are loaded from, each computed once.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "weights/hash_cache.h"
#include "weights/used_file.h"

namespace virnucpro {

/// The hashes of one run, computed once. Thread-safe: one thread hashes at a time.
class ContentHashes {
 public:
  explicit ContentHashes(HashCache cache = HashCache()) : cache_(std::move(cache)) {}

  /// Computes missing hashes or takes them from the cache, and checks claimed ones. Throws
  /// ModelError for a file that was changed since it was opened or since an earlier call, or whose
  /// content is not what its bundle says; Interrupted.
  void complete(std::vector<UsedFile>& files, const std::stop_token& stop);

  /// To be called after the files were used: throws ModelError when one of them was changed
  /// meanwhile. A file so new that its times prove nothing is read again.
  void confirm(const std::vector<UsedFile>& files, const std::stop_token& stop);

 private:
  std::string of(const OpenFile& file, const std::stop_token& stop);

  HashCache cache_;
  std::mutex mutex_;
  std::map<std::string, std::pair<FileStamp, std::string>> known_;  // by path
};

/// Hashes files on a thread of its own, from construction on. Destroyed early, it stops at once.
class HashingThread {
 public:
  /// Throws what start_thread() throws.
  HashingThread(std::shared_ptr<ContentHashes> hashes, std::vector<UsedFile> files,
                std::stop_token stop);
  ~HashingThread();
  HashingThread(const HashingThread&) = delete;
  HashingThread& operator=(const HashingThread&) = delete;

  /// Waits; returns the files with confirmed hashes. Call once. Throws as ContentHashes does.
  std::vector<UsedFile> get();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace virnucpro
