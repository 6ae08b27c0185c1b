#include "weights/torch_tensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "weights/display_name.h"

namespace virnucpro {
namespace {

/// A strided tensor may repeat elements (expand()). Where it has more of them than the storage, it
/// is copied only up to this count, so that a few bytes cannot ask for all memory.
constexpr std::int64_t kMostRepeatedElements = 1 << 20;
/// Parameters within parameters: PyTorch makes one level.
constexpr int kDeepestWrapping = 4;

struct StorageType {
  std::string_view storage;
  std::string_view name;
  std::optional<DataType> usable;
};

constexpr StorageType kStorageTypes[] = {
    {"FloatStorage", "float32", DataType::kFloat32},
    {"HalfStorage", "float16", DataType::kFloat16},
    {"BFloat16Storage", "bfloat16", DataType::kBFloat16},
    {"LongStorage", "int64", DataType::kInt64},
    {"IntStorage", "int32", DataType::kInt32},
    {"DoubleStorage", "float64", {}},
    {"ShortStorage", "int16", {}},
    {"CharStorage", "int8", DataType::kInt8},
    {"ByteStorage", "uint8", {}},
    {"BoolStorage", "bool", {}},
};

/// The last part of a global's name: "torch.FloatStorage" gives "FloatStorage".
std::string last_part(const PickleValue& global) {
  const std::string name = global.full_name();
  return name.substr(name.rfind('.') + 1);
}

class TensorParser {
 public:
  explicit TensorParser(const std::string& place) : place_(place) {}

  std::optional<StoredTensor> parse(const PickleValue& value, int depth) const {
    if (value.kind() != PickleKind::kRecord) return std::nullopt;
    const std::string function = value.full_name();
    if (function == "torch._utils._rebuild_parameter" ||
        function == "torch._utils._rebuild_parameter_with_state") {
      if (depth >= kDeepestWrapping || value.size() == 0) fail("damaged parameter");
      return parse(value[0], depth + 1);
    }
    if (function == "torch._tensor._rebuild_from_type_v2") {
      // (function, type, arguments, state): a tensor with attributes of its own.
      if (value.size() != 4) fail("damaged tensor");
      return parse_call(value[0].full_name(), value[2]);
    }
    return parse_call(function, value);
  }

 private:
  [[noreturn]] void fail(const std::string& text) const {
    throw ModelError(fmt::format("{}: {}", place_, text));
  }

  /// `arguments` is a record or tuple: both give elements by index.
  std::optional<StoredTensor> parse_call(const std::string& function,
                                         const PickleValue& arguments) const {
    constexpr std::string_view kRebuild = "torch._utils._rebuild_";
    if (!function.starts_with(kRebuild)) return std::nullopt;
    const std::string kind = function.substr(kRebuild.size());
    if (kind == "tensor_v3") return parse_strided(arguments, true);
    if (kind == "tensor_v2" || kind == "tensor") return parse_strided(arguments, false);
    StoredTensor other;  // sparse, quantised, meta: named, so that the error can say so
    other.type = kind;
    return other;
  }

  StoredTensor parse_strided(const PickleValue& arguments, bool has_type) const {
    if (arguments.size() < (has_type ? 7 : 4)) fail("tensor with too few arguments");
    StoredTensor tensor;
    parse_storage(arguments[0], tensor);
    if (has_type) set_type(last_part(arguments[6]), tensor);
    const auto offset = arguments[1].integer();
    if (!offset || *offset < 0) fail("tensor without a storage offset");
    tensor.offset = *offset;
    tensor.sizes = integers(arguments[2]);
    tensor.strides = integers(arguments[3]);
    check_bounds(tensor);
    return tensor;
  }

  /// ('storage', type, key, location, elements)
  void parse_storage(const PickleValue& id, StoredTensor& tensor) const {
    if (id.kind() != PickleKind::kPersistent || id.size() < 5 || id[0].string() != "storage") {
      fail("tensor without a storage");
    }
    const auto key = id[2].string();
    const auto elements = id[4].integer();
    if (!key || !elements || *elements < 0) fail("damaged storage");
    tensor.storage = std::string(*key);
    tensor.storage_elements = *elements;
    const std::string name = last_part(id[1]);
    tensor.type = name;
    for (const StorageType& type : kStorageTypes) {
      if (type.storage != name) continue;
      tensor.type = type.name;
      tensor.usable = type.usable;
    }
  }

  /// The type of an untyped storage, whose size is in bytes.
  void set_type(const std::string& name, StoredTensor& tensor) const {
    tensor.type = name;
    tensor.usable.reset();
    for (const StorageType& type : kStorageTypes) {
      if (type.name == name) tensor.usable = type.usable;
    }
    if (tensor.usable)
      tensor.storage_elements /= static_cast<std::int64_t>(size_of(*tensor.usable));
  }

