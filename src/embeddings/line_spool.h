// Keeps lines on the disk until all of them are known.
#pragma once

#include <cstddef>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace virnucpro {

/// A file without a name in an existing folder. It vanishes with its owner, even when the process
/// dies. Thread-confined. Every function may throw OutputError.
class LineSpool {
 public:
  explicit LineSpool(std::string folder);

  /// `line` must hold no line end.
  void add(std::string_view line);
  std::size_t longest() const { return longest_; }
  /// Gives the lines in the order of adding; no add() may follow. Views are valid during the call.
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
