// Writes safetensors files, with one tensor in memory at a time.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/check.h"
#include "base/format.h"
#include "base/output_file.h"
#include "weights/json_reader.h"
#include "weights/safetensors.h"

namespace virnucpro {
namespace {

using nlohmann::json;

std::string_view stored_name(DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return "F32";
    case DataType::kFloat16:
      return "F16";
    case DataType::kBFloat16:
      return "BF16";
    case DataType::kFloat8E4M3:
      return "F8_E4M3";
    case DataType::kInt8:
      return "I8";
    case DataType::kInt32:
      return "I32";
    case DataType::kInt64:
      return "I64";
  }
  return "?";
}

/// The data begin at a multiple of this: a cache line, which the format's 8 bytes divide.
constexpr std::size_t kDataAlignment = 64;

}  // namespace

void write_safetensors(const std::string& path, std::span<const TensorToWrite> tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::vector<const TensorToWrite*> order;
  for (const TensorToWrite& tensor : tensors) order.push_back(&tensor);
  // Wide types come first: no holes are allowed, so this order aligns every tensor for its type.
  std::ranges::sort(order, [](const TensorToWrite* a, const TensorToWrite* b) {
    if (size_of(a->type) != size_of(b->type)) return size_of(a->type) > size_of(b->type);
    return a->name < b->name;
  });

  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t offset = 0;
  for (const TensorToWrite* tensor : order) {
    check(tensor->name != "__metadata__" && !header.contains(tensor->name),
          "tensor '{}' cannot be written twice", tensor->name);
    const std::uint64_t bytes =
        static_cast<std::uint64_t>(tensor->shape.elements()) * size_of(tensor->type);
    header[tensor->name] = {{"dtype", stored_name(tensor->type)},
                            {"shape", tensor->shape.sizes()},
                            {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  // Names come from files and need not be UTF-8.
  std::string text = header.dump(-1, ' ', false, json::error_handler_t::replace);
  const std::size_t length_bytes = sizeof(std::uint64_t);
  text.resize((text.size() + length_bytes + kDataAlignment - 1) / kDataAlignment * kDataAlignment -
                  length_bytes,
              ' ');
  const std::uint64_t length = text.size();

  OutputFile file(path);
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(text);
  for (const TensorToWrite* tensor : order) {
    const HostTensor data = tensor->load();
    check(data.type == tensor->type && data.shape == tensor->shape,
          "tensor '{}' announced as {} {}, written as {} {}", tensor->name, name_of(tensor->type),
          to_string(tensor->shape), name_of(data.type), to_string(data.shape));
    file.write(data.span());
  }
  file.commit();
}

void write_safetensors(const std::string& path, const std::map<std::string, HostTensor>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::vector<TensorToWrite> list;
  list.reserve(tensors.size());
  for (const auto& [name, tensor] : tensors) {
    list.push_back({name, tensor.type, tensor.shape, [data = tensor] { return data; }});
  }
  write_safetensors(path, list, metadata);
}

}  // namespace virnucpro
