// The operations of ESM-2 3B and DNABERT-S at their real shapes, ready to be timed on any backend.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "backend/backend.h"

namespace virnucpro {

/// One operation whose data is on the device. It lives as long as `enqueue` does.
struct OperationCase {
  std::string model;
  std::string name;
  std::string shape;
  std::int64_t per_forward = 1;  ///< how often a forward pass has it
  double flops = 0.0;            ///< of matrix products; 0: there are none
  double bytes = 0.0;            ///< that must be read and written at least
  /// Calls differ in their data, from call to call, so that a cache does not hold it.
  std::function<void(std::size_t turn)> enqueue;
  /// Compares what turn 0, the only call so far, wrote with the reference backend: the largest
  /// |difference| / (1 + |expected|).
  std::function<double()> worst_error;
};

struct CaseSettings {
  Precision precision = Precision::kFp16;
  std::int64_t tokens = 16384;
  std::int64_t bases = 500;  ///< of the chunks whose frames the sequences are
};

/// What makes a case when its turn comes: one after the other is in memory.
struct CaseMaker {
  std::string name;  ///< "esm2-3b fc1"
  std::function<OperationCase(Backend& backend)> make;
};

std::vector<CaseMaker> operation_cases(const CaseSettings& settings);

/// How far a right answer may be from the reference, as worst_error() counts.
double tolerance_of(Precision precision);

}  // namespace virnucpro
