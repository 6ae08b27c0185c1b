// Owners of CUDA's C handles.
#pragma once

#include <cublasLt.h>
#include <cuda_runtime_api.h>

#include <memory>
#include <type_traits>

#include "backend/cuda/device/status.h"

namespace virnucpro::cuda {

template <auto kDestroy>
struct Destroy {
  template <typename T>
  void operator()(T* handle) const noexcept {
    kDestroy(handle);
  }
};

using Stream = std::unique_ptr<std::remove_pointer_t<cudaStream_t>, Destroy<cudaStreamDestroy>>;
using Event = std::unique_ptr<std::remove_pointer_t<cudaEvent_t>, Destroy<cudaEventDestroy>>;
using CublasHandle =
    std::unique_ptr<std::remove_pointer_t<cublasLtHandle_t>, Destroy<cublasLtDestroy>>;
using CublasPreference = std::unique_ptr<std::remove_pointer_t<cublasLtMatmulPreference_t>,
                                         Destroy<cublasLtMatmulPreferenceDestroy>>;
/// Page-locked host memory, which the device copies from and to by itself.
using PinnedMemory = std::unique_ptr<void, Destroy<cudaFreeHost>>;

inline Stream make_stream() {
  cudaStream_t stream = nullptr;
  check_cuda(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "make a stream");
  return Stream(stream);
}

inline Event make_event() {
  cudaEvent_t event = nullptr;
  check_cuda(cudaEventCreate(&event), "make an event");
  return Event(event);
}

inline CublasHandle make_cublas_handle() {
  cublasLtHandle_t handle = nullptr;
  check_cublas(cublasLtCreate(&handle), "start");
  return CublasHandle(handle);
}

inline PinnedMemory make_pinned(std::size_t bytes) {
  void* memory = nullptr;
  check_cuda(cudaHostAlloc(&memory, bytes, cudaHostAllocDefault), "lock host memory");
  return PinnedMemory(memory);
}

}  // namespace virnucpro::cuda
