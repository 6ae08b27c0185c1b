// Finds weights that are NaN or infinite, and says where they are.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "weights/tensor_source.h"

namespace virnucpro {

/// "tensor 'x' [4, 8]: element [3, 5] is nan (2 of 32 values are not finite)"; absent when all are
/// finite, as integers always are.
std::optional<std::string> describe_nonfinite(const std::string& name, const HostTensor& tensor);

/// Takes every tensor. Returns one such line for each that has a value which is not finite. Throws
/// Interrupted.
std::vector<std::string> nonfinite_tensors(TensorSource& source, const std::stop_token& stop = {});

}  // namespace virnucpro
