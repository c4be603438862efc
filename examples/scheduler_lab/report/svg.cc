#include "examples/scheduler_lab/report/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace scheduler_lab {
namespace {

constexpr double kWidth = 860;
constexpr double kLeft = 78;
constexpr double kRight = 24;
constexpr double kTop = 78;
constexpr double kPlotHeight = 300;
constexpr double kBottom = 80;
constexpr double kBarStep = 34;
constexpr double kBarHeight = 20;
constexpr double kNameWidth = 190;
constexpr double kLegendStep = 168;

// Distinguishable without colour vision (Okabe and Ito); beyond eight, dashes tell apart.
constexpr std::array<const char*, 8> kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                 "#e69f00", "#56b4e9", "#444444", "#8a6d00"};

const char* colour(std::size_t at) { return kColours[at % kColours.size()]; }
const char* dashes(std::size_t at) {
  return at < kColours.size() ? "" : " stroke-dasharray=\"6 3\"";
}

std::string xml_escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string number(double value) {
  std::string text = fmt::format("{:.6g}", value);
  return text == "-0" ? "0" : text;
}

std::string text(double x, double y, const char* attributes, const std::string& words) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" {}>{}</text>\n", x, y, attributes,
                     xml_escape(words));
}

std::string head(double height, const std::string& title, const std::string& subtitle) {
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
      "viewBox=\"0 0 {0} {1}\" font-family=\"Helvetica,Arial,sans-serif\" font-size=\"13\">\n"
      "<title>{2}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
      kWidth, height, xml_escape(title));
  out += text(kLeft, 26, "font-size=\"17\" font-weight=\"bold\" fill=\"#111111\"", title);
  return out + text(kLeft, 45, "fill=\"#555555\"", subtitle);
}

// Where data lies in the picture.
struct Frame {
  double x_most = 1;
  double y_most = 1;

  [[nodiscard]] double x(double value) const {
    return kLeft + value / x_most * (kWidth - kLeft - kRight);
  }
  [[nodiscard]] double y(double value) const {
    return kTop + kPlotHeight - std::min(value / y_most, 1.0) * kPlotHeight;
  }
};

std::string axes(const LinePlot& plot, const Frame& frame) {
  std::string out;
  for (const double value : ticks(frame.y_most)) {
    if (value > frame.y_most * 1.0001) continue;
    out += fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"#e4e4e4\"/>\n",
        kLeft, frame.y(value), kWidth - kRight, frame.y(value));
    out +=
        text(kLeft - 8, frame.y(value) + 4, "text-anchor=\"end\" fill=\"#333333\"", number(value));
  }
  for (const double value : ticks(frame.x_most)) {
    if (value > frame.x_most * 1.0001) continue;
    out += fmt::format(
        "<line x1=\"{0:.1f}\" y1=\"{1:.1f}\" x2=\"{0:.1f}\" y2=\"{2:.1f}\" stroke=\"#333333\"/>\n",
        frame.x(value), kTop + kPlotHeight, kTop + kPlotHeight + 5);
    out += text(frame.x(value), kTop + kPlotHeight + 20, "text-anchor=\"middle\" fill=\"#333333\"",
                number(value));
  }
  out += fmt::format(
      "<path d=\"M{0:.1f} {1:.1f}V{2:.1f}H{3:.1f}\" fill=\"none\" "
      "stroke=\"#333333\"/>\n",
      kLeft, kTop, kTop + kPlotHeight, kWidth - kRight);
  out += text((kLeft + kWidth - kRight) / 2, kTop + kPlotHeight + 40,
              "text-anchor=\"middle\" fill=\"#111111\"", plot.x_label);
  const std::string turned =
      fmt::format("text-anchor=\"middle\" fill=\"#111111\" transform=\"rotate(-90 18 {0:.1f})\"",
                  kTop + kPlotHeight / 2);
  return out + text(18, kTop + kPlotHeight / 2, turned.c_str(), plot.y_label);
}

std::string curve(const Series& series, std::size_t at, const LinePlot& plot, const Frame& frame) {
  std::string path;
  double last_y = 0;
  for (const auto& [x, y] : series.points) {
    if (path.empty()) {
      path = fmt::format("M{:.1f} {:.1f}", frame.x(x), frame.y(y));
    } else if (plot.steps) {
      path += fmt::format("L{:.1f} {:.1f}L{:.1f} {:.1f}", frame.x(x), frame.y(last_y), frame.x(x),
                          frame.y(y));
    } else {
      path += fmt::format("L{:.1f} {:.1f}", frame.x(x), frame.y(y));
    }
    last_y = y;
  }
  return fmt::format(
      "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.8\" "
      "stroke-linejoin=\"round\"{}/>\n",
      path, colour(at), dashes(at));
}

