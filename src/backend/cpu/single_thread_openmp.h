// Keeps oneDNN from starting OpenMP threads of its own inside our workers.
#pragma once

#include <omp.h>

namespace virnucpro {

/// While it lives, OpenMP regions of the calling thread have one thread. For helper threads of
/// CpuBackend this holds for good; the calling thread belongs to the user and is restored.
class SingleThreadOpenMp {
 public:
  SingleThreadOpenMp() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~SingleThreadOpenMp() { omp_set_num_threads(before_); }
  SingleThreadOpenMp(const SingleThreadOpenMp&) = delete;
  SingleThreadOpenMp& operator=(const SingleThreadOpenMp&) = delete;

 private:
  int before_;
};

}  // namespace virnucpro
