#include "examples/onion_proxy/app/console.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <ctime>

namespace onion_proxy {
namespace {

constexpr size_t kDefaultWidth = 80;

constexpr std::string_view kBanner =
    "************************************************************************\n"
    "*  onion-proxy gives NO ANONYMITY. It is an example host for private   *\n"
    "*  and test networks. Do not point it at the public Tor network, and   *\n"
    "*  do not send through it what nobody may see.                         *\n"
    "************************************************************************\n";

std::string_view colour_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
    case LogLevel::kInfo:
      return "\x1b[2m";
    case LogLevel::kNotice:
      return "";
    case LogLevel::kWarn:
      return "\x1b[33m";
    case LogLevel::kError:
      return "\x1b[31m";
  }
  return "";
}

std::string time_of_day() {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm local{};
  localtime_r(&seconds, &local);
  return fmt::format("{:%H:%M:%S}.{:03}", local, ms);
}

}  // namespace

std::string escape_control(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c >= ' ' && c < '\x7f') {
      out += c;
    } else {
      out += fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

Console::Console(std::FILE* out, bool quiet)
    : out_(out),
      quiet_(quiet),
      terminal_(::isatty(::fileno(out)) == 1),
      colour_(terminal_ && std::getenv("NO_COLOR") == nullptr) {}

Console::~Console() {
  // The last state stays readable above the shell's prompt.
  if (!live_.empty()) write("\n");
}

void Console::log(LogLevel level, std::string_view message) {
  const std::string line =
      fmt::format("{} [{}] {}", time_of_day(), log_level_name(level), escape_control(message));
  const std::string live = live_;
  clear_live_line();
  const std::string_view colour = colour_ ? colour_of(level) : "";
  write(fmt::format("{}{}{}\n", colour, line, colour.empty() ? "" : "\x1b[0m"));
  if (!live.empty()) show_live_line(live);
}

void Console::print_banner() {
  if (quiet_) return;
  write(fmt::format("{}{}{}", colour_ ? "\x1b[1;31m" : "", kBanner, colour_ ? "\x1b[0m" : ""));
}

void Console::write(const std::string& text) {
  // A reader that has gone away is no reason to end: unlike fmt::print, this does not throw.
  std::fputs(text.c_str(), out_);
  std::fflush(out_);
}

size_t Console::width() const {
  winsize size{};
  if (::ioctl(::fileno(out_), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return kDefaultWidth;
}

void Console::show_live_line(const std::string& text) {
  if (!has_live_line()) return;
  clear_live_line();
  live_ = text;
  write(live_);
}

void Console::clear_live_line() {
  if (live_.empty()) return;
  write("\r\x1b[K");
  live_.clear();
}

}  // namespace onion_proxy
