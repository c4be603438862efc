#include <string>
#include <variant>

#include "config/docs/docs.h"
#include "config/docs/text.h"
#include "config/options/option_table.h"
#include "config/options/units.h"
#include "config/options/values.h"

namespace conflux::config {
namespace {

constexpr std::string_view kDefaultsHead =
    "# yaml-language-server: $schema=/usr/share/conflux/conflux.schema.json\n"
    "#\n"
    "# Configuration of the Conflux multipath plugin.\n"
    "#\n"
    "# Every option stands here with its default, commented out. To change one, remove\n"
    "# the '#' in front of its key and edit the value; leave the indentation as it is.\n"
    "#\n"
    "#   confluxctl config check FILE    find errors before the host does\n"
    "#   confluxctl config explain KEY   what an option does and what it reveals\n"
    "\n";

std::string enum_lines(const Option& option, const std::string& indent) {
  std::string out;
  if (const auto* type = std::get_if<EnumType>(&option.type)) {
    for (const EnumValue& value : type->values) {
      out += indent + "#   " + padded(value.name, 20) + std::string(value.help) + "\n";
    }
  }
  return out;
}

// " 1 to 8."; empty where the help says enough.
std::string value_range(const OptionType& type) {
  const auto range = [](const std::string& least, const std::string& most) {
    return least == most ? std::string() : " " + least + " to " + most + ".";
  };
  if (const auto* integer = std::get_if<IntegerType>(&type)) {
    return range(std::to_string(integer->least), std::to_string(integer->most));
  }
  if (const auto* size = std::get_if<SizeType>(&type)) {
    return range(write_size(size->least), write_size(size->most));
  }
  if (const auto* duration = std::get_if<DurationType>(&type)) {
    return range(write_duration(duration->least), write_duration(duration->most));
  }
  return {};
}

std::string value_line(const Option& option, Profile profile, const std::string& indent) {
  const std::string_view set = default_text(option, profile);
  const bool chosen = option.key == "conflux.profile" && profile != Profile::kStock;
  const bool active = chosen || option.key == "version";
  Settings settings;
  settings.conflux.profile = profile;
  const std::string text = chosen        ? value_text(option, settings)
                           : set.empty() ? std::string(option.example)
                                         : std::string(set);
  return indent + (active ? "" : "#") + std::string(leaf(option.key)) + ": " + text + "\n";
}

std::string option_lines(const Option& option, Profile profile) {
  const std::string indent(2 * level(option.key), ' ');
  std::string about = std::string(option.help) + value_range(option.type);
  if (option.restart_required) {
    about += " A change needs a restart.";
  }
  if (!option.deprecation.removed_in.empty()) {
    about += " Deprecated: use " + std::string(option.deprecation.use) + ".";
  }
  return wrap(about, kDefaultWidth, indent + "# ") + enum_lines(option, indent) +
         value_line(option, profile, indent);
}

std::string section_lines(const Section& section, Profile profile) {
  const std::string indent(2 * level(section.key), ' ');
  std::string out = "\n" + indent + "# " + std::string(section.help) + "\n" + indent +
                    std::string(leaf(section.key)) + ":\n";
  for (const Option& option : catalogue().options) {
    if (parent(option.key) == section.key) {
      out += "\n" + option_lines(option, profile);
    }
  }
  return out;
}

}  // namespace

std::string defaults_yaml(Profile profile) {
  std::string out(kDefaultsHead);
  for (const Option& option : catalogue().options) {
    if (parent(option.key).empty()) {
      out += option_lines(option, profile);
    }
  }
  for (const Section& section : catalogue().sections) {
    out += section_lines(section, profile);
  }
  return out;
}

}  // namespace conflux::config
