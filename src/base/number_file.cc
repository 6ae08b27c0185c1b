#include "base/number_file.h"

#include <unistd.h>

#include <cerrno>

#include "base/check.h"
#include "base/partial_file.h"

namespace virnucpro {
namespace {

off_t offset_of(std::uint64_t index) { return static_cast<off_t>(index * sizeof(std::uint64_t)); }

}  // namespace

NumberFile::NumberFile(const std::string& folder)
    : folder_(folder), descriptor_(open_nameless_file(folder)) {}

NumberFile::~NumberFile() { ::close(descriptor_); }

void NumberFile::set(std::uint64_t index, std::uint64_t number) {
  ssize_t count = 0;
  do {
    count = ::pwrite(descriptor_, &number, sizeof number, offset_of(index));
  } while (count < 0 && errno == EINTR);
  // The system may write only a part when the disk is full.
  if (count != sizeof number) {
    fail_output(folder_, "write a temporary file", count < 0 ? errno : ENOSPC);
  }
}

std::uint64_t NumberFile::get(std::uint64_t index) const {
  std::uint64_t number = 0;
  ssize_t count = 0;
  do {
    count = ::pread(descriptor_, &number, sizeof number, offset_of(index));
  } while (count < 0 && errno == EINTR);
  if (count < 0) fail_output(folder_, "read back a temporary file", errno);
  check(count == sizeof number, "number {} of a file that ends before it", index);
  return number;
}

}  // namespace virnucpro
