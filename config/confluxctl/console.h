// Where the tool's text goes and how it may look there.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace conflux::ctl {

enum class Style { kBold, kError, kWarning, kMark };

struct Console {
  bool colour = false;     // standard output is a terminal that wants colour
  std::size_t width = 80;  // columns of standard output

  // `text` with escape sequences if there is colour.
  std::string styled(Style style, std::string_view text) const;
};

// Colour needs a terminal, no NO_COLOR (https://no-color.org) and a TERM that is not "dumb".
Console detect_console();

// Writes to standard output or error, without a line end of its own.
void print(std::string_view text);
void print_error(std::string_view text);

}  // namespace conflux::ctl
