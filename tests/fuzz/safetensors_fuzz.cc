// Fuzz target: safetensors files, with every tensor taken.
#include "weights/safetensors.h"

#include <cstddef>
#include <cstdint>
#include <span>

#include "fuzz/only_errors.h"
#include "fuzz/take_tensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virnucpro;
  fuzz::only_errors([&] {
    const auto bytes = std::as_bytes(std::span(data, size));
    fuzz::take_tensors(read_safetensors(bytes, nullptr, "model.safetensors"));
  });
  return 0;
}
