// onion-proxy: a small Tor client for private and test networks. See --help.
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "config/parse.h"
#include "examples/onion_proxy/app/check_network.h"
#include "examples/onion_proxy/app/console.h"
#include "examples/onion_proxy/app/options.h"
#include "examples/onion_proxy/app/stats.h"
#include "examples/onion_proxy/base/file.h"
#include "examples/onion_proxy/net/socks_listener.h"
#include "examples/onion_proxy/net/timer.h"
#include "examples/onion_proxy/proxy/tunnel_manager.h"

namespace onion_proxy {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int kFailure = 1;
constexpr milliseconds kStatusInterval{1000};
constexpr milliseconds kFlushTime{200};  ///< for DESTROY cells and last bytes at the end

Result<PluginConfig> configured(const Options& options) {
  return load_plugin_config({.file = options.config_file, .legs = options.legs, .ux = options.ux});
}

/// The running program: everything that lives from the first look at the directory to the end.
class Application {
 public:
  Application(const Options& options, Console& console, const Logger& log)
      : options_(options), console_(console), log_(log), status_timer_(io_), end_timer_(io_) {}

  int run() {
    const auto authorities = load_authorities(options_.authorities_file);
    if (!authorities.ok()) return fail(authorities.error());
    directory_.emplace(io_, log_, authorities.value(), DirectoryClient::Options{});
    if (Status ready = open_plugin(); !ready.ok()) return fail(ready.error());
    if (Status ready = listen(); !ready.ok()) return fail(ready.error());
    directory_->keep_fresh();
    handle_signals();
    begin_reloads();
    manager_->prepare();
    tick_status();
    io_.run();
    return 0;
  }

 private:
  int fail(const std::string& reason) {
    log_.lines(LogLevel::kError, reason);
    return kFailure;
  }

  Status open_plugin() {
    const auto config = configured(options_);
    if (!config.ok()) return Error{config.error()};
    settings_ = config.value().settings;
    legs_ = leg_count(config.value(), !options_.paths.empty());
    far_legs_ = far_leg_policy(config.value());
    if (legs_.legs == 1) {
      log_.notice("one leg: plain circuits, no plugin");
      return Status();
    }
    const std::string path =
        !options_.plugin_file.empty() ? options_.plugin_file : settings_.plugin.path;
    if (path.empty()) return Error{"no plugin: name one with --plugin or in the configuration"};
    auto host = PluginHost::open(io_, log_, absolute(path), config.value());
    if (host.ok()) {
      plugin_ = std::move(host).value();
      return Status();
    }
    if (settings_.plugin.on_failure != conflux::config::OnFailure::kSinglePath) {
      return Error{host.error()};
    }
    log_.lines(LogLevel::kWarn, host.error());
    log_.warn("going on with plain circuits, as plugin.on_failure asks");
    legs_ = {.legs = 1};
    return Status();
  }

  static std::string absolute(const std::string& path) {
    std::error_code ignored;
    const auto out = std::filesystem::absolute(path, ignored);
    return ignored ? path : out.lexically_normal().string();
  }

  Status listen() {
    channels_.emplace(io_, ChannelPool::Options{});
    manager_.emplace(TunnelEnvironment{io_, log_, *channels_}, *directory_, plugin_.get(),
                     TunnelManager::Options{.legs = legs_,
                                            .far_legs = far_legs_,
                                            .exit_nickname = options_.exit_nickname,
                                            .paths = options_.paths,
                                            .hold_link_file = options_.hold_link_file,
                                            .stream_timeout = options_.stream_timeout,
                                            .idle_timeout = options_.idle_timeout,
                                            .stall_timeout = options_.stall_timeout});
    listener_.emplace(io_, log_, SocksListenerOptions{.address = options_.socks});
    Status started = listener_->start(
        [this](SocksArrival arrival) { manager_->handle_arrival(std::move(arrival)); });
    if (!started.ok()) return started;
    const auto endpoint = listener_->local_endpoint();
    log_.notice("SOCKS5 on {}:{}, {} for each tunnel", endpoint.address().to_string(),
                endpoint.port(), to_string(legs_));
    return Status();
  }

  void handle_signals() {
    signals_.async_wait([this](const boost::system::error_code& error, int /*number*/) {
      if (!error) stop();
    });
  }

