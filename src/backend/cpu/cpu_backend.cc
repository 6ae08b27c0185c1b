// Construction, memory and placement of the CPU backend; each operation has its own file.
#include "backend/cpu/cpu_backend.h"

#include <cstdint>
#include <cstring>
#include <functional>

#include "backend/cpu/linear_cpu.h"
#include "backend/cpu/processor.h"
#include "backend/cpu/single_thread_openmp.h"
#include "backend/cpu/topology.h"
#include "base/counted.h"
#include "hwy/highway.h"

namespace virnucpro {
CpuBackend::CpuBackend(std::size_t threads, std::span<const int> cores)
    : cores_(cores.begin(), cores.end()),
      workers_(threads == 0 ? usable_cores() : threads,
               [this] {
                 set_openmp_threads(1);
                 keep_thread_on(cores_);
               }),
      scratch_(workers_.size()),
      counts_(workers_.size()),
      linear_state_(std::make_unique<CpuLinearState>(workers_.size())) {}

CpuBackend::~CpuBackend() = default;

std::string CpuBackend::description() const {
  return processor_name() + ", " + hwy::TargetName(kernel_target()) + ", " +
         counted(workers_.size(), "thread");
}

DataType CpuBackend::activation_type(Precision) const { return DataType::kFloat32; }

std::span<Backend* const> CpuBackend::lanes() {
  while (lanes_.size() < workers_.size()) {
    lanes_.push_back(lane_backends_.emplace_back(std::make_unique<CpuBackend>(1)).get());
  }
  return lanes_;
}

void CpuBackend::run_on_lanes(std::size_t parts, const LaneBody& body) {
  for (Backend* lane : lanes()) lane->set_stop(stop());
  workers_.run(parts, std::cref(body), stop());
}

void CpuBackend::bind_thread() { keep_thread_on(cores_); }

Buffer CpuBackend::allocate(std::size_t bytes) { return Buffer(allocate_aligned(bytes), bytes); }

void CpuBackend::upload(const void* host, void* device, std::size_t bytes) {
  if (bytes > 0) std::memcpy(device, host, bytes);
}

void CpuBackend::download(const void* device, void* host, std::size_t bytes) {
  if (bytes > 0) std::memcpy(host, device, bytes);
}

HostTensor CpuBackend::converted(const HostTensor& tensor, DataType type) {
  const bool is_aligned = reinterpret_cast<std::uintptr_t>(tensor.data) % size_of(tensor.type) == 0;
  if (tensor.type == type || !is_aligned || tensor.shape.rank() == 0) {
    return virnucpro::convert(tensor, type);
  }
  HostTensor result{type, tensor.shape, nullptr, nullptr};
  const std::shared_ptr<void> memory = allocate_aligned(result.bytes());
  result.data = static_cast<const std::byte*>(memory.get());
  result.owner = memory;
  const std::int64_t rows = tensor.shape[0];
  const std::int64_t width = rows == 0 ? 0 : tensor.shape.elements() / rows;
  do_convert({.input = {tensor.data, tensor.type, rows, width, width},
              .output = {memory.get(), type, rows, width, width}});
  return result;
}

PlacedTensor CpuBackend::do_place(const HostTensor& tensor) {
  // Mapped files are used in place; only data that is not aligned for its type is copied.
  const HostTensor aligned = virnucpro::convert(tensor, tensor.type);
  const bool vector = aligned.shape.rank() == 1;
  const std::int64_t rows = vector ? 1 : aligned.shape[0];
  const std::int64_t columns = vector ? aligned.shape[0] : aligned.shape[1];
  return {{aligned.data, aligned.type, rows, columns, columns}, aligned.owner};
}

}  // namespace virnucpro
