#include <algorithm>
#include <vector>

#include "config/docs/docs.h"
#include "config/docs/text.h"
#include "config/options/option_table.h"
#include "config/options/suggest.h"
#include "config/options/values.h"

namespace conflux::config {
namespace {

constexpr std::string_view kIndent = "  ";
constexpr std::size_t kLabelWidth = 10;

std::string fact(std::string_view label, std::string_view text, std::size_t width) {
  const std::string hang = std::string(kIndent) + std::string(kLabelWidth, ' ');
  std::string out = wrap(text, width, hang);
  out.replace(0, hang.size(), std::string(kIndent) + padded(label, kLabelWidth));
  return out;
}

std::string default_of(const Option& option) {
  if (option.stock_default.empty()) {
    return "unset, for example " + std::string(option.example);
  }
  std::string out(option.stock_default);
  if (!option.lab_default.empty()) {
    out += ", with profile lab " + std::string(option.lab_default);
  }
  return out;
}

std::string values_of(const EnumType& type, std::size_t width) {
  std::string out;
  for (const EnumValue& value : type.values) {
    const std::string hang(26, ' ');
    std::string line = wrap(value.help, width, hang);
    line.replace(0, hang.size(), "    " + padded(value.name, 22));
    out += line;
  }
  return out;
}

std::string explain_option(const Option& option, std::size_t width) {
  std::string out = std::string(option.key) + "\n" + wrap(option.help, width, kIndent) + "\n";
  out += fact("Value", expectation(option.type), width);
  if (const auto* type = std::get_if<EnumType>(&option.type)) {
    out += values_of(*type, width);
  }
  out +=
      fact("Default", option.key == "version" ? "none, it must be set" : default_of(option), width);
  out += fact("Reload",
              option.restart_required
                  ? "refused if changed: restart the " + std::string(process_of(option.key))
                  : "accepted",
              width);
  out += fact("Since", option.since, width);
  if (!option.deprecation.removed_in.empty()) {
    out += fact(
        "Leaves in",
        std::string(option.deprecation.removed_in) + "; use " + std::string(option.deprecation.use),
        width);
  }
  return out + "\n" + wrap(option.explanation, width, kIndent);
}

std::string explain_section(const Section& section, std::size_t width) {
  std::string out = std::string(section.key) + "\n" + wrap(section.help, width, kIndent) + "\n" +
                    wrap(section.explanation, width, kIndent);
  std::string keys;
  for (const Option& option : catalogue().options) {
    if (option.key.starts_with(std::string(section.key) + ".")) {
      keys += std::string(kIndent) + padded(option.key, 32) + std::string(option.help) + "\n";
    }
  }
  return keys.empty() ? out : out + "\n" + keys;
}

std::vector<std::string_view> all_keys() {
  std::vector<std::string_view> keys;
  for (const Section& section : catalogue().sections) {
    keys.push_back(section.key);
  }
  for (const Option& option : catalogue().options) {
    keys.push_back(option.key);
  }
  return keys;
}

}  // namespace

std::optional<std::string> explain(std::string_view key, std::size_t width) {
  if (const Option* option = catalogue().find_option(key)) {
    return explain_option(*option, width);
  }
  if (const Section* section = catalogue().find_section(key)) {
    return explain_section(*section, width);
  }
  return std::nullopt;
}

std::string list_keys() {
  std::string out;
  for (const Option& option : catalogue().options) {
    const std::string_view value = option.key == "version"        ? "required"
                                   : option.stock_default.empty() ? "unset"
                                                                  : option.stock_default;
    out += padded(option.key, 31) + padded(value, 17) + std::string(option.help) + "\n";
  }
  return out;
}

std::string suggest_key(std::string_view key) {
  const std::vector<std::string_view> keys = all_keys();
  for (const std::string_view known : keys) {
    if (leaf(known) == key || (known.ends_with(key) && known.size() > key.size() &&
                               known[known.size() - key.size() - 1] == '.')) {
      return std::string(known);
    }
  }
  std::string_view best = nearest(key, keys);
  if (best.empty()) {
    for (const std::string_view known : keys) {
      const std::string_view own = leaf(known);
      if (!nearest(leaf(key), std::span(&own, 1)).empty()) {
        return std::string(known);
      }
    }
  }
  return std::string(best);
}

}  // namespace conflux::config
