#include "examples/scheduler_lab/app/choice.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

#include "config/options/suggest.h"

namespace scheduler_lab {
namespace {

constexpr const char* kBaseline = "low_rtt";

bool is_among(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::string expected(const std::vector<std::string>& names, const std::string& name) {
  const std::vector<std::string_view> views(names.begin(), names.end());
  const std::string_view near = conflux::config::nearest(name, views);
  return fmt::format("expected one of {}{}", fmt::join(names, ", "),
                     near.empty() ? "" : fmt::format("; did you mean `{}`?", near));
}

}  // namespace

std::string choose_schedulers(const std::vector<std::string>& known, Options& options) {
  if (options.schedulers.empty()) options.schedulers = known;
  if (options.schedulers.empty()) {
    return "the plugin does not tell its schedulers; name them with --schedulers";
  }
  for (const std::string& name : options.schedulers) {
    if (known.empty() || name == "auto" || is_among(known, name)) continue;
    return fmt::format("--schedulers: the plugin knows no \"{}\": {}", name, expected(known, name));
  }
  if (options.baseline.empty()) {
    options.baseline =
        is_among(options.schedulers, kBaseline) ? kBaseline : options.schedulers.front();
  }
  if (is_among(options.schedulers, options.baseline)) return {};
  return fmt::format("--baseline: \"{}\" does not run: {}", options.baseline,
                     expected(options.schedulers, options.baseline));
}

}  // namespace scheduler_lab
