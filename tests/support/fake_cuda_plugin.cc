// The fake GPUs as a plug-in that the real program opens. VIRNUCPRO_TEST_GPUS lists them by compute
// capability ("9 9 8"). VIRNUCPRO_TEST_GPU_LOST is the dense layer at which the last one is lost,
// VIRNUCPRO_TEST_FULL_GPUS the number of full ones from the first on, and VIRNUCPRO_TEST_INTERFACE
// the interface that the plug-in claims to be built for.
#include <cstdlib>
#include <sstream>

#include "support/fake_cuda.h"

extern "C" const char* virnucpro_cuda_interface() {
  const char* other = std::getenv("VIRNUCPRO_TEST_INTERFACE");
  return other == nullptr ? virnucpro::cuda_interface() : other;
}

extern "C" virnucpro::CudaPlugin* virnucpro_cuda_plugin() {
  using namespace virnucpro::test;
  const char* text = std::getenv("VIRNUCPRO_TEST_GPUS");
  std::istringstream majors(text == nullptr ? "" : text);
  std::vector<std::shared_ptr<FakeGpu>> gpus;
  for (int major = 0; majors >> major;) {
    gpus.push_back(std::make_shared<FakeGpu>(major));
    gpus.back()->slowness = std::chrono::milliseconds(5);
  }
  if (const char* lost = std::getenv("VIRNUCPRO_TEST_GPU_LOST")) {
    gpus.back()->lost_at = std::strtoull(lost, nullptr, 10);
  }
  if (const char* full = std::getenv("VIRNUCPRO_TEST_FULL_GPUS")) {
    for (std::size_t i = 0; i < std::strtoull(full, nullptr, 10); ++i) gpus.at(i)->is_full = true;
  }
  return new FakeCudaPlugin(std::move(gpus));
}
