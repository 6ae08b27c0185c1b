// Reads safetensors files in place, with checks.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/as_text.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/mapped_file.h"
#include "weights/display_name.h"
#include "weights/json_reader.h"
#include "weights/safetensors.h"

namespace virnucpro {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

using nlohmann::json;

/// The format's own limit: no list of tensors needs more JSON than this.
constexpr std::uint64_t kLargestHeader = 100'000'000;
constexpr std::size_t kLengthBytes = 8;

/// An element type of the format; `usable` is absent where HostTensor has no such type.
struct StoredType {
  std::string_view stored;
  std::string_view name;
  std::uint64_t bytes;
  std::optional<DataType> usable;
};

constexpr StoredType kStoredTypes[] = {
    {"F32", "float32", 4, DataType::kFloat32},
    {"F16", "float16", 2, DataType::kFloat16},
    {"BF16", "bfloat16", 2, DataType::kBFloat16},
    {"I64", "int64", 8, DataType::kInt64},
    {"I32", "int32", 4, DataType::kInt32},
    {"F64", "float64", 8, {}},
    {"C64", "complex64", 8, {}},
    {"U64", "uint64", 8, {}},
    {"U32", "uint32", 4, {}},
    {"I16", "int16", 2, {}},
    {"U16", "uint16", 2, {}},
    {"I8", "int8", 1, DataType::kInt8},
    {"U8", "uint8", 1, {}},
    {"BOOL", "bool", 1, {}},
    {"F8_E4M3", "float8_e4m3", 1, DataType::kFloat8E4M3},
    {"F8_E5M2", "float8_e5m2", 1, {}},
    {"F8_E8M0", "float8_e8m0", 1, {}},
};

const StoredType* find_type(std::string_view stored) {
  const auto* place = std::ranges::find(kStoredTypes, stored, &StoredType::stored);
  return place == std::end(kStoredTypes) ? nullptr : place;
}

/// The range of one tensor in the data that follows the header.
struct Range {
  std::uint64_t begin;
  std::uint64_t end;
  std::string name;
};

class Reader {
 public:
  Reader(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, std::string origin)
      : bytes_(bytes), owner_(std::move(owner)), origin_(std::move(origin)) {
    header_ = parse_json_object(header_text(), origin_ + ": header");
  }

  TensorSource tensors() {
    TensorSource source(origin_);
    const JsonObject header(header_, origin_);
    for (const auto& [name, description] : header_.items()) {
      if (name == "__metadata__") continue;
      source.add(name, entry(name, header.object(name)));
    }
    check_ranges();
    return source;
  }

  std::map<std::string, std::string> metadata() const {
    std::map<std::string, std::string> result;
    if (!header_.contains("__metadata__")) return result;
    const JsonObject pairs = JsonObject(header_, origin_).object("__metadata__");
    for (const auto& [key, value] : pairs.value().items()) result[key] = pairs.string(key);
    return result;
  }

 private:
  [[noreturn]] void fail(const std::string& text) const {
    throw ModelError(
        fmt::format("{}: {}; the file may be damaged or truncated, copy it again", origin_, text));
  }

  std::string_view header_text() {
    std::uint64_t length = 0;
    if (bytes_.size() < kLengthBytes) {
      fail(fmt::format("{} bytes are too few for a safetensors file", bytes_.size()));
    }
    std::memcpy(&length, bytes_.data(), kLengthBytes);
    if (length > kLargestHeader) {
      fail(fmt::format("header of {} bytes, the limit is {}", length, kLargestHeader));
    }
    if (length > bytes_.size() - kLengthBytes) {
      fail(fmt::format("header of {} bytes in a file of {}", length, bytes_.size()));
    }
    data_ = bytes_.subspan(kLengthBytes + length);
    return as_text(bytes_.subspan(kLengthBytes, length));
  }

  TensorSource::Entry entry(const std::string& name, const JsonObject& description) {
    const std::string stored = description.string("dtype");
    Shape shape(description.sizes("shape"));
    const std::vector<std::int64_t> offsets = description.sizes("data_offsets");
    if (offsets.size() != 2 || offsets[0] > offsets[1] ||
        static_cast<std::uint64_t>(offsets[1]) > data_.size()) {
      fail(fmt::format("tensor {}: data_offsets [{}] in {} bytes of data", display_name(name),
                       fmt::join(offsets, ", "), data_.size()));
    }
    const auto begin = static_cast<std::uint64_t>(offsets[0]);
    const auto end = static_cast<std::uint64_t>(offsets[1]);
    ranges_.push_back({begin, end, name});

    TensorSource::Entry entry;
    entry.shape = shape;
    const StoredType* type = find_type(stored);
    // A product that overflows here could slip through elements() later, whatever the type.
    check_size(name, shape, type == nullptr ? 1 : type->bytes, type != nullptr, end - begin);
    entry.type = type == nullptr ? stored : std::string(type->name);
    if (type == nullptr || !type->usable) {
      entry.load = [origin = origin_, name, kind = entry.type]() -> HostTensor {
        throw ModelError(fmt::format("{}: tensor {} is of type {}, which cannot be used", origin,
                                     display_name(name), display_name(kind)));
      };
      return entry;
    }
    entry.load = [tensor = HostTensor{*type->usable, std::move(shape), data_.data() + begin,
                                      owner_}] { return tensor; };
    return entry;
  }

  /// The sizes' product times `element` must not overflow and, where `exact`, must equal `bytes`.
  void check_size(const std::string& name, const Shape& shape, std::uint64_t element, bool exact,
                  std::uint64_t bytes) const {
    std::uint64_t product = element;
    bool overflow = false;
    for (const std::int64_t size : shape.sizes()) {
      overflow = overflow ||
                 __builtin_mul_overflow(product, static_cast<std::uint64_t>(size), &product) ||
                 product > INT64_MAX;
    }
    if (overflow || (exact && product != bytes)) {
      fail(fmt::format("tensor {}: shape {} does not fit its {} bytes of data", display_name(name),
                       to_string(shape), bytes));
    }
  }

  /// The format requires the data to be covered without holes or overlaps: nothing can hide in it.
  void check_ranges() {
    std::ranges::sort(ranges_, {}, [](const Range& r) { return std::pair(r.begin, r.end); });
    std::uint64_t covered = 0;
    for (const Range& range : ranges_) {
      if (range.begin != covered) {
        fail(fmt::format("tensor {} begins at byte {} of the data, expected {}",
                         display_name(range.name), range.begin, covered));
      }
      covered = range.end;
    }
    if (covered != data_.size()) {
      fail(fmt::format("{} bytes of data, but the tensors end at {}", data_.size(), covered));
    }
  }

  std::span<const std::byte> bytes_;
  std::shared_ptr<const void> owner_;
  std::string origin_;
  std::span<const std::byte> data_;
  json header_;
  std::vector<Range> ranges_;
};

}  // namespace

TensorSource read_safetensors(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                              const std::string& origin) {
  return Reader(bytes, std::move(owner), origin).tensors();
}

TensorSource read_safetensors(const std::string& path) {
  const auto file = MappedFile::open(path);
  return Reader(file->bytes(), file, path).tensors();
}

std::map<std::string, std::string> read_safetensors_metadata(const std::string& path) {
  const auto file = MappedFile::open(path);
  return Reader(file->bytes(), file, path).metadata();
}

}  // namespace virnucpro
