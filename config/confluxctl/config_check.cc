#include "config/confluxctl/config_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "config/options/option_table.h"
#include "config/options/units.h"
#include "config/options/values.h"

namespace conflux::ctl {
namespace {

using config::Diagnostic;
using config::Severity;
using Json = nlohmann::ordered_json;

std::string plural(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::size_t count(const config::ParseResult& result, Severity severity) {
  return static_cast<std::size_t>(
      std::count_if(result.diagnostics.begin(), result.diagnostics.end(),
                    [&](const Diagnostic& diagnostic) { return diagnostic.severity == severity; }));
}

// "file:line:col:" stands out, the rest is plain.
std::string headline(const Diagnostic& diagnostic, std::string_view name, const Console& console) {
  const std::string line = to_string(diagnostic, name);
  const std::string place = to_string(Diagnostic{.at = diagnostic.at}, name);
  const std::size_t end = std::min(place.find_last_not_of(' ') + 1, line.size());
  const Style style = diagnostic.severity == Severity::kError ? Style::kError : Style::kWarning;
  return console.styled(style, line.substr(0, end)) + line.substr(end) + "\n";
}

std::string source_lines(std::string_view text, const config::Position& at,
                         const Console& console) {
  std::string lines = config::excerpt(text, at);
  const std::size_t caret = lines.find('\n') + 1;
  if (lines.empty()) {
    return lines;
  }
  const std::string marks = lines.substr(caret, lines.size() - caret - 1);
  return lines.substr(0, caret) + console.styled(Style::kMark, marks) + "\n";
}

std::string summary(const config::ParseResult& result) {
  const std::size_t errors = count(result, Severity::kError);
  const std::size_t warnings = count(result, Severity::kWarning);
  std::string out = config::printable(result.name) + ": ";
  if (result.out_of_memory) {
    return out + "out of memory\n";
  }
  out += result.ok() ? "valid" : plural(errors, "error");
  if (warnings > 0) {
    out += ", " + plural(warnings, "warning");
  }
  if (result.omitted > 0) {
    out += fmt::format(", {} more not shown", result.omitted);
  }
  return out + "\n";
}

Json value_as_json(const config::Option& option, const config::Settings& settings) {
  const std::string text = value_text(option, settings);
  if (const auto* integer = std::get_if<config::IntegerType>(&option.type)) {
    return config::read_integer(text).value.value_or(integer->least);
  }
  if (std::holds_alternative<config::BoolType>(option.type)) {
    return text == "true";
  }
  if (const auto* type = std::get_if<config::PinsType>(&option.type)) {
    Json pins = Json::array();
    config::Settings copy = settings;
    for (const config::Sha256& pin : type->place(copy)) {
      pins.push_back(config::write_sha256(pin));
    }
    return pins;
  }
  return text.empty() ? Json(nullptr) : Json(text);
}

Json settings_as_json(const config::Settings& settings) {
  Json out = Json::object();
  for (const config::Option& option : config::catalogue().options) {
    std::string pointer = "/" + std::string(option.key);
    std::replace(pointer.begin(), pointer.end(), '.', '/');
    out[Json::json_pointer(pointer)] = value_as_json(option, settings);
  }
  return out;
}

Json as_json(const Diagnostic& diagnostic) {
  Json related = Json::array();
  for (const config::Related& other : diagnostic.related) {
    related.push_back({{"key", other.key}, {"line", other.at.line}, {"column", other.at.column}});
  }
  const bool error = diagnostic.severity == Severity::kError;
  return {{"severity", error ? "error" : "warning"},
          {"line", diagnostic.at.line},
          {"column", diagnostic.at.column},
          {"length", diagnostic.at.length},
          {"key", diagnostic.key},
          {"message", diagnostic.message},
          {"expected", diagnostic.expected},
          {"suggestion", diagnostic.suggestion},
          {"related", std::move(related)}};
}

}  // namespace

std::string check_as_text(const config::ParseResult& result, std::string_view text,
                          const Console& console) {
  std::string out;
  for (const Diagnostic& diagnostic : result.diagnostics) {
    out += headline(diagnostic, result.name, console);
    out += source_lines(text, diagnostic.at, console);
  }
  return out + summary(result);
}

std::string check_as_json(const config::ParseResult& result) {
  Json out = {{"file", result.name}, {"ok", result.ok()}, {"diagnostics", Json::array()}};
  for (const Diagnostic& diagnostic : result.diagnostics) {
    out["diagnostics"].push_back(as_json(diagnostic));
  }
  out["omitted"] = result.omitted;
  if (result.settings) {
    out["settings"] = settings_as_json(*result.settings);
  }
  // A file name need not be UTF-8.
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace conflux::ctl
