#include "report/read_groups.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <queue>
#include <utility>

#include "base/name_hash.h"
#include "base/partial_file.h"

namespace virnucpro {
namespace {

/// Parts of one level, by six bits of the hash: few enough that their buffers take 4 MB.
constexpr unsigned kPartBits = 6;
constexpr std::size_t kPartCount = std::size_t{1} << kPartBits;
constexpr std::size_t kPartBufferBytes = std::size_t{64} << 10;
/// What readers and writers of sorted runs buffer.
constexpr std::size_t kRunBufferBytes = std::size_t{64} << 10;

/// As it lies in the files, followed by the name.
struct Entry {
  std::uint64_t hash = 0;
  ReadAlignment alignment;
  std::uint32_t name_size = 0;
};

void append_entry(std::string& buffer, const Entry& entry, std::string_view name) {
  const std::size_t at = buffer.size();
  buffer.resize(at + sizeof entry + name.size());
  std::memcpy(buffer.data() + at, &entry, sizeof entry);
  std::memcpy(buffer.data() + at + sizeof entry, name.data(), name.size());
}

Entry entry_at(const std::string& buffer, std::size_t at) {
  Entry entry;
  std::memcpy(&entry, buffer.data() + at, sizeof entry);
  return entry;
}

std::string_view name_at(const std::string& buffer, std::size_t at, const Entry& entry) {
  return std::string_view(buffer).substr(at + sizeof entry, entry.name_size);
}

/// A file without a name that grows at its end.
class SpillFile {
 public:
  struct Extent {
    std::uint64_t begin;
    std::uint64_t size;
  };

  explicit SpillFile(const std::string& folder)
      : folder_(folder), descriptor_(open_nameless_file(folder)) {}
  ~SpillFile() { ::close(descriptor_); }
  SpillFile(const SpillFile&) = delete;
  SpillFile& operator=(const SpillFile&) = delete;

  Extent append(std::string_view bytes) {
    const Extent extent = {size_, bytes.size()};
    while (!bytes.empty()) {
      const ssize_t count =
          ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail_output(folder_, "write a temporary file", errno);
      bytes.remove_prefix(static_cast<std::size_t>(count));
      size_ += static_cast<std::uint64_t>(count);
    }
    return extent;
  }

  /// Appends the bytes of `extent` to `buffer`.
  void read(const Extent& extent, std::string& buffer) const {
    std::size_t at = buffer.size();
    buffer.resize(at + extent.size);
    for (std::uint64_t read = 0; read < extent.size;) {
      const ssize_t count = ::pread(descriptor_, buffer.data() + at, extent.size - read,
                                    static_cast<off_t>(extent.begin + read));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) fail_output(folder_, "read back a temporary file", count < 0 ? errno : EIO);
      at += static_cast<std::size_t>(count);
      read += static_cast<std::uint64_t>(count);
    }
  }

 private:
  std::string folder_;
  int descriptor_;
  std::uint64_t size_ = 0;
};

}  // namespace

void ReadAlignment::add(const ReadAlignment& later) {
  const bool several = has_several_calls || later.has_several_calls || later.call != call;
  const bool is_better = later.mapping_quality > mapping_quality ||
                         (later.mapping_quality == mapping_quality && later.identity > identity);
  if (is_better) {
    const std::uint64_t number = first;
    *this = later;
    first = number;
  }
  has_several_calls = several;
}

/// Alignments in parts by bits of their hash, in the order in which they came.
class ReadGroups::Parts {
 public:
  /// `level` counts the splits before this one.
  Parts(const std::string& folder, unsigned level) : file_(folder), level_(level) {}

  void add(const Entry& entry, std::string_view name) {
    const std::size_t number = entry.hash >> (64 - kPartBits * (level_ + 1)) & (kPartCount - 1);
    Part& part = parts_[number];
    append_entry(part.buffer, entry, name);
    if (part.buffer.size() >= kPartBufferBytes) flush(part);
  }

  void flush_all() {
    for (Part& part : parts_) {
      flush(part);
      std::string().swap(part.buffer);
    }
  }

  std::uint64_t bytes_of(std::size_t number) const {
    std::uint64_t bytes = 0;
    for (const SpillFile::Extent& extent : parts_[number].extents) bytes += extent.size;
    return bytes;
  }
  /// Further splits have bits of the hash left to go by.
  bool can_be_split() const { return kPartBits * (level_ + 2) <= 60; }
  unsigned level() const { return level_; }

  template <typename Take>
  void for_each(std::size_t number, const Take& take) const {
    std::string buffer;
    for (const SpillFile::Extent& extent : parts_[number].extents) {
      buffer.clear();
      file_.read(extent, buffer);
      for (std::size_t at = 0; at < buffer.size();) {
        const Entry entry = entry_at(buffer, at);
        take(entry, name_at(buffer, at, entry));
        at += sizeof entry + entry.name_size;
      }
    }
  }

 private:
  struct Part {
    std::string buffer;
    std::vector<SpillFile::Extent> extents;
  };

  void flush(Part& part) {
    if (part.buffer.empty()) return;
    part.extents.push_back(file_.append(part.buffer));
    part.buffer.clear();
  }

  SpillFile file_;
  const unsigned level_;
  std::array<Part, kPartCount> parts_;
};

