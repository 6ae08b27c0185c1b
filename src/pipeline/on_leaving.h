// What a stage does when it ends, in whatever way.
#pragma once

#include <utility>

namespace virnucpro {

/// Calls `function`, which must not throw, when its scope is left, also by an exception.
template <typename Function>
class OnLeaving {
 public:
  explicit OnLeaving(Function function) : function_(std::move(function)) {}
  ~OnLeaving() { function_(); }
  OnLeaving(const OnLeaving&) = delete;
  OnLeaving& operator=(const OnLeaving&) = delete;

 private:
  Function function_;
};

}  // namespace virnucpro
