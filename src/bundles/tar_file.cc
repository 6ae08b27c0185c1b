#include "bundles/tar_file.h"

#include <algorithm>

#include "base/check.h"
#include "base/format.h"

namespace virnucpro {
namespace {

/// POSIX.1-1988, "ustar": fields of a header by their place.
constexpr std::size_t kBlock = 512;
constexpr std::size_t kNameBytes = 100;
constexpr std::size_t kMode = 100, kUser = 108, kGroup = 116, kSize = 124, kTime = 136;
constexpr std::size_t kCheckSum = 148, kType = 156, kMagic = 257;
constexpr std::size_t kSizeBytes = 12;
/// 11 octal digits.
constexpr std::uint64_t kLargestOctal = (std::uint64_t{1} << 33) - 1;

void put(std::string& header, std::size_t place, std::string_view text) {
  std::ranges::copy(text, header.begin() + static_cast<std::ptrdiff_t>(place));
}

}  // namespace

std::string tar_header(const std::string& name, std::uint64_t size) {
  check(!name.empty() && name.size() <= kNameBytes, "no name for a tar archive: {}", name);
  std::string header(kBlock, '\0');
  put(header, 0, name);
  put(header, kMode, "0000644");
  put(header, kUser, "0000000");
  put(header, kGroup, "0000000");
  if (size <= kLargestOctal) {
    put(header, kSize, fmt::format("{:011o}", size));
  } else {  // a set first bit, then the number in binary
    header[kSize] = static_cast<char>(0x80);
    for (std::size_t i = 0; i < sizeof size; ++i) {
      header[kSize + kSizeBytes - 1 - i] = static_cast<char>(size >> (8 * i) & 0xff);
    }
  }
  put(header, kTime, "00000000000");
  header[kType] = '0';
  put(header, kMagic,
      std::string_view("ustar\0"
                       "00",
                       8));
  // The sum is that of the header with blanks in its own place.
  put(header, kCheckSum, "        ");
  std::uint32_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(header, kCheckSum, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
  return header;
}

void TarFile::begin(const std::string& name, std::uint64_t size) {
  pad();
  file_.write(tar_header(name, size));
  size_ = size;
  written_ = 0;
}

void TarFile::write(std::span<const std::byte> bytes) {
  file_.write(bytes);
  written_ += bytes.size();
}

void TarFile::add(const std::string& name, std::string_view text) {
  begin(name, text.size());
  write(std::as_bytes(std::span(text.data(), text.size())));
}

/// Files begin at whole blocks.
void TarFile::pad() {
  check(written_ == size_, "a file of {} bytes in an archive has got {}", size_, written_);
  file_.write(std::string((kBlock - size_ % kBlock) % kBlock, '\0'));
}

void TarFile::commit() {
  pad();
  file_.write(std::string(2 * kBlock, '\0'));  // the end
  file_.commit();
}

}  // namespace virnucpro
