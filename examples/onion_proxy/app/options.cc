#include "examples/onion_proxy/app/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <map>

#include "examples/onion_proxy/directory/item_reader.h"

namespace onion_proxy {
namespace {

constexpr const char* kDescription =
    "A small Tor client that moves streams over several circuits with the conflux plugin.\n"
    "For private and test networks only: it gives NO anonymity.";

constexpr const char* kExamples = R"(
Examples:
  onion-proxy --authorities DIR/authorities --plugin ./conflux.so
      SOCKS5 on 127.0.0.1:9150, as many legs for each tunnel as stock tor's client takes
  onion-proxy --authorities DIR/authorities --legs 1
      plain circuits, for comparison; needs no plugin
  onion-proxy --authorities DIR/authorities --plugin ./conflux.so --stats-json stats.json
      counters of legs, switches and streams, renewed every second
  onion-proxy --authorities DIR/authorities --plugin ./conflux.so \
      --path relay0,relay1,exit0 --path relay2,relay3,exit0
      chosen relays for each leg, by nickname
  onion-proxy --authorities DIR/authorities --check-network
      fetch and verify the directory, print what it holds, end
  curl --proxy socks5h://127.0.0.1:9150 http://127.0.0.1:8000/file
      a download through it

FILE for --authorities has one line per authority, as examples/private_network writes it:
  NICK v3ident=HEX dirport=127.0.0.1:PORT fingerprint=HEX
torrc lines (`DirAuthority NICK orport=... v3ident=... ADDRESS:PORT FINGERPRINT`) work as well.

SIGHUP: reads --config again, if there is one. New tunnels follow it; a file with an error changes
nothing.

Exit status: 0 ended by SIGINT or SIGTERM, 1 failure, 2 wrong command line.)";

constexpr const char* kDefaultSocks = "127.0.0.1:9150";
constexpr size_t kLegsMax = 8;
constexpr int kWrongUsage = 2;

constexpr std::array<const char*, 5> kUxNames = {"no_opinion", "min_latency", "low_mem_latency",
                                                 "high_throughput", "low_mem_throughput"};

const std::map<std::string, LogLevel> kLogLevels = {{"debug", LogLevel::kDebug},
                                                    {"info", LogLevel::kInfo},
                                                    {"notice", LogLevel::kNotice},
                                                    {"warn", LogLevel::kWarn},
                                                    {"error", LogLevel::kError}};

// What CLI11 fills before our own checks.
struct Raw {
  std::string socks = kDefaultSocks;
  std::string ux;
  size_t legs = 0;
  std::vector<std::string> paths;
  unsigned stream_timeout = 60;
  unsigned stall_timeout = 30;
  unsigned idle_timeout = 600;
  bool allow_remote = false;
};

Result<boost::asio::ip::tcp::endpoint> parse_socks_address(const std::string& text,
                                                           bool allow_remote) {
  const size_t colon = text.rfind(':');
  const bool only_port = colon == std::string::npos;
  std::string host = only_port ? "127.0.0.1" : text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto port = parse_number(only_port ? text : text.substr(colon + 1), 65535);
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(host, error);
  if (error || !port) {
    return Error{
        fmt::format("--socks: `{}`: expected ADDRESS:PORT, such as {}", text, kDefaultSocks)};
  }
  if (!address.is_loopback() && !allow_remote) {
    return Error{
        fmt::format("--socks: {} is not a loopback address; anyone who reaches it could "
                    "use the proxy. Add --allow-remote if that is meant",
                    host)};
  }
  return boost::asio::ip::tcp::endpoint(address, static_cast<uint16_t>(*port));
}

Status complete(const Raw& raw, const CLI::App& app, Options& options) {
  const auto socks = parse_socks_address(raw.socks, raw.allow_remote);
  if (!socks.ok()) return Error{socks.error()};
  options.socks = socks.value();
  for (const std::string& path : raw.paths) {
    auto pins = parse_path_pins(path);
    if (!pins.ok()) return Error{"--path: " + pins.error()};
    options.paths.push_back(std::move(pins).value());
  }
  if (app.count("--legs") > 0) options.legs = raw.legs;
  if (app.count("--ux") > 0) options.ux = raw.ux;
  if (options.legs && options.paths.size() > *options.legs) {
    return Error{fmt::format("--path stands {} times, but --legs is {}", options.paths.size(),
                             *options.legs)};
  }
  options.stream_timeout = std::chrono::seconds(raw.stream_timeout);
  options.stall_timeout = std::chrono::seconds(raw.stall_timeout);
  options.idle_timeout = std::chrono::seconds(raw.idle_timeout);
  return {};
}

void add_timeouts(CLI::App& app, Raw& raw) {
  app.add_option("--stream-timeout", raw.stream_timeout,
                 "give up a stream that is not connected after this time")
      ->type_name("SECONDS")
      ->check(CLI::Range(1U, 3600U))
      ->capture_default_str();
  app.add_option("--stall-timeout", raw.stall_timeout,
                 "close a tunnel whose exit answers nothing for this time while streams are open, "
                 "asked half way; 0: never")
      ->type_name("SECONDS")
      ->check(CLI::Range(0U, 3600U))
      ->capture_default_str();
  app.add_option("--idle-timeout", raw.idle_timeout,
                 "close a tunnel without streams after this time")
      ->type_name("SECONDS")
      ->check(CLI::Range(1U, 86400U))
      ->capture_default_str();
}

void add_network_options(CLI::App& app, Raw& raw, Options& options) {
  app.add_option("--authorities", options.authorities_file,
                 "the network's directory authorities, the root of trust")
      ->type_name("FILE")
      ->required();
  app.add_option("--socks", raw.socks, "where applications connect")
      ->type_name("ADDRESS:PORT")
      ->capture_default_str();
  app.add_flag("--allow-remote", raw.allow_remote, "let --socks be other than loopback");
  app.add_option("--exit-nickname", options.exit_nickname, "use this exit (for tests)")
      ->type_name("NAME");
  app.add_option("--path", raw.paths,
                 "relays of one leg as GUARD,MIDDLE,EXIT, empty or * for any; the n-th binds leg n")
      ->type_name("NAMES")
      ->expected(1)
      ->take_all();
  app.add_flag("--check-network", options.check_network,
               "verify the directory, print a summary, end");
}

void add_multipath_options(CLI::App& app, Raw& raw, Options& options) {
  app.add_option("--plugin", options.plugin_file, "the multipath plugin (default: as configured)")
      ->type_name("PATH");
  app.add_option("--config", options.config_file, "configuration of plugin and multipath (YAML)")
      ->type_name("FILE");
  app.add_option("--legs", raw.legs,
                 "circuits for each tunnel; 1 is a plain circuit without plugin (default: as "
                 "configured, else as the consensus says)")
      ->type_name("N")
      ->check(CLI::Range(size_t{1}, kLegsMax));
  app.add_option("--hold-link", options.hold_link_file,
                 "link the legs of a tunnel only once FILE exists (for tests)")
      ->type_name("FILE");
  app.add_option("--ux", raw.ux, "desired UX (default: as configured)")
      ->type_name("NAME")
      ->check(CLI::IsMember(std::vector<std::string>(kUxNames.begin(), kUxNames.end())));
}

void add_output_options(CLI::App& app, Options& options) {
  app.add_option("--stats-json", options.stats_file,
                 "write counters there every second and at the end")
      ->type_name("FILE");
  CLI::CheckedTransformer levels(kLogLevels, CLI::ignore_case);
  // Its own description would list our enumerators' numbers.
  levels.description("");
  app.add_option("--log", options.log_level, "least level: debug, info, notice, warn, error")
      ->type_name("LEVEL")
      ->transform(levels)
      ->default_str("notice");
  app.add_flag("--quiet", options.quiet, "no banner and no live status; log warnings and errors");
}

}  // namespace

std::variant<Options, ExitNow> parse_options(int argc, const char* const* argv) {
  CLI::App app(kDescription, "onion-proxy");
  app.footer(kExamples);
  app.get_formatter()->column_width(34);
  Raw raw;
  Options options;
  add_network_options(app, raw, options);
  add_timeouts(app, raw);
  add_multipath_options(app, raw, options);
  add_output_options(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return ExitNow{0, app.help()};
  } catch (const CLI::ParseError& error) {
    return ExitNow{kWrongUsage,
                   fmt::format("{}\nonion-proxy --help lists all options\n", error.what())};
  }
  const Status status = complete(raw, app, options);
  if (!status.ok()) {
    return ExitNow{kWrongUsage, status.error() + "\nonion-proxy --help lists all options\n"};
  }
  if (options.quiet && app.count("--log") == 0) options.log_level = LogLevel::kWarn;
  return options;
}

}  // namespace onion_proxy
