// The plugin, and what it says of itself.
#pragma once

#include <mpath/plugin.hpp>
#include <string>
#include <vector>

namespace scheduler_lab {

struct LoadedPlugin {
  mpath::Plugin plugin;
  std::string path;
  std::string sha256;
  std::string error;  ///< not empty: nothing was loaded
};

/// `path` may be relative; empty: conflux.so of the build or installation that this program is of.
LoadedPlugin load(const std::string& path);

/// The schedulers that the plugin knows, but `auto`, in its own order. It is asked by a
/// configuration that names none of them: the refusal lists what would have been right. Empty if it
/// does not tell.
std::vector<std::string> schedulers_of(const mpath::Plugin& plugin);

/// The names in a refusal of `conflux.scheduler`.
std::vector<std::string> parse_schedulers(const std::string& diagnostics);

}  // namespace scheduler_lab
