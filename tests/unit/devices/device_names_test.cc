// The text of --device: single devices, numbers, mixes, and impossible texts.
#include "devices/device_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"

namespace virnucpro {
namespace {

using testing::HasSubstr;
using Names = std::vector<DeviceName>;

TEST(DeviceNames, AreKindsAndNumbers) {
  EXPECT_EQ(parse_device_names("cpu"), (Names{{"cpu"}}));
  EXPECT_EQ(parse_device_names("cuda"), (Names{{"cuda"}}));
  EXPECT_EQ(parse_device_names("cuda:3"), (Names{{"cuda", 3}}));
  EXPECT_EQ(parse_device_names("cuda:0,2,11"), (Names{{"cuda", 0}, {"cuda", 2}, {"cuda", 11}}));
  EXPECT_EQ(parse_device_names("cuda:0,cuda:2"), (Names{{"cuda", 0}, {"cuda", 2}}));
  EXPECT_EQ(parse_device_names("cuda:1,cpu"), (Names{{"cuda", 1}, {"cpu"}}));
  EXPECT_EQ(parse_device_names("cpu,cuda:1,0"), (Names{{"cpu"}, {"cuda", 1}, {"cuda", 0}}));
  EXPECT_EQ(parse_device_names("cpu,cuda"), (Names{{"cpu"}, {"cuda"}}));
}

TEST(DeviceNames, AreWrittenAsTheyAreRead) {
  for (const char* text : {"cpu", "cuda:0", "cuda:0,2,11", "cpu,cuda:1,0", "cuda:4,cpu", "cuda"}) {
    EXPECT_EQ(text_of(parse_device_names(text)), text);
  }
  EXPECT_EQ(text_of(parse_device_names("cuda:0,cuda:2")), "cuda:0,2");
  EXPECT_EQ(text_of(parse_device_names("cuda:0,cpu,cuda:2")), "cuda:0,cpu,cuda:2");
}

TEST(DeviceNames, HaveKindsInOneOrder) {
  EXPECT_EQ(device_kinds("cuda:0,1"), "cuda");
  EXPECT_EQ(device_kinds("cuda:7"), "cuda");
  EXPECT_EQ(device_kinds("cuda:0,cpu"), "cpu,cuda");
  EXPECT_EQ(device_kinds("cpu,cuda:1,0"), "cpu,cuda");
  EXPECT_EQ(device_kinds("reference"), "reference");
}

TEST(DeviceNames, SayWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "a name is missing"},
      {",cpu", "a name is missing"},
      {"cpu,", "a name is missing"},
      {":1", "a name is missing"},
      {"0", "the number 0 has no device before it, such as cuda:0"},
      {"cpu,1", "the number 1 has no device before it"},
      {"cuda,1", "the number 1 has no device before it"},
      {"cuda:", "'' is no number of a device"},
      {"cuda:one", "'one' is no number of a device"},
      {"cuda:-1", "'-1' is no number of a device"},
      {"cuda:0:1", "'0:1' is no number of a device"},
      {"cuda:99999999999999999999", "'99999999999999999999' is no number of a device"},
      {"cuda:0,99999999999999999999", "'99999999999999999999' is no number of a device"},
      {"cuda:0,1,0", "cuda:0 is named twice"},
      {"cpu,cpu", "cpu is named twice"},
      {"cuda,cuda:0", "cuda stands for all of them"},
      {"cuda:0,cuda", "cuda stands for all of them"},
  };
  for (const auto& [text, what] : cases) {
    SCOPED_TRACE(text);
    try {
      parse_device_names(text);
      FAIL() << "no DeviceError";
    } catch (const DeviceError& error) {
      EXPECT_THAT(error.what(), HasSubstr(what));
      EXPECT_THAT(error.what(), HasSubstr("Name devices like cpu, cuda, cuda:0,2 or cuda:0,cpu"));
    }
  }
}

}  // namespace
}  // namespace virnucpro
