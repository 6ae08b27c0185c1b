// From the status codes of CUDA's libraries to typed errors.
#pragma once

#include <cublasLt.h>
#include <cuda_runtime_api.h>

namespace virnucpro::cuda {

/// Throws DeviceError that says `what` failed; OutOfDeviceMemory where memory was short.
void check_cuda(cudaError_t status, const char* what);
void check_cublas(cublasStatus_t status, const char* what);

}  // namespace virnucpro::cuda
