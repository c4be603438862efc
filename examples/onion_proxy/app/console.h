// Standard error: log lines, the banner, and on a terminal one live line below them.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "examples/onion_proxy/base/log.h"

namespace onion_proxy {

/// Single-threaded. Colour and the live line appear on a terminal only; NO_COLOR turns colour off.
class Console {
 public:
  /// `quiet` suppresses banner and live line.
  Console(std::FILE* out, bool quiet);
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  /// One line with time and level. Control characters in `message` are escaped: it may quote peers.
  void log(LogLevel level, std::string_view message);

  /// Says loudly what this program is not for.
  void print_banner();

  bool has_live_line() const { return terminal_ && !quiet_; }
  /// Columns of the terminal, 80 if unknown.
  size_t width() const;
  /// Replaces the live line; nothing off a terminal.
  void show_live_line(const std::string& text);

 private:
  void write(const std::string& text);
  void clear_live_line();

  std::FILE* out_;
  bool quiet_;
  bool terminal_;
  bool colour_;
  std::string live_;
};

/// `text` with control characters and bytes above ASCII as \xNN.
std::string escape_control(std::string_view text);

}  // namespace onion_proxy
