// Backends that break on purpose, to see what a run then does.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backend/forwarding_backend.h"
#include "devices/devices.h"

namespace virnucpro::test {

/// What goes wrong, and when. The default: nothing.
struct FaultPlan {
  struct Loss {
    std::size_t worker = 0;       ///< from 0
    std::uint64_t operation = 0;  ///< its dense layer, from 1, at which it is lost for good
  };
  std::size_t workers = 0;  ///< number of workers, one thread each; 0: the program's own
  std::vector<Loss> losses;
  std::int64_t room = 0;             ///< rows of the largest dense layer that fits; 0: any
  std::uint64_t nan_at = 0;          ///< the dense layer of all workers that puts out NaN, once
  std::int64_t poisoned_length = 0;  ///< sequences of this many tokens get embeddings of NaN
  std::chrono::milliseconds slowness{0};  ///< of each batch
  struct Slowness {
    std::size_t worker = 0;
    std::chrono::milliseconds time{0};
  };
  std::vector<Slowness> slow_workers;  ///< which have a slowness of their own
  bool holds = false;                  ///< the other workers finish no batch before the losses
  std::string count_path;              ///< gets a line per batch: the number of sequences embedded
};

/// "workers=3;lost=1@20;hold;room=600;nan=5;poison=137;slow=50;slow=90@2;count=FILE", each part
/// optional, `lost` and the slowness of one worker any number of times. Throws ConfigError.
FaultPlan parse_faults(std::string_view text);

/// Wraps all backends. Results without a fault stay the same to the bit.
void add_faults(Workers& workers, const FaultPlan& plan);

}  // namespace virnucpro::test