  std::vector<std::int64_t> integers(const PickleValue& tuple) const {
    constexpr std::size_t kMostDimensions = 64;  // PyTorch's own limit
    if (tuple.size() > kMostDimensions) fail("tensor with too many dimensions");
    std::vector<std::int64_t> values;
    for (std::size_t i = 0; i < tuple.size(); ++i) {
      const auto value = tuple[i].integer();
      if (!value || *value < 0) fail("tensor with a size or stride that is not a count");
      values.push_back(*value);
    }
    return values;
  }

  void check_bounds(const StoredTensor& tensor) const {
    const std::string sizes = to_string(Shape(tensor.sizes));
    if (tensor.sizes.size() != tensor.strides.size()) {
      fail(fmt::format("tensor of shape {} with {} strides", sizes, tensor.strides.size()));
    }
    std::int64_t elements = 1;
    std::int64_t last = tensor.offset;
    bool overflow = false;
    for (std::size_t i = 0; i < tensor.sizes.size(); ++i) {
      std::int64_t reach = 0;
      const std::int64_t steps = std::max<std::int64_t>(tensor.sizes[i], 1) - 1;
      overflow = overflow || __builtin_mul_overflow(elements, tensor.sizes[i], &elements) ||
                 __builtin_mul_overflow(steps, tensor.strides[i], &reach) ||
                 __builtin_add_overflow(last, reach, &last);
    }
    constexpr std::int64_t kMostElements = INT64_MAX / 16;  // so that sizes in bytes are safe
    if (overflow || elements > kMostElements || tensor.storage_elements > kMostElements) {
      fail(fmt::format("tensor of impossible shape {}", sizes));
    }
    if (elements == 0 || !tensor.usable) return;
    if (last >= tensor.storage_elements) {
      fail(fmt::format("tensor of shape {} at element {} reaches beyond its storage of {} elements",
                       sizes, tensor.offset, tensor.storage_elements));
    }
    if (elements > tensor.storage_elements && elements > kMostRepeatedElements) {
      fail(fmt::format("tensor of shape {} repeats a storage of {} elements too often", sizes,
                       tensor.storage_elements));
    }
  }

  const std::string& place_;
};

bool is_contiguous(const StoredTensor& tensor) {
  std::int64_t expected = 1;
  for (std::size_t i = tensor.sizes.size(); i-- > 0;) {
    if (tensor.sizes[i] != 1 && tensor.strides[i] != expected) return false;
    expected *= tensor.sizes[i];
  }
  return true;
}

/// Copies the elements in row-major order.
void gather(const StoredTensor& tensor, std::size_t element, const std::byte* from, std::byte* to) {
  const std::size_t rank = tensor.sizes.size();
  std::vector<std::int64_t> position(rank, 0);
  std::int64_t source = tensor.offset;
  const std::int64_t count = Shape(tensor.sizes).elements();
  for (std::int64_t i = 0; i < count; ++i) {
    std::memcpy(to, from + static_cast<std::size_t>(source) * element, element);
    to += element;
    for (std::size_t axis = rank; axis-- > 0;) {
      source += tensor.strides[axis];
      if (++position[axis] < tensor.sizes[axis]) break;
      source -= tensor.strides[axis] * tensor.sizes[axis];
      position[axis] = 0;
    }
  }
}

}  // namespace

bool is_stored_tensor(const PickleValue& value) {
  if (value.kind() != PickleKind::kRecord) return false;
  const std::string function = value.full_name();
  return function.starts_with("torch._utils._rebuild_") ||
         function == "torch._tensor._rebuild_from_type_v2";
}

std::optional<StoredTensor> read_stored_tensor(const PickleValue& value, const std::string& place) {
  return TensorParser(place).parse(value, 0);
}

HostTensor make_host_tensor(const StoredTensor& tensor, const OwnedBytes& storage) {
  check(tensor.usable.has_value(), "a tensor of type {} cannot be made", tensor.type);
  HostTensor result{*tensor.usable, Shape(tensor.sizes), nullptr, nullptr};
  const std::size_t element = size_of(result.type);
  const bool is_empty = result.shape.elements() == 0;
  check(is_empty ||
            storage.bytes.size() / element >= static_cast<std::size_t>(tensor.storage_elements),
        "a storage of {} bytes for {} elements", storage.bytes.size(), tensor.storage_elements);
  if (is_empty || is_contiguous(tensor)) {
    const auto offset = is_empty ? 0 : static_cast<std::size_t>(tensor.offset) * element;
    result.data = storage.bytes.data() + offset;
    result.owner = storage.owner;
    return result;
  }
  const std::shared_ptr<std::byte[]> memory(new std::byte[result.bytes()]);
  gather(tensor, element, storage.bytes.data(), memory.get());
  result.data = memory.get();
  result.owner = memory;
  return result;
}

}  // namespace virnucpro
