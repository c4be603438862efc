#include "host_api/conformance/report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "host_api/conformance/requirements.h"

namespace mpath::kit {
namespace {

const char* colour_of(Status status) {
  switch (status) {
    case Status::kPassed:
      return "\x1b[32m";
    case Status::kWarning:
    case Status::kSkipped:
      return "\x1b[33m";
    case Status::kFailed:
    case Status::kCrashed:
    case Status::kTimedOut:
      return "\x1b[31m";
  }
  return "";
}

// For a shell: in single quotes.
std::string quoted(const std::string& word) {
  const bool plain =
      !word.empty() && word.find_first_not_of(
                           "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+") ==
                           std::string::npos;
  if (plain) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string xml(const std::string& text) {
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
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

std::string requirement_words(const Result& result) {
  if (result.requirement.empty()) return result.message;
  const Requirement* requirement = find_requirement(result.requirement);
  return fmt::format("{} ({}): {}", result.requirement,
                     requirement == nullptr ? "unknown" : requirement->text, result.message);
}

}  // namespace

std::size_t Report::count(Status status) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(lines, [&](const Line& line) { return line.result.status == status; }));
}

bool Report::has_failed() const {
  return std::ranges::any_of(lines, [](const Line& line) { return line.result.is_bad(); });
}

std::string reproduction(const Settings& settings, const Check& check) {
  std::string pattern = "^" + check.name + "$";
  pattern.insert(pattern.find('.'), "\\");
  const std::string config =
      settings.config_file.empty() ? "" : " --config " + quoted(settings.config_file);
  return fmt::format("mpath-validate {}{} --only '{}' --seed {} --steps {}",
                     quoted(settings.plugin), config, pattern, settings.seed, settings.steps);
}

TextReport::TextReport(std::FILE* out) : out_(out), is_coloured_(::isatty(::fileno(out)) != 0) {}

void TextReport::begin(const Report& report) const {
  fmt::print(out_, "{}: {}\n", report.settings.plugin, report.plugin);
}

void TextReport::tell(const Report& report, const Line& line) {
  if (group_ != line.check->group()) {
    group_ = line.check->group();
    fmt::print(out_, "\n{}\n", group_);
  }
  const Result& result = line.result;
  const std::string_view word = word_of(result.status);
  if (is_coloured_) {
    fmt::print(out_, "  {}{:<9}\x1b[0m  {}", colour_of(result.status), word, line.check->name);
  } else {
    fmt::print(out_, "  {:<9}  {}", word, line.check->name);
  }
  if (result.seconds >= 1) fmt::print(out_, "  ({:.1f} s)", result.seconds);
  fmt::print(out_, "\n");
  if (!result.message.empty()) fmt::print(out_, "             {}\n", requirement_words(result));
  if (result.is_bad()) {
    fmt::print(out_, "             again: {}\n", reproduction(report.settings, *line.check));
  }
  std::fflush(out_);
}

void TextReport::end(const Report& report) const {
  fmt::print(out_, "\n");
  for (const Status status :
       {Status::kWarning, Status::kFailed, Status::kCrashed, Status::kTimedOut, Status::kSkipped}) {
    if (const std::size_t count = report.count(status); count > 0) {
      fmt::print(out_, "{} {}, ", count, word_of(status));
    }
  }
  fmt::print(out_, "{} passed\n", report.count(Status::kPassed));
}

std::string to_json(const Report& report) {
  nlohmann::ordered_json checks = nlohmann::ordered_json::array();
  for (const Line& line : report.lines) {
    nlohmann::ordered_json entry{{"name", line.check->name},
                                 {"status", word_of(line.result.status)},
                                 {"seconds", line.result.seconds},
                                 {"proves", line.check->requirements}};
    if (!line.result.requirement.empty()) entry["broken"] = line.result.requirement;
    if (!line.result.message.empty()) entry["message"] = line.result.message;
    if (line.result.is_bad()) entry["again"] = reproduction(report.settings, *line.check);
    checks.push_back(entry);
  }
  nlohmann::ordered_json summary;
  for (const Status status : {Status::kPassed, Status::kWarning, Status::kFailed, Status::kCrashed,
                              Status::kTimedOut, Status::kSkipped}) {
    summary[std::string(word_of(status))] = report.count(status);
  }
  const nlohmann::ordered_json all{{"plugin", report.settings.plugin},
                                   {"version", report.plugin},
                                   {"seed", report.settings.seed},
                                   {"steps", report.settings.steps},
                                   {"summary", summary},
                                   {"checks", checks}};
  return all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string to_junit(const Report& report) {
  const std::size_t bad = report.count(Status::kFailed) + report.count(Status::kCrashed) +
                          report.count(Status::kTimedOut);
  std::string out = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuite name=\"mpath-validate\" tests=\"{}\" failures=\"{}\" skipped=\"{}\">\n",
      report.lines.size(), bad, report.count(Status::kSkipped));
  for (const Line& line : report.lines) {
    out += fmt::format("  <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\"",
                       line.check->group(), line.check->name, line.result.seconds);
    const std::string message = xml(requirement_words(line.result));
    if (line.result.is_bad()) {
      out += fmt::format(">\n    <failure message=\"{}\">{}</failure>\n  </testcase>\n", message,
                         xml(reproduction(report.settings, *line.check)));
    } else if (line.result.status == Status::kSkipped) {
      out += fmt::format(">\n    <skipped message=\"{}\"/>\n  </testcase>\n", message);
    } else if (line.result.status == Status::kWarning) {
      out += fmt::format(">\n    <system-out>{}</system-out>\n  </testcase>\n", message);
    } else {
      out += "/>\n";
    }
  }
  return out + "</testsuite>\n";
}

std::string coverage_text() {
  std::string out;
  for (const Requirement& requirement : requirements()) {
    out += fmt::format("{}  {}\n", requirement.id, requirement.text);
    for (const std::string& name : checks_of(requirement.id)) {
      out += fmt::format("    mpath-validate {}\n", name);
    }
    if (!requirement.probe.empty()) out += fmt::format("    probe: {}\n", requirement.probe);
    if (!requirement.layer.empty()) out += fmt::format("    check layer: {}\n", requirement.layer);
    if (!requirement.not_checkable.empty()) {
      out += fmt::format("    not checkable: {}\n", requirement.not_checkable);
    }
  }
  return out;
}

std::string coverage_json() {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const Requirement& requirement : requirements()) {
    all.push_back({{"id", requirement.id},
                   {"text", requirement.text},
                   {"checks", checks_of(requirement.id)},
                   {"probe", requirement.probe},
                   {"layer", requirement.layer},
                   {"not_checkable", requirement.not_checkable}});
  }
  return all.dump(2) + "\n";
}

std::string list_text(const std::vector<const Check*>& checks) {
  std::string out;
  for (const Check* check : checks) {
    out += fmt::format("{}\n    {} [{}]\n", check->name, check->claim,
                       fmt::join(check->requirements, ", "));
  }
  return out;
}

}  // namespace mpath::kit