  // Without a file there is nothing to read again, and a terminal that hangs up ends the proxy.
  void begin_reloads() {
    if (options_.config_file.empty()) return;
    reloads_.add(SIGHUP);
    handle_reloads();
  }

  void handle_reloads() {
    reloads_.async_wait([this](const boost::system::error_code& error, int /*number*/) {
      if (error) return;
      const Status reloaded = reload();
      if (!reloaded.ok()) log_.lines(LogLevel::kError, reloaded.error() + "\nnothing is changed");
      handle_reloads();
    });
  }

  // All or nothing, for tunnels that are built from now on.
  Status reload() {
    const auto config = configured(options_);
    if (!config.ok()) return Error{config.error()};
    const LegCount legs = leg_count(config.value(), !options_.paths.empty());
    Status taken = plugin_ ? plugin_->reload(config.value()) : judge_alone(config.value(), legs);
    if (!taken.ok()) return taken;
    manager_->set_legs(legs, far_leg_policy(config.value()));
    log_.notice("configuration read again: {} for each new tunnel", to_string(legs));
    return Status();
  }

  // What the plugin would say, where none is loaded.
  Status judge_alone(const PluginConfig& config, const LegCount& legs) const {
    if (legs.legs != 1) return Error{"no plugin is loaded: more than one leg needs a restart"};
    const auto judged = conflux::config::reload(settings_, config.text, config.name);
    return judged.ok() ? Status() : Error{conflux::config::to_string(judged)};
  }

  void stop() {
    log_.notice("ending");
    status_timer_.cancel();
    reloads_.cancel();
    listener_->stop();
    manager_->stop("the proxy ends");
    write_stats();
    channels_->close_all("the proxy ends");
    end_timer_.run_after(kFlushTime, [this] { io_.stop(); });
  }

  milliseconds uptime() const {
    return std::chrono::duration_cast<milliseconds>(SteadyClock::now() - started_);
  }

  void write_stats() {
    if (options_.stats_file.empty()) return;
    const Status written =
        write_file_atomically(options_.stats_file, to_json(manager_->stats(), uptime()));
    if (!written.ok()) log_.warn("{}", written.error());
  }

  void tick_status() {
    write_stats();
    if (console_.has_live_line()) {
      console_.show_live_line(status_line_.render(manager_->stats(), uptime(), console_.width()));
    }
    status_timer_.run_after(kStatusInterval, [this] { tick_status(); });
  }

  const Options& options_;
  Console& console_;
  const Logger& log_;
  LegCount legs_;
  FarLegPolicy far_legs_;
  conflux::config::Settings settings_;  ///< as at the start
  SteadyClock::time_point started_ = SteadyClock::now();
  StatusLine status_line_;

  // Destroyed from the bottom up: tunnels before the plugin and the channels that they use.
  boost::asio::io_context io_{1};
  boost::asio::signal_set signals_{io_, SIGINT, SIGTERM};
  boost::asio::signal_set reloads_{io_};
  Timer status_timer_;
  Timer end_timer_;
  std::optional<DirectoryClient> directory_;
  std::unique_ptr<PluginHost> plugin_;
  std::optional<ChannelPool> channels_;
  std::optional<TunnelManager> manager_;
  std::optional<SocksListener> listener_;
};

int check(const Options& options, const Logger& log) {
  const auto config = configured(options);
  if (config.ok()) {
    return check_network(options, leg_count(config.value(), !options.paths.empty()), log);
  }
  log.lines(LogLevel::kError, config.error());
  return kFailure;
}

int run(int argc, const char* const* argv) {
  const auto parsed = parse_options(argc, argv);
  if (const auto* exit_now = std::get_if<ExitNow>(&parsed)) {
    (exit_now->status == 0 ? std::cout : std::cerr) << exit_now->text;
    return exit_now->status;
  }
  const Options& options = std::get<Options>(parsed);
  std::signal(SIGPIPE, SIG_IGN);
  Console console(stderr, options.quiet);
  const Logger log(options.log_level, [&console](LogLevel level, std::string_view message) {
    console.log(level, message);
  });
  if (options.check_network) return check(options, log);
  console.print_banner();
  return Application(options, console, log).run();
}

}  // namespace
}  // namespace onion_proxy

int main(int argc, char** argv) { return onion_proxy::run(argc, argv); }
