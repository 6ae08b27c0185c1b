// The messages where the plug-in cannot be used.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/cuda/plugin_loader.h"

namespace virnucpro {
namespace {

TEST(CudaPluginLoader, LooksWhereItIsToldOrBesideTheProgram) {
  EXPECT_THAT(cuda_plugin_paths("/somewhere/plugin.so"),
              testing::ElementsAre("/somewhere/plugin.so"));
  const auto paths = cuda_plugin_paths("");
  EXPECT_GE(paths.size(), 2u);
  EXPECT_THAT(paths, testing::Each(testing::EndsWith("/libvirnucpro_cuda.so")));
}

TEST(CudaPluginLoader, SaysWhyThereIsNone) {
  const LoadedCudaPlugin loaded = load_cuda_plugin({"/no/such/libvirnucpro_cuda.so"});
  EXPECT_EQ(loaded.plugin, nullptr);
  // The reason is the missing driver or, where there is one, the missing plug-in.
  EXPECT_THAT(loaded.reason, testing::AnyOf(testing::HasSubstr("no NVIDIA driver"),
                                            testing::HasSubstr("is not installed")));
}

}  // namespace
}  // namespace virnucpro
