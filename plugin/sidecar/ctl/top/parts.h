// Parts of the picture; render.h puts them together.
#pragma once

#include <string>
#include <vector>

#include "plugin/sidecar/ctl/top/render.h"

namespace conflux::top {

// A part of the screen.
struct Area {
  int row = 0;
  int column = 0;
  int width = 0;
  int height = 0;
};

struct Canvas {
  Screen& screen;
  const RenderOptions& options;
};

inline constexpr Look kDim{.dim = true};
inline constexpr Look kBold{.bold = true};
inline constexpr Look kReverse{.reverse = true};
[[nodiscard]] Look look_of_leg(std::size_t index) noexcept;

void draw_header(Canvas canvas, const Area& area, const Model& model, const View& view);
void draw_banners(Canvas canvas, const Area& area, const std::vector<Banner>& lines);
void draw_totals(Canvas canvas, const Area& area, const Model& model);
// The table's titles and rows. `rows` as rows_of() gave them.
void draw_table(Canvas canvas, const Area& area, const std::vector<const TunnelRow*>& rows,
                const View& view);
void draw_details(Canvas canvas, const Area& area, const TunnelRow& tunnel);
void draw_footer(Canvas canvas, int row, const View& view);
void draw_help(Canvas canvas);

// An area graph with its scale written in its first row.
struct GraphText {
  std::string caption;
  Look look{};
};
void draw_graph_in(Canvas canvas, const Area& area, const std::vector<float>& values,
                   const GraphText& text);

// Lines of at most `width` characters, broken at blanks.
[[nodiscard]] std::vector<std::string> wrapped(const std::string& text, int width);

}  // namespace conflux::top
