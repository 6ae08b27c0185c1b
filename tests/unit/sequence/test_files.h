// Files for the reader tests: written in a folder of the test's own, plain, compressed or aligned.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/errors.h"
#include "base/log.h"
#include "sequence/reader.h"
#include "sequence/record.h"

namespace virnucpro::test {

/// A fresh folder per test, removed at its end.
class ReaderTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  std::string path(std::string_view name) const { return (folder_ / name).string(); }
  std::string write(std::string_view name, std::string_view content) const;
  /// `mode`: "wg" plain gzip, "w" bgzip.
  std::string compress(std::string_view name, std::string_view content, const char* mode) const;
  /// Writes SAM text as "wb" (BAM), "w" (SAM) or "wc" (CRAM; against `reference`, else without).
  std::string write_alignment(std::string_view name, const std::string& sam, const char* mode,
                              const std::string& reference = "") const;

  std::filesystem::path folder_;
};

/// A named pipe into which a thread writes `content`, a few bytes at a time.
class NamedPipe {
 public:
  NamedPipe(std::string path, std::string content);
  ~NamedPipe() { writer_.join(); }
  NamedPipe(const NamedPipe&) = delete;
  NamedPipe& operator=(const NamedPipe&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::thread writer_;
};

std::string file_bytes(const std::string& path);
std::vector<Record> read_all(std::vector<std::string> paths, Log log = {});
/// The text of the InputError that reading ends with, "" when there is none.
std::string input_error(std::vector<std::string> paths);
/// A log that keeps its warnings.
Log keep_warnings(std::vector<std::string>& warnings);

MATCHER_P2(RecordIs, id, bases, "") { return arg.id == id && arg.bases == bases; }

}  // namespace virnucpro::test
