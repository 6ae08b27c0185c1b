#include "base/mapped_file.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/errors.h"

namespace virnucpro {
namespace {

/// Marks the owners whose bytes are mapped: only their pages may be dropped without losing data.
struct Unmap {
  void operator()(const MappedFile* file) const { delete file; }
};

/// Advice only: where the system does not follow it, the pages stay until the file is unmapped.
void drop_pages(std::span<const std::byte> bytes) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
  const std::uintptr_t first = (begin + page - 1) / page * page;
  const std::uintptr_t last = (begin + bytes.size()) / page * page;
  if (first >= last) return;
  const std::byte* const pages = bytes.data() + (first - begin);
  ::madvise(const_cast<std::byte*>(pages), last - first, MADV_DONTNEED);
}

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const std::string& path) {
  std::shared_ptr<const OpenFile> file = OpenFile::open(path);
  const auto size = static_cast<std::size_t>(file->stamp().bytes);
  const std::byte* data = nullptr;
  if (size > 0) {
    void* mapping = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file->descriptor(), 0);
    if (mapping == MAP_FAILED && errno == ENOMEM) {
      throw ResourceError(fmt::format(
          "{}: the system gives no {} bytes of addresses to read it by; raise the limit of memory "
          "('ulimit -v')",
          path, size));
    }
    if (mapping == MAP_FAILED) {
      throw ModelError(fmt::format("{}: cannot map: {}", path, std::strerror(errno)));
    }
    data = static_cast<const std::byte*>(mapping);
  }
  return {new MappedFile(std::move(file), data, size), Unmap{}};
}

MappedFile::MappedFile(std::shared_ptr<const OpenFile> file, const std::byte* data,
                       std::size_t size)
    : file_(std::move(file)), data_(data), size_(size) {}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

std::shared_ptr<const void> release_pages_after(std::shared_ptr<const void> owner,
                                                std::span<const std::byte> bytes) {
  if (std::get_deleter<Unmap>(owner) == nullptr) return owner;
  return {bytes.data(), [owner = std::move(owner), bytes](const void*) { drop_pages(bytes); }};
}

}  // namespace virnucpro
