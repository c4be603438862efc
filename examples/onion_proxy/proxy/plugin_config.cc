#include "examples/onion_proxy/proxy/plugin_config.h"

#include <algorithm>

#include "config/file.h"
#include "config/options/option_table.h"
#include "config/options/values.h"
#include "config/parse.h"

namespace onion_proxy {
namespace {

using conflux::config::Option;
using conflux::config::ParseResult;
using conflux::config::Profile;
using conflux::config::Settings;

constexpr size_t kStockLegsMax = 2;

Status read_settings(const std::string& file, PluginConfig& out) {
  const auto content = conflux::config::read_config_file(file);
  if (!content.text) return Error{file + ": " + content.error};
  const ParseResult parsed = conflux::config::parse(*content.text, file);
  if (!parsed.ok()) return Error{conflux::config::to_string(parsed)};
  out.settings = *parsed.settings;
  out.legs_are_chosen = std::ranges::find(parsed.keys, "conflux.legs.count") != parsed.keys.end();
  return Status();
}

// "conflux.legs.count" as nested mappings, two blanks deeper each.
void append_option(std::string& out, const Option& option, const Settings& settings,
                   std::string& section) {
  const std::string value = conflux::config::value_text(option, settings);
  if (value.empty()) return;
  const std::string parent(conflux::config::parent(option.key));
  if (parent != section) {
    size_t common = 0;
    for (size_t at = 0; at < parent.size();) {
      const size_t dot = std::min(parent.find('.', at), parent.size());
      const std::string prefix = parent.substr(0, dot);
      const bool open = section == prefix || section.starts_with(prefix + ".");
      if (!open) {
        out.append(2 * static_cast<size_t>(std::ranges::count(prefix, '.')), ' ');
        out += std::string(conflux::config::leaf(prefix)) + ":\n";
      }
      common = dot;
      at = common + 1;
    }
    section = parent;
  }
  out.append(2 * conflux::config::level(option.key), ' ');
  out += std::string(conflux::config::leaf(option.key)) + ": " + value + "\n";
}

std::string to_yaml(const Settings& settings) {
  std::string out;
  std::string section;
  for (const Option& option : conflux::config::catalogue().options) {
    append_option(out, option, settings, section);
  }
  return out;
}

Status override_ux(const std::string& ux, Settings& settings) {
  const Option* option = conflux::config::catalogue().find_option("conflux.desired_ux");
  const auto& type = std::get<conflux::config::EnumType>(option->type);
  const auto value = std::ranges::find(type.values, ux, &conflux::config::EnumValue::name);
  if (value == type.values.end()) return Error{"--ux: unknown name " + ux};
  type.set(settings, value->value);
  return Status();
}

}  // namespace

LegCount leg_count(const PluginConfig& config, bool pinned) {
  const auto& conflux = config.settings.conflux;
  return {.legs = conflux.legs.count,
          .by_consensus = conflux.profile == Profile::kStock && !config.legs_are_chosen && !pinned,
          .most = conflux.legs.max};
}

FarLegPolicy far_leg_policy(const PluginConfig& config) {
  using conflux::config::FarLegs;
  const auto& conflux = config.settings.conflux;
  FarLegPolicy out;
  switch (conflux.legs.far) {
    case FarLegs::kAuto:
      out.for_bulk = conflux.profile == Profile::kFast;
      break;
    case FarLegs::kAtOnce:
      break;
    case FarLegs::kForBulk:
      out.for_bulk = true;
      break;
  }
  return out;
}

Result<PluginConfig> load_plugin_config(const PluginConfigRequest& request) {
  PluginConfig out;
  out.name = request.file.empty() ? "command line" : request.file;
  if (request.file.empty()) {
    const bool many = request.legs.value_or(0) > kStockLegsMax;
    out.settings = conflux::config::default_settings(many ? Profile::kLab : Profile::kStock);
  } else {
    if (Status read = read_settings(request.file, out); !read.ok()) return Error{read.error()};
  }
  auto& legs = out.settings.conflux.legs;
  if (request.legs) {
    legs.count = static_cast<uint32_t>(*request.legs);
    out.legs_are_chosen = true;
  }
  legs.max = std::max(legs.max, legs.count);
  if (request.ux) {
    if (Status set = override_ux(*request.ux, out.settings); !set.ok()) return Error{set.error()};
  }
  out.text = to_yaml(out.settings);
  const ParseResult checked =
      conflux::config::parse(out.text, out.name + ", with the command line");
  if (!checked.ok()) return Error{conflux::config::to_string(checked)};
  return out;
}

}  // namespace onion_proxy
