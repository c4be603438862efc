// Plots as SVG text: lines over an axis of time, and bars. Small, and equal for equal input.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace scheduler_lab {

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points{};  ///< x ascending
};

struct LinePlot {
  std::string title;
  std::string subtitle{};
  std::string x_label;
  std::string y_label;
  std::vector<Series> series{};
  double y_most = 0;   ///< of the axis; 0: as the data needs
  bool steps = false;  ///< a value holds until the next, as in a distribution
};

struct Bar {
  std::string name;
  std::optional<double> value{};  ///< none: no bar, and the note alone
  double low = 0;                 ///< of the seeds, shown as a whisker
  double high = 0;
  std::string note{};  ///< beside it
};

struct BarPlot {
  std::string title;
  std::string subtitle{};
  std::string x_label;
  std::vector<Bar> bars{};
};

[[nodiscard]] std::string draw(const LinePlot& plot);
[[nodiscard]] std::string draw(const BarPlot& plot);

/// Round numbers that divide 0 to `most` into four to nine parts; the last is `most` or more.
[[nodiscard]] std::vector<double> ticks(double most);

}  // namespace scheduler_lab
