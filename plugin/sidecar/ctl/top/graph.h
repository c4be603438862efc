// Small graphs and bars made of characters. Pure functions.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace conflux::top {

struct GraphSize {
  int width = 0;  // in characters
  int height = 0;
  bool ascii = false;
};

// How many values a graph of this width shows.
[[nodiscard]] int values_shown(const GraphSize& size) noexcept;

// An area under the latest values, the newest at the right; from 0 to `top`. Rows of UTF-8 from
// top to bottom, each `width` characters. Braille: two values and four steps per character.
[[nodiscard]] std::vector<std::string> draw_graph(std::span<const float> values, float top,
                                                  const GraphSize& size);

// The next number of the series 1, 2, 5, 10, ... that is not below `value`: a scale that does not
// flicker.
[[nodiscard]] float round_scale(float value) noexcept;

// `part` of 1 as a bar, `width` characters.
[[nodiscard]] std::string draw_bar(double part, int width, bool ascii);

}  // namespace conflux::top
