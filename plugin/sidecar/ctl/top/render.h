// The live view as a picture. Pure: the same model, view and size give the same screen.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plugin/sidecar/ctl/top/model.h"
#include "plugin/sidecar/ctl/top/screen.h"
#include "plugin/sidecar/ctl/top/view.h"

namespace conflux::top {

struct RenderOptions {
  int width = 80;
  int height = 24;
  bool ascii = false;
  double interval = 1;    // seconds, as asked for
  long utc_offset = 0;    // of the clock that is shown, in seconds
  bool one_shot = false;  // for a file or a pipe: no key hints, no selection
};

[[nodiscard]] Screen render(const Model& model, const View& view, const RenderOptions& options);

// What stands in the way of a whole picture, the worst first, each with what to do.
struct Banner {
  bool bad = false;  // else a hint
  std::string text;
};
[[nodiscard]] std::vector<Banner> banners_of(const Model& model);

// Rows of each part, from top to bottom.
struct Layout {
  int header = 0;
  int graph = 0;
  int banners = 0;
  int rows = 0;  // of the table, without its titles
  int details = 0;
  int footer = 0;
  bool titles = false;  // of the table
};
struct Wanted {
  int banners = 0;
  int legs = 0;  // of the selected tunnel; 0: no details
};
[[nodiscard]] Layout plan_layout(const RenderOptions& options, const Wanted& wanted) noexcept;

}  // namespace conflux::top
