#include <algorithm>
#include <string>
#include <variant>

#include "config/docs/docs.h"
#include "config/docs/text.h"
#include "config/options/option_table.h"
#include "config/options/values.h"

namespace conflux::config {
namespace {

constexpr std::size_t kWidth = 100;

constexpr std::string_view kReferenceHead =
    "# Configuration reference\n"
    "\n"
    "Made from the option table by `confluxctl config reference`; do not edit.\n"
    "\n"
    "One YAML file configures the plugin, its loader and the sidecar. The smallest one is\n"
    "the line `version: 1`.\n"
    "\n"
    "- Unknown keys are errors; keys that begin with `x-` are yours and are ignored.\n"
    "- Durations are whole numbers with the units d, h, m, s, ms, the largest first: `90s`, "
    "`1m30s`.\n"
    "  Sizes have one unit of B, KiB, MiB, GiB: `16MiB`. A bare number is an error, except `0`.\n"
    "- Anchors, aliases, merge keys, tags, duplicate keys and a second document are errors.\n"
    "- `confluxctl config check FILE` finds every error at once; a reload with an error changes\n"
    "  nothing.\n";

std::string cell(std::string_view label, const std::string& text) {
  return "| " + std::string(label) + " | " + text + " |\n";
}

std::string code(std::string_view text) { return "`" + std::string(text) + "`"; }

std::string default_cell(const Option& option) {
  if (option.key == "version") {
    return "none, it must be set";
  }
  if (option.stock_default.empty()) {
    return "unset, for example " + code(option.example);
  }
  std::string out = code(option.stock_default);
  if (!option.lab_default.empty()) {
    out += ", with profile lab " + code(option.lab_default);
  }
  return out;
}

std::string facts(const Option& option) {
  std::string out = "| | |\n|---|---|\n";
  if (const auto* type = std::get_if<EnumType>(&option.type)) {
    for (const EnumValue& value : type->values) {
      out += cell(code(value.name), std::string(value.help));
    }
  } else {
    out += cell("value", expectation(option.type));
  }
  out += cell("default", default_cell(option));
  out += cell("reload", option.restart_required ? "refused if changed: restart the " +
                                                      std::string(process_of(option.key))
                                                : "accepted");
  out += cell("since", std::string(option.since));
  if (!option.deprecation.removed_in.empty()) {
    out += cell("deprecated", "will be removed in " + std::string(option.deprecation.removed_in) +
                                  "; use " + std::string(option.deprecation.use));
  }
  return out;
}

std::string option_part(const Option& option) {
  return "\n### " + code(option.key) + "\n\n" + std::string(option.help) + "\n\n" + facts(option) +
         "\n" + wrap(option.explanation, kWidth, "");
}

std::string options_of(std::string_view section) {
  std::string out;
  for (const Option& option : catalogue().options) {
    if (parent(option.key) == section) {
      out += option_part(option);
    }
  }
  return out;
}

}  // namespace

std::string markdown_reference() {
  std::string out(kReferenceHead);
  out += options_of({});
  for (const Section& section : catalogue().sections) {
    out += "\n## " + code(section.key) + "\n\n" + std::string(section.help) + "\n\n" +
           wrap(section.explanation, kWidth, "") + options_of(section.key);
  }
  return out;
}

}  // namespace conflux::config
