#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <mpath/plugin.hpp>
#include <span>
#include <string>

#include "examples/onion_proxy/base/log.h"
#include "examples/onion_proxy/base/result.h"
#include "examples/onion_proxy/net/timer.h"
#include "examples/onion_proxy/proxy/plugin_config.h"

namespace onion_proxy {

/// The opened plugin and its housekeeping: ticks, log records that go to our log, and tunnels that
/// are to go because all together hold back too much. Outlives all tunnels.
class PluginHost {
 public:
  /// Loads `path` (absolute) with the checks and pins of the configuration, and opens it.
  static Result<std::unique_ptr<PluginHost>> open(boost::asio::io_context& io, const Logger& log,
                                                  const std::string& path,
                                                  const PluginConfig& config);

  /// All or nothing, for tunnels that are created from now on. The error is what the plugin says.
  Status reload(const PluginConfig& config);

  mpath::Instance& instance() { return instance_; }

  /// Is told which tunnels the plugin has marked for closing; each finds itself closed in its
  /// owner's next poll. Told again with each tick until that has come. Null: nobody is told.
  using ShedHandler = std::function<void(std::span<const mpath_tunnel_id> victims)>;
  void set_shed_handler(ShedHandler handler) { shed_handler_ = std::move(handler); }

  /// Moves what the plugin has to say to the log.
  void drain_log();

 private:
  PluginHost(boost::asio::io_context& io, const Logger& log, mpath::Instance instance);
  void tick();
  void tell_victims();

  const Logger& log_;
  mpath::Instance instance_;
  ShedHandler shed_handler_;
  Timer timer_;
};

}  // namespace onion_proxy
