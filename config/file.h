// The bytes of a configuration file, for programs. The plugin never links this: it gets its text
// from the host.
#pragma once

#include <optional>
#include <string>

namespace conflux::config {

struct FileText {
  std::optional<std::string> text;
  std::string error;  // without text: what is wrong with the file and what to do
};

// Reads a regular file of at most kMaxTextBytes. A symbolic link in the last component, a device, a
// pipe or a directory is refused: a program with rights must not be led to print or wait for
// something else than a configuration.
FileText read_config_file(const std::string& path);

}  // namespace conflux::config
