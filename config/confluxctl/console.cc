#include "config/confluxctl/console.h"

#include <fmt/color.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace conflux::ctl {
namespace {

constexpr std::size_t kNarrowest = 40;
constexpr std::size_t kWidest = 100;

fmt::text_style style_of(Style style) {
  switch (style) {
    case Style::kBold:
      return fmt::emphasis::bold;
    case Style::kError:
      return fmt::emphasis::bold | fg(fmt::terminal_color::red);
    case Style::kWarning:
      return fmt::emphasis::bold | fg(fmt::terminal_color::yellow);
    case Style::kMark:
      return fg(fmt::terminal_color::green);
  }
  return {};
}

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

bool wants_colour() {
  const char* term = std::getenv("TERM");
  return !is_set("NO_COLOR") && (term == nullptr || std::string_view(term) != "dumb");
}

}  // namespace

std::string Console::styled(Style style, std::string_view text) const {
  return colour ? fmt::format(style_of(style), "{}", text) : std::string(text);
}

Console detect_console() {
  Console console;
  if (::isatty(STDOUT_FILENO) == 0) {
    return console;
  }
  console.colour = wants_colour();
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    console.width = std::clamp<std::size_t>(size.ws_col, kNarrowest, kWidest);
  }
  return console;
}

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void print_error(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

}  // namespace conflux::ctl