/// Sorted runs of names, each of them with its best alignment, and their merge.
class ReadGroups::Runs {
 public:
  explicit Runs(const std::string& folder) : file_(folder) {}

  /// The entries of `buffer` at the positions `order`.
  void add(const std::string& buffer, const std::vector<std::size_t>& order) {
    std::vector<SpillFile::Extent>& run = runs_.emplace_back();
    std::string piece;
    for (const std::size_t at : order) {
      const Entry entry = entry_at(buffer, at);
      append_entry(piece, entry, name_at(buffer, at, entry));
      if (piece.size() < kRunBufferBytes) continue;
      run.push_back(file_.append(piece));
      piece.clear();
    }
    if (!piece.empty()) run.push_back(file_.append(piece));
  }

  void merge(const std::function<void(std::string_view, const ReadAlignment&)>& take) const {
    struct Reader {
      const std::vector<SpillFile::Extent>* extents;
      std::size_t next = 0;
      std::string buffer = {};
      std::size_t at = 0;
      Entry entry = {};
    };
    std::vector<Reader> readers;
    const auto advance = [&](Reader& reader) {
      if (reader.at == reader.buffer.size()) {
        if (reader.next == reader.extents->size()) return false;
        reader.buffer.clear();
        file_.read((*reader.extents)[reader.next++], reader.buffer);
        reader.at = 0;
      }
      reader.entry = entry_at(reader.buffer, reader.at);
      return true;
    };
    using Head = std::pair<std::uint64_t, std::size_t>;
    std::priority_queue<Head, std::vector<Head>, std::greater<>> heads;
    for (const auto& run : runs_) readers.push_back({.extents = &run});
    for (std::size_t i = 0; i < readers.size(); ++i) {
      if (advance(readers[i])) heads.push({readers[i].entry.alignment.first, i});
    }
    while (!heads.empty()) {
      const std::size_t i = heads.top().second;
      heads.pop();
      Reader& reader = readers[i];
      take(name_at(reader.buffer, reader.at, reader.entry), reader.entry.alignment);
      reader.at += sizeof reader.entry + reader.entry.name_size;
      if (advance(reader)) heads.push({reader.entry.alignment.first, i});
    }
  }

 private:
  SpillFile file_;
  std::vector<std::vector<SpillFile::Extent>> runs_;
};

ReadGroups::ReadGroups(std::string folder, std::size_t memory_bytes)
    : folder_(std::move(folder)),
      memory_bytes_(memory_bytes),
      parts_(std::make_unique<Parts>(folder_, 0)),
      runs_(std::make_unique<Runs>(folder_)) {}

ReadGroups::~ReadGroups() = default;

void ReadGroups::add(std::string_view name, const ReadAlignment& alignment) {
  if (has_name_ && name == name_) return alignment_.add(alignment);
  if (has_name_) {
    parts_->add({hash_of_name(name_).low, alignment_, static_cast<std::uint32_t>(name_.size())},
                name_);
  }
  has_name_ = true;
  name_.assign(name);
  alignment_ = alignment;
}

/// Turns every part into a sorted run; one that is too large is split first.
void ReadGroups::collect(Parts& parts) {
  parts.flush_all();
  for (std::size_t number = 0; number < kPartCount; ++number) {
    const std::uint64_t bytes = parts.bytes_of(number);
    if (bytes == 0) continue;
    if (bytes > memory_bytes_ && parts.can_be_split()) {
      Parts smaller(folder_, parts.level() + 1);
      parts.for_each(number,
                     [&](const Entry& entry, std::string_view name) { smaller.add(entry, name); });
      collect(smaller);
      continue;
    }
    // Names in `buffer`, found by an open table of their positions plus one; 0 is a free slot.
    std::string buffer;
    std::vector<std::size_t> order;
    std::vector<std::size_t> slots(1024);
    const auto grow = [&] {
      slots.assign(2 * slots.size(), 0);
      for (const std::size_t at : order) {
        std::size_t i = entry_at(buffer, at).hash & (slots.size() - 1);
        while (slots[i] != 0) i = (i + 1) & (slots.size() - 1);
        slots[i] = at + 1;
      }
    };
    parts.for_each(number, [&](const Entry& entry, std::string_view name) {
      for (std::size_t i = entry.hash & (slots.size() - 1);; i = (i + 1) & (slots.size() - 1)) {
        if (slots[i] == 0) {
          slots[i] = buffer.size() + 1;
          order.push_back(buffer.size());
          append_entry(buffer, entry, name);
          break;
        }
        const std::size_t at = slots[i] - 1;
        Entry known = entry_at(buffer, at);
        if (known.hash != entry.hash || name_at(buffer, at, known) != name) continue;
        known.alignment.add(entry.alignment);
        std::memcpy(buffer.data() + at, &known, sizeof known);
        break;
      }
      if (2 * order.size() > slots.size()) grow();
    });
    // Names were added in the order of their first alignments, which is that of the run.
    runs_->add(buffer, order);
  }
}

void ReadGroups::for_each(const std::function<void(std::string_view, const ReadAlignment&)>& take) {
  if (has_name_) {
    parts_->add({hash_of_name(name_).low, alignment_, static_cast<std::uint32_t>(name_.size())},
                name_);
    has_name_ = false;
  }
  collect(*parts_);
  parts_.reset();
  runs_->merge(take);
}

}  // namespace virnucpro
