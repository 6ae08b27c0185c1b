// Numbers by their index, kept on the disk: for data that would grow in memory with the input.
#pragma once

#include <cstdint>
#include <string>

namespace virnucpro {

/// A file without a name in an existing folder. It vanishes with its owner, even when the process
/// dies. Thread-confined. Every function may throw OutputError.
class NumberFile {
 public:
  explicit NumberFile(const std::string& folder);
  ~NumberFile();
  NumberFile(const NumberFile&) = delete;
  NumberFile& operator=(const NumberFile&) = delete;

  void set(std::uint64_t index, std::uint64_t number);
  /// 0 for an index that was not set before the last one that was; ContractError beyond that.
  std::uint64_t get(std::uint64_t index) const;

 private:
  std::string folder_;
  int descriptor_ = -1;
};

}  // namespace virnucpro
