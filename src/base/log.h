// The front of the log: the library speaks through it, only cli/ decides where the lines go.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace virnucpro {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

/// A sink for messages, passed down to all code that has messages. Copies share the sink.
/// Thread-safe when the sink is; the default one drops everything, so the library never prints.
class Log {
 public:
  using Sink = std::function<void(LogLevel, std::string_view)>;

  Log() = default;
  explicit Log(Sink sink) : sink_(std::move(sink)) {}

  template <typename... Args>
  void debug(fmt::format_string<Args...> text, Args&&... args) const {
    write(LogLevel::kDebug, fmt::format(text, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void info(fmt::format_string<Args...> text, Args&&... args) const {
    write(LogLevel::kInfo, fmt::format(text, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void warning(fmt::format_string<Args...> text, Args&&... args) const {
    write(LogLevel::kWarning, fmt::format(text, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void error(fmt::format_string<Args...> text, Args&&... args) const {
    write(LogLevel::kError, fmt::format(text, std::forward<Args>(args)...));
  }
  void write(LogLevel level, std::string_view text) const {
    if (sink_) sink_(level, text);
  }

 private:
  Sink sink_;
};

}  // namespace virnucpro
