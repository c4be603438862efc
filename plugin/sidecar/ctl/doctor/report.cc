#include "plugin/sidecar/ctl/doctor/report.h"

#include <fmt/format.h>

#include <algorithm>

#include "plugin/sidecar/ctl/json.h"

namespace conflux::ctl {
namespace {

using Level = Finding::Level;

std::string mark_of(Level level, const Console& console) {
  switch (level) {
    case Level::kFine:
      return console.styled(Style::kMark, "ok     ");
    case Level::kHint:
      return console.styled(Style::kWarning, "hint   ");
    case Level::kProblem:
      return console.styled(Style::kError, "problem");
  }
  return {};
}

const char* name_of(Level level) {
  switch (level) {
    case Level::kFine:
      return "ok";
    case Level::kHint:
      return "hint";
    case Level::kProblem:
      return "problem";
  }
  return "";
}

}  // namespace

std::string findings_as_text(const std::vector<Finding>& findings, const Console& console) {
  std::string out;
  for (const Finding& finding : findings) {
    out +=
        fmt::format("{}  {}: {}\n", mark_of(finding.level, console), finding.subject, finding.text);
    if (!finding.next.empty()) out += fmt::format("         -> {}\n", finding.next);
  }
  const auto problems = std::ranges::count(findings, Level::kProblem, &Finding::level);
  return out + (problems == 0 ? std::string("all is well\n")
                              : fmt::format("{} problem{}\n", problems, problems == 1 ? "" : "s"));
}

std::string findings_as_json(const std::vector<Finding>& findings) {
  Json out = {{"healthy", is_healthy(findings)}, {"findings", Json::array()}};
  for (const Finding& finding : findings) {
    out["findings"].push_back({{"level", name_of(finding.level)},
                               {"subject", finding.subject},
                               {"text", finding.text},
                               {"next", finding.next}});
  }
  return to_text(out, 2);
}

}  // namespace conflux::ctl
