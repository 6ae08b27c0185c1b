// Keeps oneDNN from starting OpenMP threads of its own inside our workers.
#pragma once

#include <omp.h>

#include <cstdlib>
#include <new>

namespace virnucpro {

/// OpenMP regions of the calling thread have `threads` threads from now on. std::bad_alloc when
/// there is no memory for that.
inline void set_openmp_threads(int threads) {
  // The first call of a thread allocates some 200 bytes, and libgomp ends the program when it gets
  // none (gomp_malloc). A block that is larger than what malloc keeps per thread (1 KB) is asked
  // for before, and given back where the next call finds it.
  constexpr std::size_t kRoom = 16 * 1024;
  void* const room = std::malloc(kRoom);
  if (room == nullptr) throw std::bad_alloc();
  std::free(room);
  omp_set_num_threads(threads);
}

/// While it lives, OpenMP regions of the calling thread have one thread. For helper threads of
/// CpuBackend this holds for good; the calling thread belongs to the user and is restored.
class SingleThreadOpenMp {
 public:
  SingleThreadOpenMp() : before_(omp_get_max_threads()) { set_openmp_threads(1); }
  ~SingleThreadOpenMp() { omp_set_num_threads(before_); }  // allocates nothing: not the first call
  SingleThreadOpenMp(const SingleThreadOpenMp&) = delete;
  SingleThreadOpenMp& operator=(const SingleThreadOpenMp&) = delete;

 private:
  int before_;
};

}  // namespace virnucpro
