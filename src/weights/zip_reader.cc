#include "weights/zip_reader.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <string_view>
#include <utility>

#include "base/as_text.h"
#include "base/errors.h"
#include "base/format.h"
#include "weights/display_name.h"

namespace virnucpro {
namespace {

// Records of the format (PKWARE APPNOTE 6.3, section 4.3): signature and size without variable
// parts.
constexpr std::uint32_t kLocalHeader = 0x04034b50;
constexpr std::uint64_t kLocalHeaderSize = 30;
constexpr std::uint32_t kDirectoryEntry = 0x02014b50;
constexpr std::uint64_t kDirectoryEntrySize = 46;
constexpr std::uint32_t kEnd = 0x06054b50;
constexpr std::uint64_t kEndSize = 22;
constexpr std::uint32_t kEnd64 = 0x06064b50;
constexpr std::uint64_t kEnd64Size = 56;
constexpr std::uint32_t kEnd64Locator = 0x07064b50;
constexpr std::uint64_t kEnd64LocatorSize = 20;
constexpr std::uint64_t kLongestComment = 0xffff;
/// In a 32-bit field, this means that the value is in the zip64 extra field.
constexpr std::uint32_t kIn64 = 0xffffffff;
constexpr std::uint16_t kExtra64 = 0x0001;
constexpr std::uint16_t kEncrypted = 0x0001;
constexpr std::uint16_t kMethodStored = 0;
constexpr std::uint16_t kMethodDeflated = 8;
/// Deflate cannot do better than 1032 : 1; a higher claim is false.
constexpr std::uint64_t kBestRatio = 1040;

template <typename T>
T field(std::span<const std::byte> record, std::size_t offset) {
  T value;
  std::memcpy(&value, record.data() + offset, sizeof(T));
  return value;
}

}  // namespace

ZipReader::ZipReader(OwnedBytes file, std::string origin)
    : file_(std::move(file)), origin_(std::move(origin)) {
  read_directory();
}

bool ZipReader::is_zip(std::span<const std::byte> bytes) {
  return bytes.size() >= sizeof(std::uint32_t) && field<std::uint32_t>(bytes, 0) == kLocalHeader;
}

void ZipReader::fail(const std::string& text) const {
  throw ModelError(
      fmt::format("{}: {}; the file may be damaged or truncated, copy it again", origin_, text));
}

std::span<const std::byte> ZipReader::slice(std::uint64_t offset, std::uint64_t size,
                                            const char* what) const {
  if (offset > file_.bytes.size() || size > file_.bytes.size() - offset) {
    fail(fmt::format("{} at byte {} reaches beyond the end of the zip file", what, offset));
  }
  return file_.bytes.subspan(offset, size);
}

void ZipReader::read_directory() {
  const std::uint64_t size = file_.bytes.size();
  if (size < kEndSize) fail("too short for a zip file");
  // The end record is the last thing in the file except for a comment.
  std::uint64_t end = size - kEndSize;
  const std::uint64_t lowest = end > kLongestComment ? end - kLongestComment : 0;
  while (field<std::uint32_t>(file_.bytes, end) != kEnd) {
    if (end == lowest) fail("no directory at the end of the zip file");
    --end;
  }
  const auto record = slice(end, kEndSize, "the end record");
  std::uint64_t count = field<std::uint16_t>(record, 10);
  std::uint64_t directory_size = field<std::uint32_t>(record, 12);
  std::uint64_t directory = field<std::uint32_t>(record, 16);
  if (end >= kEnd64LocatorSize) {
    const auto locator = slice(end - kEnd64LocatorSize, kEnd64LocatorSize, "the zip64 locator");
    if (field<std::uint32_t>(locator, 0) == kEnd64Locator) {
      const auto end64 =
          slice(field<std::uint64_t>(locator, 8), kEnd64Size, "the zip64 end record");
      if (field<std::uint32_t>(end64, 0) != kEnd64) fail("damaged zip64 end record");
      count = field<std::uint64_t>(end64, 32);
      directory_size = field<std::uint64_t>(end64, 40);
      directory = field<std::uint64_t>(end64, 48);
    }
  }
  auto rest = slice(directory, directory_size, "the directory");
  for (std::uint64_t i = 0; i < count; ++i) {
    if (rest.size() < kDirectoryEntrySize || field<std::uint32_t>(rest, 0) != kDirectoryEntry) {
      fail(fmt::format("damaged entry {} of the zip directory", i));
    }
    Entry entry;
    entry.flags = field<std::uint16_t>(rest, 8);
    entry.method = field<std::uint16_t>(rest, 10);
    entry.crc = field<std::uint32_t>(rest, 16);
    entry.stored_size = field<std::uint32_t>(rest, 20);
    entry.size = field<std::uint32_t>(rest, 24);
    const std::size_t name_size = field<std::uint16_t>(rest, 28);
    const std::size_t extra_size = field<std::uint16_t>(rest, 30);
    const std::size_t comment_size = field<std::uint16_t>(rest, 32);
    entry.header = field<std::uint32_t>(rest, 42);
    rest = rest.subspan(kDirectoryEntrySize);
    if (rest.size() < name_size + extra_size + comment_size) {
      fail(fmt::format("entry {} reaches beyond the zip directory", i));
    }
    std::string name(as_text(rest.first(name_size)));
    auto extra = rest.subspan(name_size, extra_size);
    while (extra.size() >= 4) {
      const auto kind = field<std::uint16_t>(extra, 0);
      const std::size_t length = field<std::uint16_t>(extra, 2);
      extra = extra.subspan(4);
      if (length > extra.size()) break;
      if (kind == kExtra64) {
        auto values = extra.first(length);
        // Only the fields that did not fit are there, in this order.
        for (std::uint64_t* value : {&entry.size, &entry.stored_size, &entry.header}) {
          if (*value != kIn64) continue;
          if (values.size() < sizeof(std::uint64_t)) fail("damaged zip64 field of an entry");
          *value = field<std::uint64_t>(values, 0);
          values = values.subspan(sizeof(std::uint64_t));
        }
      }
      extra = extra.subspan(length);
    }
    rest = rest.subspan(name_size + extra_size + comment_size);
    const auto [place, is_new] = entries_.try_emplace(std::move(name), entry);
    if (!is_new) fail(fmt::format("two entries are named {}", display_name(place->first)));
  }
}

OwnedBytes ZipReader::read(const std::string& name, const Entry& entry) const {
  const auto header = slice(entry.header, kLocalHeaderSize, "an entry");
  if (field<std::uint32_t>(header, 0) != kLocalHeader) {
    fail(fmt::format("entry {} does not begin where the directory says", display_name(name)));
  }
  if ((entry.flags & kEncrypted) != 0) {
    throw ModelError(fmt::format("{}: entry {} is encrypted", origin_, display_name(name)));
  }
  const std::uint64_t begin = entry.header + kLocalHeaderSize + field<std::uint16_t>(header, 26) +
                              field<std::uint16_t>(header, 28);
  const auto data = slice(begin, entry.stored_size, "an entry's data");
  switch (entry.method) {
    case kMethodStored:
      // The checksum is not computed: it would read every weight, and PyTorch may leave it out.
      if (entry.size != entry.stored_size) {
        fail(fmt::format("entry {} has two sizes", display_name(name)));
      }
      return {data, file_.owner};
    case kMethodDeflated:
      return inflate(name, entry, data);
    default:
      throw ModelError(
          fmt::format("{}: entry {} is compressed with method {}, expected stored or "
                      "deflated; save the file again with torch.save",
                      origin_, display_name(name), entry.method));
  }
}

OwnedBytes ZipReader::inflate(const std::string& name, const Entry& entry,
                              std::span<const std::byte> packed) const {
  if (entry.size / kBestRatio > packed.size()) {
    fail(fmt::format("entry {} claims to unpack from {} to {} bytes", display_name(name),
                     packed.size(), entry.size));
  }
  // Not a vector, because its bytes would be set to zero first.
  std::shared_ptr<std::byte[]> memory(new (std::nothrow)
                                          std::byte[std::max<std::uint64_t>(entry.size, 1)]);
  if (memory == nullptr) {
    throw ModelError(fmt::format("{}: no memory to unpack entry {} ({} bytes)", origin_,
                                 display_name(name), entry.size));
  }
  z_stream stream{};
  if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK) fail("zlib cannot start");
  // zlib counts in 32 bits, so it is fed and drained in pieces.
  constexpr std::uint64_t kPiece = std::numeric_limits<uInt>::max() / 2;
  std::uint64_t consumed = 0;
  std::uint64_t produced = 0;
  int status = Z_OK;
  std::byte spare{};  // zlib wants room to see the end of an empty entry
  do {
    if (stream.avail_in == 0) {
      const std::uint64_t piece = std::min<std::uint64_t>(kPiece, packed.size() - consumed);
      stream.next_in = const_cast<Bytef*>(
          reinterpret_cast<const Bytef*>(packed.data() + consumed));  // zlib only reads it
      stream.avail_in = static_cast<uInt>(piece);
      consumed += piece;
    }
    const std::uint64_t room = std::min<std::uint64_t>(kPiece, entry.size - produced);
    stream.next_out = reinterpret_cast<Bytef*>(room == 0 ? &spare : memory.get() + produced);
    stream.avail_out = room == 0 ? 1 : static_cast<uInt>(room);
    const uInt before = stream.avail_out;
    status = ::inflate(&stream, Z_NO_FLUSH);
    const uInt written = before - stream.avail_out;
    produced += written;
    if (room == 0 && written != 0) status = Z_DATA_ERROR;  // more than the directory says
  } while (status == Z_OK);
  ::inflateEnd(&stream);
  if (status != Z_STREAM_END || produced != entry.size) {
    fail(fmt::format("entry {} cannot be unpacked", display_name(name)));
  }
  std::uint64_t checked = 0;
  auto crc = static_cast<std::uint32_t>(::crc32(0, nullptr, 0));
  while (checked < produced) {
    const std::uint64_t piece = std::min(kPiece, produced - checked);
    crc = static_cast<std::uint32_t>(::crc32(
        crc, reinterpret_cast<const Bytef*>(memory.get() + checked), static_cast<uInt>(piece)));
    checked += piece;
  }
  if (crc != entry.crc) fail(fmt::format("entry {} has a wrong checksum", display_name(name)));
  const std::span<const std::byte> bytes(memory.get(), entry.size);
  return {bytes, std::move(memory)};
}

}  // namespace virnucpro