std::size_t legend_columns() {
  return static_cast<std::size_t>((kWidth - kLeft - kRight) / kLegendStep);
}

std::string legend(const std::vector<Series>& series) {
  std::string out;
  const std::size_t per_row = legend_columns();
  for (std::size_t i = 0; i < series.size(); ++i) {
    const double x = kLeft + static_cast<double>(i % per_row) * kLegendStep;
    const double y = kTop + kPlotHeight + 64 + static_cast<double>(i / per_row) * 18;
    out += fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" "
        "stroke=\"{}\" stroke-width=\"3\"{}/>\n",
        x, y - 4, x + 22, y - 4, colour(i), dashes(i));
    out += text(x + 28, y, "fill=\"#111111\"", series[i].name);
  }
  return out;
}

std::string bar_row(const Bar& bar, std::size_t at, double most) {
  const double left = kNameWidth;
  const double width = kWidth - left - 120;
  const double y = kTop + static_cast<double>(at) * kBarStep;
  const auto x = [&](double value) { return left + value / most * width; };
  std::string out = text(left - 10, y + 15, "text-anchor=\"end\" fill=\"#111111\"", bar.name);
  if (!bar.value) return out + text(left + 8, y + 15, "fill=\"#333333\"", bar.note);
  out += fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
      "fill=\"{}\"/>\n",
      left, y, std::max(x(*bar.value) - left, 0.5), kBarHeight, colour(at));
  if (bar.high > bar.low) {
    out += fmt::format(
        "<path d=\"M{0:.1f} {2:.1f}H{1:.1f}M{0:.1f} {3:.1f}v8M{1:.1f} {3:.1f}v8\" "
        "stroke=\"#111111\" fill=\"none\"/>\n",
        x(bar.low), x(bar.high), y + kBarHeight / 2, y + kBarHeight / 2 - 4);
  }
  const std::string value = number(std::round(*bar.value * 1000) / 1000);
  return out + text(x(std::max(*bar.value, bar.high)) + 8, y + 15, "fill=\"#333333\"",
                    bar.note.empty() ? value : value + " (" + bar.note + ")");
}

}  // namespace

std::vector<double> ticks(double most) {
  if (!(most > 0)) return {0, 1};
  const double rough = most / 5;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = power;
  for (const double factor : {1.0, 2.0, 2.5, 5.0, 10.0}) {
    step = factor * power;
    if (step >= rough * 0.999) break;
  }
  std::vector<double> out;
  for (int i = 0; out.empty() || out.back() < most * 0.9999; ++i) out.push_back(i * step);
  return out;
}

std::string draw(const LinePlot& plot) {
  Frame frame{.x_most = 0, .y_most = plot.y_most};
  for (const Series& series : plot.series) {
    for (const auto& [x, y] : series.points) {
      frame.x_most = std::max(frame.x_most, x);
      if (plot.y_most <= 0) frame.y_most = std::max(frame.y_most, y);
    }
  }
  if (!(frame.x_most > 0)) frame.x_most = 1;
  frame.y_most = plot.y_most > 0 ? plot.y_most : ticks(frame.y_most).back();
  const std::size_t rows = (plot.series.size() + legend_columns() - 1) / legend_columns();
  std::string out = head(kTop + kPlotHeight + kBottom + 18 * static_cast<double>(rows) - 18,
                         plot.title, plot.subtitle);
  out += axes(plot, frame);
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    if (!plot.series[i].points.empty()) out += curve(plot.series[i], i, plot, frame);
  }
  return out + legend(plot.series) + "</svg>\n";
}

std::string draw(const BarPlot& plot) {
  double most = 0;
  for (const Bar& bar : plot.bars) most = std::max({most, bar.value.value_or(0), bar.high});
  const std::vector<double> marks = ticks(most);
  const double bottom = kTop + static_cast<double>(plot.bars.size()) * kBarStep;
  std::string out = head(bottom + 60, plot.title, plot.subtitle);
  for (const double value : marks) {
    const double x = kNameWidth + value / marks.back() * (kWidth - kNameWidth - 120);
    out += fmt::format(
        "<line x1=\"{0:.1f}\" y1=\"{1:.1f}\" x2=\"{0:.1f}\" y2=\"{2:.1f}\" "
        "stroke=\"#e4e4e4\"/>\n",
        x, kTop - 6, bottom);
    out += text(x, bottom + 16, "text-anchor=\"middle\" fill=\"#333333\"", number(value));
  }
  out += text((kNameWidth + kWidth - 120) / 2, bottom + 40,
              "text-anchor=\"middle\" fill=\"#111111\"", plot.x_label);
  for (std::size_t i = 0; i < plot.bars.size(); ++i) {
    out += bar_row(plot.bars[i], i, marks.back());
  }
  return out + "</svg>\n";
}

}  // namespace scheduler_lab
