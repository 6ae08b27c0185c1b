// Numbers by their index on the disk: for what would grow with the input in memory.
#pragma once

#include <cstdint>
#include <string>

namespace virnucpro {

/// A file without a name in a folder that exists; it goes with its owner, however that ends.
/// Thread-confined. Every function may throw OutputError.
class NumberFile {
 public:
  explicit NumberFile(const std::string& folder);
  ~NumberFile();
  NumberFile(const NumberFile&) = delete;
  NumberFile& operator=(const NumberFile&) = delete;

  void set(std::uint64_t index, std::uint64_t number);
  /// ContractError beyond the last one that was set; 0 for one before it that was not.
  std::uint64_t get(std::uint64_t index) const;

 private:
  std::string folder_;
  int descriptor_ = -1;
};

}  // namespace virnucpro
