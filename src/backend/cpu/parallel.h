// Splitting rows over the workers without allocating.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <stop_token>

#include "base/worker_group.h"

namespace virnucpro {

/// Below this many elements a task costs less than waking a worker (about 5 us).
inline constexpr std::int64_t kElementsPerTask = 16384;

/// Calls body(index, worker) for every index; throws Interrupted once `stop` is requested. std::ref
/// keeps the closure out of std::function's heap storage.
template <typename Body>
void parallel_for(WorkerGroup& workers, std::int64_t count, const Body& body,
                  const std::stop_token& stop = {}) {
  workers.run(static_cast<std::size_t>(count), std::cref(body), stop);
}

/// Calls body(first, last, worker) over ranges that cover rows [0, rows) of `width` elements each.
template <typename Body>
void parallel_rows(WorkerGroup& workers, std::int64_t rows, std::int64_t width, const Body& body) {
  const std::int64_t step =
      std::max<std::int64_t>(1, kElementsPerTask / std::max<std::int64_t>(width, 1));
  parallel_for(workers, (rows + step - 1) / step, [&](std::size_t task, std::size_t worker) {
    const std::int64_t first = static_cast<std::int64_t>(task) * step;
    body(first, std::min(first + step, rows), worker);
  });
}

}  // namespace virnucpro
