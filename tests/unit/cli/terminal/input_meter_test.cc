// Bytes read, as the system knows them.
#include "cli/terminal/input_meter.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace virnucpro::cli {
namespace {

std::string file_of(const std::string& name, std::size_t size) {
  std::ofstream(name) << std::string(size, 'x');
  return name;
}

TEST(InputMeter, FollowsTheOpenFilesInTheirOrder) {
  const std::string first = file_of("meter_first.txt", 100000);
  const std::string second = file_of("meter_second.txt", 50000);
  InputMeter meter({first, second});
  ASSERT_EQ(meter.total(), 150000u);
  EXPECT_EQ(meter.read(), 0u);
  {
    std::ifstream stream(first);
    stream.get();
    EXPECT_GT(meter.read(), 0u);
    EXPECT_LT(meter.read(), 100000u);
  }
  std::ifstream stream(second);
  EXPECT_GE(meter.read(), 100000u);
  std::string all(50000, '\0');
  stream.read(all.data(), 50000);
  EXPECT_EQ(meter.read(), 150000u);
}

TEST(InputMeter, KnowsNothingOfStreamsAndMissingFiles) {
  EXPECT_EQ(InputMeter({"-"}).total(), std::nullopt);
  EXPECT_EQ(InputMeter({"/dev/null"}).total(), std::nullopt);
  EXPECT_EQ(InputMeter({"no_such_file"}).total(), std::nullopt);
  EXPECT_EQ(InputMeter({"-"}).read(), 0u);
}

TEST(InputMeter, CountsAnInputThatIsNamedTwiceTwice) {
  const std::string path = file_of("meter_twice.txt", 1000);
  EXPECT_EQ(InputMeter({path, path}).total(), 2000u);
}

}  // namespace
}  // namespace virnucpro::cli
