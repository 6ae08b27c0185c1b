// Lines kept on the disk until all of them are known.
#pragma once

#include <cstddef>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace virnucpro {

/// A file without a name in a folder that exists; it goes with its owner, however that ends.
/// Thread-confined. Every function may throw OutputError.
class LineSpool {
 public:
  explicit LineSpool(std::string folder);

  /// `line` is free of line ends.
  void add(std::string_view line);
  std::size_t longest() const { return longest_; }
  /// In the order of adding; nothing may be added afterwards. Views are valid during the call.
  void for_each(const std::function<void(std::string_view)>& take);

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };

  std::string folder_;
  std::unique_ptr<std::FILE, Closer> file_;
  std::size_t longest_ = 0;
};

}  // namespace virnucpro
