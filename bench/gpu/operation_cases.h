// The operations of ESM-2 3B and DNABERT-S at their real shapes, ready to be timed on any backend.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "backend/backend.h"

namespace virnucpro {

/// One operation with its data on the device, which live as long as `enqueue` does.
struct OperationCase {
  std::string model;
  std::string name;
  std::string shape;
  std::int64_t per_forward = 1;  ///< its number in a forward pass
  double flops = 0.0;            ///< of matrix products; 0: there are none
  double bytes = 0.0;            ///< read and written, at least
  /// Calls use different data, so that no cache holds it.
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

/// Makes a case when its turn comes, so that memory holds one at a time.
struct CaseMaker {
  std::string name;  ///< "esm2-3b fc1"
  std::function<OperationCase(Backend& backend)> make;
};

std::vector<CaseMaker> operation_cases(const CaseSettings& settings);

/// The largest difference of a right answer from the reference, as worst_error() counts.
double tolerance_of(Precision precision);

}  // namespace virnucpro
