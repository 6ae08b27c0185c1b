#include "cli/terminal/log_output.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

#include <array>
#include <ctime>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/format.h"
#include "cli/terminal/console.h"
#include "cli/terminal/safe_text.h"

namespace virnucpro::cli {
namespace {

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      break;
  }
  return spdlog::level::err;
}

// "23:59:59", in the user's time zone.
std::string local_time(spdlog::log_clock::time_point time) {
  const std::time_t seconds = spdlog::log_clock::to_time_t(time);
  std::tm fields{};
  ::localtime_r(&seconds, &fields);
  std::array<char, 16> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%H:%M:%S", &fields)};
}

// Formats here instead of by a pattern, because text is escaped in either form, and gives whole
// lines to the console, which keeps them apart from the status line.
class ConsoleSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  ConsoleSink(Console& console, bool json) : console_(console), json_(json) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    const std::string_view text(message.payload.data(), message.payload.size());
    const spdlog::string_view_t level = spdlog::level::to_string_view(message.level);
    const std::string_view name(level.data(), level.size());
    if (json_) {
      console_.message(json_log_line(name, text));
      return;
    }
    std::string label;
    if (message.level != spdlog::level::info) {
      const bool is_error = message.level == spdlog::level::err;
      label = console_.painted(fmt::format("{}:", name), is_error ? Color::kRed : Color::kYellow);
      label += ' ';
    }
    console_.message(
        fmt::format("[{}] {}{}", local_time(message.time), label, escape_controls(text)));
  }
  void flush_() override {}

  Console& console_;
  const bool json_;
};

}  // namespace

std::string json_log_line(std::string_view level, std::string_view message, std::string_view more) {
  return fmt::format(R"({{"time":"{}","level":"{}","message":{}{}}})", utc_now(), level,
                     json_string(message), more);
}

Log make_log(Console& console, const LogOptions& options) {
  // Not registered anywhere, so that there is no global state and two logs may exist side by side.
  auto logger = std::make_shared<spdlog::logger>(
      "virnucpro", std::make_shared<ConsoleSink>(console, options.json));
  logger->set_level(options.quiet ? spdlog::level::warn : spdlog::level::info);
  return Log([logger](LogLevel level, std::string_view text) {
    logger->log(level_of(level), spdlog::string_view_t(text.data(), text.size()));
  });
}

}  // namespace virnucpro::cli
