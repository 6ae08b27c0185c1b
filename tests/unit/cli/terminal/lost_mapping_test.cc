// A model file that is cut short while its bytes are read where they lie.
#include "cli/terminal/lost_mapping.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/mapped_file.h"
#include "unit/report/temporary_folder.h"

namespace virnucpro::cli {
namespace {

TEST(LostMapping, IsAnErrorOfTheModelsAndNoCrash) {
  const TemporaryFolder folder;
  const std::string path = folder.file("weights");
  std::ofstream(path, std::ios::binary) << std::string(1 << 16, 'w');
  EXPECT_EXIT(
      {
        end_on_lost_mapping();
        const auto file = MappedFile::open(path);
        std::filesystem::resize_file(path, 0);
        const volatile std::byte last = file->bytes().back();
        static_cast<void>(last);
      },
      testing::ExitedWithCode(3), "a file of the models was cut short while it was in use");
}

}  // namespace
}  // namespace virnucpro::cli
