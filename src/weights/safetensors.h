// The safetensors format: checked reading in place, and writing without a second copy in memory.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>

#include "weights/tensor_source.h"

namespace virnucpro {

/// Maps the file; tensors point into the mapping and keep it alive. Every offset, shape and size is
/// checked before this returns. ModelError naming the file when anything is wrong.
TensorSource read_safetensors(const std::string& path);

/// The same from memory that `owner` keeps alive (null: static data), for embedded bundles.
TensorSource read_safetensors(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                              const std::string& origin);

/// The free text pairs of the file's header (`__metadata__`), empty when there are none.
std::map<std::string, std::string> read_safetensors_metadata(const std::string& path);

/// A tensor that is made only when it is to be written.
struct TensorToWrite {
  std::string name;
  DataType type = DataType::kFloat32;
  Shape shape;
  /// Must return exactly `type` and `shape` (ContractError otherwise).
  std::function<HostTensor()> load;
};

/// Writes to a temporary name, syncs and renames, so that `path` is whole or absent. One tensor at
/// a time is in memory. Tensors are aligned for their type; the same input gives the same bytes.
/// OutputError when the file cannot be written.
void write_safetensors(const std::string& path, std::span<const TensorToWrite> tensors,
                       const std::map<std::string, std::string>& metadata = {});

void write_safetensors(const std::string& path, const std::map<std::string, HostTensor>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace virnucpro
