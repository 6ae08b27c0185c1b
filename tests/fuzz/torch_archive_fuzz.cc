// Fuzz target: PyTorch archives (zip and pickle), with every tensor of the root taken.
#include "weights/torch_archive.h"

#include <cstddef>
#include <cstdint>
#include <span>

#include "fuzz/only_errors.h"
#include "fuzz/take_tensors.h"
#include "weights/pickle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace virnucpro;
  const auto bytes = std::as_bytes(std::span(data, size));
  fuzz::only_errors([&] {
    const TorchArchive archive = TorchArchive::from_memory(bytes, nullptr, "model.pt");
    fuzz::take_tensors(archive.tensors(archive.root()));
  });
  // A pickle without its archive is short, so most changes reach its content.
  fuzz::only_errors([&] { Pickle::parse(bytes, "data.pkl"); });
  return 0;
}
