// What PyTorch pickles for a tensor: the place of its elements, with every size checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tensor/host_tensor.h"
#include "weights/pickle.h"
#include "weights/zip_reader.h"

namespace virnucpro {

/// A tensor as a window on a storage (an entry of the archive).
struct StoredTensor {
  std::string storage;
  /// float32, ..., or the name of a type that cannot be used; then `usable` is empty.
  std::string type;
  std::optional<DataType> usable;
  std::int64_t storage_elements = 0;
  std::int64_t offset = 0;
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> strides;
};

/// True for a pickled tensor of any kind, or a parameter.
bool is_stored_tensor(const PickleValue& value);

/// Reads a pickled tensor or parameter; nullopt when `value` is neither. Throws ModelError, its
/// text beginning with `place`, when sizes overflow or reach outside the storage.
std::optional<StoredTensor> read_stored_tensor(const PickleValue& value, const std::string& place);

/// Makes the tensor from its storage: in place when contiguous, else gathered. `tensor.usable` must
/// be set and the storage have at least `storage_elements` (ContractError).
HostTensor make_host_tensor(const StoredTensor& tensor, const OwnedBytes& storage);

}  // namespace virnucpro
