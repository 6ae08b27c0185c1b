// Memory and placement of the reference backend; each operation has its own file.
#include "backend/reference/reference_backend.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>

#include "base/errors.h"

namespace virnucpro {

DataType ReferenceBackend::activation_type(Precision) const { return DataType::kFloat32; }

Buffer ReferenceBackend::allocate(std::size_t bytes) {
  constexpr std::align_val_t kAlignment{64};  // what Buffer promises
  void* memory = ::operator new(std::max<std::size_t>(bytes, 1), kAlignment, std::nothrow);
  if (memory == nullptr) {
    throw OutOfDeviceMemory("reference: no memory for " + std::to_string(bytes) + " bytes");
  }
  const auto release = [](void* p) { ::operator delete (p, std::align_val_t{64}); };
  return Buffer(std::shared_ptr<void>(memory, release), bytes);
}

void ReferenceBackend::upload(const void* host, void* device, std::size_t bytes) {
  if (bytes > 0) std::memcpy(device, host, bytes);
}

void ReferenceBackend::download(const void* device, void* host, std::size_t bytes) {
  if (bytes > 0) std::memcpy(host, device, bytes);
}

PlacedTensor ReferenceBackend::do_place(const HostTensor& tensor) {
  const HostTensor aligned =
      virnucpro::convert(tensor, tensor.type);  // copies only what is not aligned
  const bool vector = aligned.shape.rank() == 1;
  const std::int64_t rows = vector ? 1 : aligned.shape[0];
  const std::int64_t columns = vector ? aligned.shape[0] : aligned.shape[1];
  return {{aligned.data, aligned.type, rows, columns, columns}, aligned.owner};
}

}  // namespace virnucpro
