// Takes every tensor of a source, and reads every byte of it.
#pragma once

#include <cstddef>
#include <string>

#include "fuzz/only_errors.h"
#include "weights/tensor_source.h"

namespace virnucpro::fuzz {

/// The other tensors are tried even when one cannot be taken.
inline void take_tensors(TensorSource source) {
  for (const std::string& name : source.names()) {
    only_errors([&] {
      const HostTensor tensor = source.take_any(name);
      volatile unsigned sum = 0;  // every byte is read, which a sanitizer watches
      for (const std::byte byte : tensor.span()) sum = sum + std::to_integer<unsigned>(byte);
    });
  }
}

}  // namespace virnucpro::fuzz
