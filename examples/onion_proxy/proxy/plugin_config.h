// The configuration that the plugin is opened with: the user's file, with what the command line
// overrides.
#pragma once

#include <optional>
#include <string>

#include "config/settings.h"
#include "examples/onion_proxy/base/result.h"
#include "examples/onion_proxy/directory/leg_count.h"
#include "examples/onion_proxy/proxy/far_legs.h"

namespace onion_proxy {

struct PluginConfig {
  conflux::config::Settings settings;
  std::string text;  ///< YAML for the plugin
  std::string name;  ///< for messages
  /// File or command line say how many legs; else stock's number is the network's to decide.
  bool legs_are_chosen = false;
};

struct PluginConfigRequest {
  std::string file{};               ///< empty: defaults
  std::optional<size_t> legs{};     ///< of the command line
  std::optional<std::string> ux{};  ///< of the command line
};

/// What that makes of the number of legs. `pinned`: the user names paths, and so chooses how many.
LegCount leg_count(const PluginConfig& config, bool pinned);

/// What that makes of legs that answer late.
FarLegPolicy far_leg_policy(const PluginConfig& config);

/// Reads and checks. Errors carry every finding, one a line. Without a file, more than two legs
/// choose `profile: lab`; a file that says otherwise is not overruled.
Result<PluginConfig> load_plugin_config(const PluginConfigRequest& request);

}  // namespace onion_proxy
