// Construction, memory and placement of the CPU backend; each operation has its own file.
#include "backend/cpu/cpu_backend.h"

#include <omp.h>

#include <cstring>

#include "backend/cpu/linear_cpu.h"
#include "backend/cpu/processor.h"
#include "hwy/highway.h"

namespace virnucpro {
namespace {

/// The best target that was compiled and that this processor supports: targets are bits, best
/// lowest.
std::int64_t chosen_target() {
  const std::int64_t targets = hwy::SupportedTargets() & HWY_TARGETS;
  return targets == 0 ? HWY_STATIC_TARGET : targets & -targets;
}

}  // namespace

CpuBackend::CpuBackend(std::size_t threads)
    : workers_(threads == 0 ? usable_cores() : threads, [] { omp_set_num_threads(1); }),
      scratch_(workers_.size()),
      counts_(workers_.size()),
      linear_state_(std::make_unique<CpuLinearState>(workers_.size())) {}

CpuBackend::~CpuBackend() = default;

std::string CpuBackend::description() const {
  return processor_name() + ", " + hwy::TargetName(chosen_target()) + ", " +
         std::to_string(workers_.size()) + (workers_.size() == 1 ? " thread" : " threads");
}

DataType CpuBackend::activation_type(Precision) const { return DataType::kFloat32; }

Buffer CpuBackend::allocate(std::size_t bytes) { return Buffer(allocate_aligned(bytes), bytes); }

void CpuBackend::upload(const void* host, void* device, std::size_t bytes) {
  if (bytes > 0) std::memcpy(device, host, bytes);
}

void CpuBackend::download(const void* device, void* host, std::size_t bytes) {
  if (bytes > 0) std::memcpy(host, device, bytes);
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
