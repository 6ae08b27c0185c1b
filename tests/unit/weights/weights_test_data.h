// What the tests of weights share: the golden files, their expected values, scratch folders.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "base/errors.h"
#include "tensor/host_tensor.h"
#include "weights/tensor_source.h"

namespace virnucpro {

inline std::string golden(const std::string& name) {
  return std::string(VIRNUCPRO_TEST_DATA) + "/weights/" + name;
}

/// The values that tests/parity/make_weight_goldens.py gives the tensor of this canonical name.
inline std::vector<float> golden_values(const std::string& name, const Shape& shape) {
  std::uint32_t seed = 2166136261u;
  for (const char c : name) seed = (seed ^ static_cast<unsigned char>(c)) * 16777619u;
  std::vector<float> values(static_cast<std::size_t>(shape.elements()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>((seed + 37 * i) % 251) / 64.0f - 125.0f / 64.0f;
  }
  return values;
}

/// Takes every tensor and compares it with the values of its name.
inline void expect_golden(TensorSource& source) {
  for (const std::string& name : source.names()) {
    const Shape shape = source.shape(name);
    EXPECT_EQ(to_floats(source.take(name, shape)), golden_values(name, shape)) << name;
  }
}

/// The text of the ModelError that `action` throws; "" when it throws none.
inline std::string model_error(const std::function<void()>& action) {
  try {
    action();
  } catch (const ModelError& error) {
    return error.what();
  }
  return "";
}

inline std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline void write_all(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// Replaces the first `from` by `to`, which means the same; fails the test when it is not there.
inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

/// A fresh folder for each test, removed at its end.
class ScratchTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() /
              ("virnucpro_" + std::string(test->test_suite_name()) + "_" + test->name() + "_" +
               std::to_string(::getpid()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string scratch(const std::string& name) const { return (folder_ / name).string(); }
  /// A copy of a golden folder that the test may change.
  std::string copied(const std::string& name) const {
    std::filesystem::copy(golden(name), folder_ / name, std::filesystem::copy_options::recursive);
    return scratch(name);
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace virnucpro
