// A log with levels that writes where its owner says; no global state.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string_view>

namespace onion_proxy {

enum class LogLevel { kDebug, kInfo, kNotice, kWarn, kError };

inline std::string_view log_level_name(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kNotice:
      return "notice";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

/// Passed by reference to those who have something to say; the application owns it and it outlives
/// them. Messages name legs and relays by ordinal: no addresses, identities or circuit ids.
class Logger {
 public:
  using Sink = std::function<void(LogLevel, std::string_view message)>;

  Logger(LogLevel least, Sink sink) : least_(least), sink_(std::move(sink)) {}

  bool wants(LogLevel level) const { return level >= least_; }

  template <class... Args>
  void debug(fmt::format_string<Args...> format, Args&&... args) const {
    write(LogLevel::kDebug, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) const {
    write(LogLevel::kInfo, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void notice(fmt::format_string<Args...> format, Args&&... args) const {
    write(LogLevel::kNotice, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void warn(fmt::format_string<Args...> format, Args&&... args) const {
    write(LogLevel::kWarn, format, std::forward<Args>(args)...);
  }
  template <class... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) const {
    write(LogLevel::kError, format, std::forward<Args>(args)...);
  }

  /// For text that is not a format string, such as records drained from the plugin.
  void text(LogLevel level, std::string_view message) const {
    if (wants(level)) sink_(level, message);
  }
  /// Findings that stand one a line: a record for each.
  void lines(LogLevel level, std::string_view findings) const {
    while (!findings.empty()) {
      const std::string_view line = findings.substr(0, findings.find('\n'));
      if (!line.empty()) text(level, line);
      findings.remove_prefix(std::min(line.size() + 1, findings.size()));
    }
  }

 private:
  template <class... Args>
  void write(LogLevel level, fmt::format_string<Args...> format, Args&&... args) const {
    if (wants(level)) sink_(level, fmt::format(format, std::forward<Args>(args)...));
  }

  LogLevel least_;
  Sink sink_;
};

}  // namespace onion_proxy
