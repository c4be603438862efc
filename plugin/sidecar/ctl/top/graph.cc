#include "plugin/sidecar/ctl/top/graph.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

#include "plugin/sidecar/ctl/top/screen.h"

namespace conflux::top {
namespace {

constexpr int kStepsPerRow = 4;
constexpr char32_t kBraille = 0x2800;
// Bits of a braille pattern, from the lowest dot up, left and right column.
constexpr std::array<std::array<char32_t, kStepsPerRow>, 2> kDots = {
    {{0x40, 0x04, 0x02, 0x01}, {0x80, 0x20, 0x10, 0x08}}};
constexpr std::array<char32_t, kStepsPerRow + 1> kAsciiSteps = {U' ', U'.', U':', U'|', U'#'};

// Anything above nothing shows, if only as one dot.
int steps_of(float value, float top, int all) {
  if (!(value > 0) || !(top > 0)) return 0;
  const float steps = std::round(std::min(value / top, 1.0F) * static_cast<float>(all));
  return std::max(1, static_cast<int>(steps));
}

char32_t glyph_of(std::span<const int> steps, int below, bool ascii) {
  const auto within = [below](int all) { return std::clamp(all - below, 0, kStepsPerRow); };
  if (ascii) return kAsciiSteps[static_cast<std::size_t>(within(steps[0]))];
  char32_t glyph = kBraille;
  for (std::size_t side = 0; side < steps.size(); ++side) {
    for (int dot = 0; dot < within(steps[side]); ++dot) {
      glyph |= kDots[side][static_cast<std::size_t>(dot)];
    }
  }
  return glyph == kBraille ? U' ' : glyph;
}

}  // namespace

int values_shown(const GraphSize& size) noexcept {
  return size.ascii ? size.width : 2 * size.width;
}

std::vector<std::string> draw_graph(std::span<const float> values, float top,
                                    const GraphSize& size) {
  const int shown = values_shown(size);
  std::vector<int> steps(static_cast<std::size_t>(std::max(shown, 0)), 0);
  const std::size_t count = std::min(values.size(), steps.size());
  for (std::size_t i = 0; i < count; ++i) {
    steps[steps.size() - count + i] =
        steps_of(values[values.size() - count + i], top, size.height * kStepsPerRow);
  }
  std::vector<std::string> rows;
  const std::size_t per_glyph = size.ascii ? 1 : 2;
  for (int row = size.height - 1; row >= 0; --row) {
    std::string line;
    for (std::size_t i = 0; i < steps.size(); i += per_glyph) {
      line += encode_utf8(glyph_of({&steps[i], per_glyph}, row * kStepsPerRow, size.ascii));
    }
    rows.push_back(std::move(line));
  }
  return rows;
}

float round_scale(float value) noexcept {
  if (!(value > 0) || !std::isfinite(value)) return 1;
  const float power = std::pow(10.0F, std::floor(std::log10(value)));
  for (const float step : {1.0F, 2.0F, 5.0F}) {
    if (value <= step * power) return step * power;
  }
  return 10 * power;
}

std::string draw_bar(double part, int width, bool ascii) {
  const double wanted = std::clamp(part, 0.0, 1.0) * width;
  const int full = static_cast<int>(std::lround(std::isfinite(wanted) ? wanted : 0));
  std::string out;
  for (int i = 0; i < width; ++i) {
    out += ascii ? (i < full ? "#" : "-") : (i < full ? "█" : "░");
  }
  return out;
}

}  // namespace conflux::top
