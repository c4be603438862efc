#include <fmt/format.h>

#include <array>
#include <string_view>

#include "plugin/sidecar/ctl/top/parts.h"

namespace conflux::top {
namespace {

struct Line {
  std::string_view key;
  std::string_view text;
};

constexpr auto kHelp = std::to_array<Line>({
    {"q", "quit"},
    {"s S", "sort by the next, the previous column"},
    {"r", "reverse the order"},
    {"/", "filter by tunnel, proxy or state; Enter keeps it, Esc clears it"},
    {"p", "pause and go on"},
    {"j k", "select the next, the previous tunnel (or arrows, Page, Home, End)"},
    {"d", "show or hide the selected tunnel's legs (or Enter)"},
    {"h ?", "this help; any of h, ?, q, Esc closes it"},
    {"", ""},
    {"RECV/s SENT/s", "goodput: sequenced cells times 498 bytes, over the last seconds"},
    {"SHARE %", "of each leg; of all cells so far if nothing flows"},
    {"RTT ms", "round trip of each leg, rounded to 10"},
    {"REORDER", "memory of cells that wait for one before them"},
    {"SW/MIN", "switches of the sending leg, both directions, per minute"},
    {"HELPS", "all cells over those of the best leg: 1.9x is almost twice as fast"},
    {"INFLIGHT:CWND", "cells on the way, and how many may be, of each leg"},
    {"*", "the leg that sends"},
    {"", ""},
    {"", "Everything is kept in memory only, and gone when you quit."},
});

}  // namespace

void draw_help(Canvas canvas) {
  canvas.screen.put({0, 0}, "conflux top: help", {.colour = Colour::kAccent, .bold = true});
  int row = canvas.options.height > static_cast<int>(kHelp.size()) + 1 ? 2 : 1;
  for (const Line& line : kHelp) {
    canvas.screen.put({row, 1}, line.key, kBold);
    canvas.screen.put({row, line.key.empty() ? 1 : 16}, line.text);
    ++row;
  }
}

void draw_footer(Canvas canvas, int row, const View& view) {
  Screen& screen = canvas.screen;
  if (view.typing_filter) {
    screen.put({row, 0}, "filter: " + view.filter + "_   Enter keeps it, Esc clears it");
    screen.mark_row(row, kReverse);
    return;
  }
  int at = 0;
  if (!view.filter.empty()) {
    at = screen.put({row, 0}, "filtered: " + view.filter, kReverse) + 2;
  }
  const std::string sort =
      fmt::format("sort: {}{}", name_of(view.sort), view.reversed ? ", reversed" : "");
  for (const auto& [key, text] : std::to_array<Line>({{"q", "quit"},
                                                      {"h", "help"},
                                                      {"s", sort},
                                                      {"r", "reverse"},
                                                      {"/", "filter"},
                                                      {"p", view.paused ? "go on" : "pause"},
                                                      {"d", "details"}})) {
    at = screen.put({row, at}, key, kBold);
    at = screen.put({row, at + 1}, text, kDim) + 2;
  }
}

}  // namespace conflux::top
