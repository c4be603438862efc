// From configuration text to what the core is told.
#pragma once

#include <mpath/plugin.h>

#include <cstdint>
#include <memory>
#include <string>

#include "config/settings.h"
#include "plugin/core/tunnel_config.h"

namespace conflux {

// One accepted configuration. Immutable; shared by whoever began with it.
struct InstanceConfig {
  config::Settings settings;
  TunnelConfig tunnel;
  std::uint64_t process_limit = 0;  // held bytes of all tunnels
};

struct ConfigResult {
  std::shared_ptr<const InstanceConfig> config;  // null: refused
  std::string diagnostics;                       // errors and warnings, one a line
};

// Checks text (empty: the defaults) and, with `current`, that nothing changes which cannot change
// at run time. Throws std::bad_alloc only.
[[nodiscard]] ConfigResult read_config(const mpath_config_text* text,
                                       const InstanceConfig* current = nullptr);

}  // namespace conflux
