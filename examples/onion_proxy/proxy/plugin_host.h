#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>
#include <mpath/plugin.hpp>
#include <string>

#include "examples/onion_proxy/base/log.h"
#include "examples/onion_proxy/base/result.h"
#include "examples/onion_proxy/net/timer.h"
#include "examples/onion_proxy/proxy/plugin_config.h"

namespace onion_proxy {

/// The opened plugin and its housekeeping: ticks, and log records that go to our log. Outlives all
/// tunnels.
class PluginHost {
 public:
  /// Loads `path` (absolute) with the checks and pins of the configuration, and opens it.
  static Result<std::unique_ptr<PluginHost>> open(boost::asio::io_context& io, const Logger& log,
                                                  const std::string& path,
                                                  const PluginConfig& config);

  /// All or nothing, for tunnels that are created from now on. The error is what the plugin says.
  Status reload(const PluginConfig& config);

  mpath::Instance& instance() { return instance_; }

  /// Moves what the plugin has to say to the log.
  void drain_log();

 private:
  PluginHost(boost::asio::io_context& io, const Logger& log, mpath::Instance instance);
  void tick();

  const Logger& log_;
  mpath::Instance instance_;
  Timer timer_;
};

}  // namespace onion_proxy
