// The command line of onion-proxy.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "examples/onion_proxy/base/log.h"
#include "examples/onion_proxy/directory/path_choice.h"

namespace onion_proxy {

struct Options {
  std::string authorities_file;
  boost::asio::ip::tcp::endpoint socks;
  std::string plugin_file;        ///< empty: what the configuration says, or the built-in place
  std::string config_file;        ///< empty: defaults
  std::optional<size_t> legs;     ///< 1 to 8; overrides the configuration
  std::optional<std::string> ux;  ///< a desired UX by its configuration name; overrides it
  std::string exit_nickname;      ///< empty: any exit
  std::vector<PathPins> paths;    ///< paths[i] pins leg i
  std::string stats_file;         ///< empty: none
  std::string hold_link_file;     ///< for tests: legs are linked once it exists; empty: at once
  std::chrono::seconds stream_timeout{60};
  std::chrono::seconds stall_timeout{30};  ///< 0: never
  std::chrono::seconds idle_timeout{600};
  LogLevel log_level = LogLevel::kNotice;
  bool quiet = false;          ///< no banner, no live status, only warnings and errors
  bool check_network = false;  ///< print a summary of the network and exit
};

/// The process is to end without running: `--help`, or a wrong command line.
struct ExitNow {
  int status = 0;
  std::string text;  ///< for standard output if status is 0, else for standard error
};

/// Checks everything that can be checked without opening a file.
std::variant<Options, ExitNow> parse_options(int argc, const char* const* argv);

}  // namespace onion_proxy
