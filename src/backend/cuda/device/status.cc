#include "backend/cuda/device/status.h"

#include "base/errors.h"
#include "base/format.h"

namespace virnucpro::cuda {

void check_cuda(cudaError_t status, const char* what) {
  if (status == cudaSuccess) return;
  const std::string message = fmt::format("the GPU failed to {}: {} ({})", what,
                                          cudaGetErrorString(status), cudaGetErrorName(status));
  if (status == cudaErrorMemoryAllocation) {
    cudaGetLastError();  // not a fault of what follows
    throw OutOfDeviceMemory(message);
  }
  throw DeviceError(message);
}

void check_cublas(cublasStatus_t status, const char* what) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  const std::string message =
      fmt::format("cuBLASLt failed to {}: {}", what, cublasLtGetStatusString(status));
  if (status == CUBLAS_STATUS_ALLOC_FAILED) throw OutOfDeviceMemory(message);
  throw DeviceError(message);
}

}  // namespace virnucpro::cuda
