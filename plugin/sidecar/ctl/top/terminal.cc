#include "plugin/sidecar/ctl/top/terminal.h"

#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1
#include <curses.h>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace conflux::top {
namespace {

constexpr short kColours = 8;

short pair_of(Colour colour) { return static_cast<short>(static_cast<short>(colour) + 1); }

void start_colours() {
  // In the order of Colour.
  constexpr std::array<short, kColours> kForeground = {
      -1, COLOR_GREEN, COLOR_YELLOW, COLOR_RED, COLOR_CYAN, COLOR_CYAN, COLOR_MAGENTA, COLOR_BLUE};
  start_color();
  use_default_colors();
  for (short i = 0; i < kColours; ++i) {
    init_pair(static_cast<short>(i + 1), kForeground[static_cast<std::size_t>(i)], -1);
  }
}

attr_t attributes_of(const Look& look) {
  attr_t out = A_NORMAL;
  if (look.bold) out |= A_BOLD;
  if (look.dim) out |= A_DIM;
  if (look.reverse) out |= A_REVERSE;
  return out;
}

Key key_of(int code) {
  switch (code) {
    case KEY_UP:
      return {.kind = Key::Kind::kUp};
    case KEY_DOWN:
      return {.kind = Key::Kind::kDown};
    case KEY_PPAGE:
      return {.kind = Key::Kind::kPageUp};
    case KEY_NPAGE:
      return {.kind = Key::Kind::kPageDown};
    case KEY_HOME:
      return {.kind = Key::Kind::kHome};
    case KEY_END:
      return {.kind = Key::Kind::kEnd};
    case KEY_ENTER:
    case '\n':
    case '\r':
      return {.kind = Key::Kind::kEnter};
    case KEY_BACKSPACE:
    case 0x7F:
    case '\b':
      return {.kind = Key::Kind::kBackspace};
    case 0x1B:
      return {.kind = Key::Kind::kEscape};
    default:
      break;
  }
  if (code < 0x20 || code > 0x7E) return {};
  return {.kind = Key::Kind::kText, .text = static_cast<char>(code)};
}

}  // namespace

bool locale_is_utf8() {
  return std::setlocale(LC_CTYPE, "") != nullptr && std::strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

std::unique_ptr<Terminal> Terminal::open(bool colour, std::string& problem) {
  if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) {
    problem = "standard input and output are no terminal; use `top --once`";
    return nullptr;
  }
  // A lone Esc is a key after this many ms.
  set_escdelay(50);
  if (newterm(nullptr, stdout, stdin) == nullptr) {
    const char* term = std::getenv("TERM");
    problem = std::string("the terminal `") + (term == nullptr ? "" : term) +
              "` (TERM) is not known; use `top --once`";
    return nullptr;
  }
  std::unique_ptr<Terminal> terminal(new Terminal(colour && has_colors()));
  if (terminal->colour_) start_colours();
  cbreak();
  noecho();
  nonl();
  curs_set(0);
  keypad(stdscr, TRUE);
  nodelay(stdscr, TRUE);
  return terminal;
}

Terminal::~Terminal() { endwin(); }

TerminalSize Terminal::size() const {
  return {.width = getmaxx(stdscr), .height = getmaxy(stdscr)};
}

void Terminal::resize() {
  winsize now{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &now) == 0 && now.ws_row > 0 && now.ws_col > 0) {
    resizeterm(now.ws_row, now.ws_col);
  }
  clear();
}

void Terminal::draw(const Screen& screen) {
  for (int row = 0; row < screen.height(); ++row) {
    for (int column = 0; column < screen.width(); ++column) {
      const Cell& cell = screen.at(row, column);
      const std::array<wchar_t, 2> glyph = {static_cast<wchar_t>(cell.glyph), L'\0'};
      cchar_t out{};
      setcchar(&out, glyph.data(), attributes_of(cell.look),
               colour_ ? pair_of(cell.look.colour) : static_cast<short>(0), nullptr);
      // The last cell cannot move the cursor on, which is reported and does not matter.
      mvadd_wch(row, column, &out);
    }
  }
  refresh();
}

std::optional<Key> Terminal::read_key() {
  const int code = getch();
  if (code == ERR) return std::nullopt;
  return key_of(code);
}

}  // namespace conflux::top
