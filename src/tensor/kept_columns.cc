#include "tensor/kept_columns.h"

#include <cstring>
#include <memory>
#include <vector>

#include "base/check.h"

namespace virnucpro {

SplitColumns split_columns(const HostTensor& matrix, std::span<const std::int32_t> columns) {
  check(matrix.shape.rank() == 2 && is_floating(matrix.type), "split_columns of {} of type {}",
        to_string(matrix.shape), name_of(matrix.type));
  const auto rows = static_cast<std::size_t>(matrix.shape[0]);
  const auto width = static_cast<std::size_t>(matrix.shape[1]);
  const std::size_t element = size_of(matrix.type);
  auto rest = std::make_shared<std::vector<std::byte>>(matrix.bytes());
  if (!rest->empty()) std::memcpy(rest->data(), matrix.data, rest->size());
  auto kept = std::make_shared<std::vector<std::byte>>(rows * columns.size() * element);
  std::byte* to = kept->data();
  for (std::size_t row = 0; row < rows; ++row) {
    for (const std::int32_t column : columns) {
      std::byte* from = rest->data() + (row * width + static_cast<std::size_t>(column)) * element;
      std::memcpy(to, from, element);
      std::memset(from, 0, element);  // all bits zero: the value 0 in every floating type
      to += element;
    }
  }
  const HostTensor taken{matrix.type,
                         {matrix.shape[0], static_cast<std::int64_t>(columns.size())},
                         kept->data(),
                         kept};
  return {.rest = {matrix.type, matrix.shape, rest->data(), rest},
          .kept = convert(taken, DataType::kFloat16)};
}

}  // namespace virnucpro
