// Threads that decompress and compress inside htslib.
#pragma once

#include <htslib/hts.h>
#include <htslib/thread_pool.h>

#include <cstddef>
#include <memory>

namespace virnucpro {

/// A pool of threads for files that are closed before it ends. htslib's own hts_set_threads() does
/// not look whether it got a pool for SAM, and crashes where the system gives no threads.
class HtsThreads {
 public:
  /// Starts `count` threads.
  explicit HtsThreads(std::size_t count)
      : pool_(count == 0 ? nullptr : hts_tpool_init(static_cast<int>(count))) {}

  /// False where the system gave no threads, or none to this file: its caller does the work.
  bool serve(htsFile& file) {
    if (!pool_) return false;
    htsThreadPool shared{pool_.get(), /*qsize=*/0};
    return hts_set_thread_pool(&file, &shared) == 0;
  }

 private:
  struct Destroyer {
    void operator()(hts_tpool* pool) const { hts_tpool_destroy(pool); }
  };
  std::unique_ptr<hts_tpool, Destroyer> pool_;
};

}  // namespace virnucpro
