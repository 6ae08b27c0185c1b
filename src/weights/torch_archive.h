// PyTorch's zip archives (.pt, .pth, .bin), read as data: no code of the file is ever run.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "weights/pickle.h"
#include "weights/tensor_source.h"

namespace virnucpro {

/// One mapped archive and its pickled tree. Copies share it. Thread-safe; the TensorSources it
/// makes are not.
class TorchArchive {
 public:
  /// ModelError naming the file when it is damaged, not an archive, big-endian, or in the format of
  /// PyTorch before 1.6 (with the way to convert that).
  static TorchArchive open(const std::string& path);
  /// The same from memory that `owner` keeps alive (null: static); messages begin with `origin`.
  static TorchArchive from_memory(std::span<const std::byte> bytes,
                                  std::shared_ptr<const void> owner, const std::string& origin);

  /// The file's path or the origin.
  const std::string& path() const;
  /// The pickled value; valid while a copy of this archive lives.
  PickleValue root() const;

  /// All tensors below `value`, under dotted state-dict names: a dict of tensors, or a module,
  /// whose parameters, buffers and submodules are walked. Contiguous tensors are used in place,
  /// others copied when taken. ModelError naming the tensor when its sizes do not fit its data.
  TensorSource tensors(const PickleValue& value) const;

 private:
  struct State;
  explicit TorchArchive(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace virnucpro
