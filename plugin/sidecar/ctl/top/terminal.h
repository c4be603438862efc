// The terminal, behind a thin layer: cells out, keys in. The only file that knows ncurses.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "plugin/sidecar/ctl/top/screen.h"
#include "plugin/sidecar/ctl/top/view.h"

namespace conflux::top {

struct TerminalSize {
  int width = 80;
  int height = 24;
};

// One at a time, one thread. The destructor gives the terminal back as it was. Signals are the
// caller's: block SIGINT, SIGTERM and SIGWINCH before, so that none ends the program in between.
class Terminal {
 public:
  // Null with `problem` if standard input and output are no terminal, or one that nobody knows.
  [[nodiscard]] static std::unique_ptr<Terminal> open(bool colour, std::string& problem);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // After SIGWINCH.
  void resize();
  [[nodiscard]] TerminalSize size() const;
  // As large as size().
  void draw(const Screen& screen);
  // Nothing if no key waits.
  [[nodiscard]] std::optional<Key> read_key();

 private:
  explicit Terminal(bool colour) : colour_(colour) {}
  bool colour_;
};

// Whether the locale of the environment can show more than ASCII. Sets the program's LC_CTYPE.
[[nodiscard]] bool locale_is_utf8();

}  // namespace conflux::top
