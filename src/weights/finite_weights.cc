#include "weights/finite_weights.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/format.h"
#include "base/stop.h"
#include "weights/display_name.h"

namespace virnucpro {
namespace {

/// True for NaN and infinity, which have all bits of the exponent set.
template <typename Bits>
bool is_nonfinite(const std::byte* data, std::int64_t i, Bits exponent) {
  Bits bits;
  std::memcpy(&bits, data + static_cast<std::size_t>(i) * sizeof(Bits), sizeof(Bits));
  return (bits & exponent) == exponent;
}

struct Found {
  std::int64_t first = -1;
  std::int64_t count = 0;
};

template <typename Bits>
Found find(const HostTensor& tensor, Bits exponent) {
  Found found;
  const std::int64_t count = tensor.shape.elements();
  for (std::int64_t i = 0; i < count; ++i) {
    if (!is_nonfinite(tensor.data, i, exponent)) continue;
    if (found.count++ == 0) found.first = i;
  }
  return found;
}

Found find(const HostTensor& tensor) {
  switch (tensor.type) {
    case DataType::kFloat32:
      return find<std::uint32_t>(tensor, 0x7f800000u);
    case DataType::kFloat16:
      return find<std::uint16_t>(tensor, std::uint16_t{0x7c00});
    case DataType::kBFloat16:
      return find<std::uint16_t>(tensor, std::uint16_t{0x7f80});
    default:
      return {};
  }
}

/// The position along each axis.
std::vector<std::int64_t> position_of(std::int64_t element, const Shape& shape) {
  std::vector<std::int64_t> position;
  for (std::size_t axis = shape.sizes().size(); axis-- > 0;) {
    position.push_back(element % shape.sizes()[axis]);
    element /= shape.sizes()[axis];
  }
  std::reverse(position.begin(), position.end());
  return position;
}

}  // namespace

std::optional<std::string> describe_nonfinite(const std::string& name, const HostTensor& tensor) {
  const Found found = find(tensor);
  if (found.count == 0) return std::nullopt;
  return fmt::format("tensor {} {}: element [{}] is {} ({} of {} values {} not finite)",
                     display_name(name), to_string(tensor.shape),
                     fmt::join(position_of(found.first, tensor.shape), ", "),
                     float_at(tensor, found.first), found.count, tensor.shape.elements(),
                     found.count == 1 ? "is" : "are");
}

std::vector<std::string> nonfinite_tensors(TensorSource& source, const std::stop_token& stop) {
  std::vector<std::string> lines;
  for (const std::string& name : source.names()) {
    throw_if_stopped(stop);
    const std::optional<std::string> line = describe_nonfinite(name, source.take_any(name));
    if (line) lines.push_back(fmt::format("{}: {}", source.origin(), *line));
  }
  return lines;
}

}  // namespace virnucpro
