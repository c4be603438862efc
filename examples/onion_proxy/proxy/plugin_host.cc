#include "examples/onion_proxy/proxy/plugin_host.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <mpath/loader.hpp>

namespace onion_proxy {
namespace {

// Log records are looked for at least this often.
constexpr std::chrono::milliseconds kTickMax{500};
// MPATH_LEG_FOUNDS_SET: with an older one the slowest leg would delay the first stream.
constexpr uint32_t kAbiMinor = 3;
// Told of in one tick. The earlier ones come first, and those that have gone make room in the next.
constexpr size_t kVictimsMax = 64;

LogLevel level_of(uint32_t level) {
  switch (level) {
    case MPATH_LOG_ERROR:
      return LogLevel::kError;
    case MPATH_LOG_WARN:
      return LogLevel::kWarn;
    case MPATH_LOG_INFO:
      return LogLevel::kInfo;
    default:
      return LogLevel::kDebug;
  }
}

}  // namespace

PluginHost::PluginHost(boost::asio::io_context& io, const Logger& log, mpath::Instance instance)
    : log_(log), instance_(std::move(instance)), timer_(io) {}

Result<std::unique_ptr<PluginHost>> PluginHost::open(boost::asio::io_context& io, const Logger& log,
                                                     const std::string& path,
                                                     const PluginConfig& config) {
  mpath::LoadOptions options{.path = path, .pins = {}};
  for (const auto& pin : config.settings.plugin.sha256) options.pins.push_back(pin);
  auto opened = mpath::open_plugin(options, {.text = config.text, .name = config.name.c_str()});
  if (!opened) return Error{opened.message};
  log.lines(LogLevel::kWarn, opened.warnings);
  const mpath::Plugin& plugin = opened.instance.plugin();
  log.notice("plugin {} {}, ABI {}.{}", plugin.name(), plugin.version(), plugin.abi_major(),
             plugin.abi_minor());
  if (plugin.abi_minor() < kAbiMinor) {
    return Error{
        fmt::format("{} speaks mpath {}.{}, and at least 1.{} is needed: take the plugin of "
                    "the proxy's own release",
                    path, plugin.abi_major(), plugin.abi_minor(), kAbiMinor)};
  }
  std::unique_ptr<PluginHost> host(new PluginHost(io, log, std::move(opened.instance)));
  host->tick();
  return host;
}

Status PluginHost::reload(const PluginConfig& config) {
  std::string diagnostics;
  const mpath::Status status =
      instance_.reload({.text = config.text, .name = config.name.c_str()}, &diagnostics);
  if (mpath::is_error(status)) {
    return Error{fmt::format("plugin: {}{}{}", instance_.plugin().text(status),
                             diagnostics.empty() ? "" : "\n", diagnostics)};
  }
  log_.lines(LogLevel::kWarn, diagnostics);
  return Status();
}

void PluginHost::drain_log() {
  const mpath::Plugin& plugin = instance_.plugin();
  const uint64_t lost = instance_.drain_log([&](const mpath_log_record& record) {
    const LogLevel level = level_of(record.level);
    if (!log_.wants(level)) return;
    std::string line = fmt::format("plugin: tunnel {}", record.tunnel_ordinal);
    if (record.leg_ordinal != 0) line += fmt::format(", leg {}", record.leg_ordinal);
    line += fmt::format(": {}", plugin.log_text(record.event));
    if (record.reason != 0) {
      line += fmt::format(" ({})", plugin.text(mpath::Reason{record.reason}));
    }
    if (record.value != 0) line += fmt::format(" [{}]", record.value);
    log_.text(level, line);
  });
  if (lost > 0) log_.warn("plugin: {} log records were lost", lost);
}

void PluginHost::tell_victims() {
  if (!shed_handler_) return;
  std::array<mpath_tunnel_id, kVictimsMax> victims{};
  uint32_t count = 0;
  if (instance_.shed(0, victims, &count) != mpath::Status::kOk || count == 0) return;
  shed_handler_(std::span(victims).first(std::min<size_t>(count, victims.size())));
}

void PluginHost::tick() {
  const auto now = std::chrono::steady_clock::now();
  uint64_t deadline_us = MPATH_NEVER;
  (void)instance_.tick(mpath::to_us(now), &deadline_us);
  drain_log();
  // Without a deadline nothing is marked. Spec: mpath/plugin.h, instance_shed.
  if (deadline_us != MPATH_NEVER) tell_victims();
  auto next = now + kTickMax;
  if (deadline_us != MPATH_NEVER) {
    next = std::min(next, std::chrono::steady_clock::time_point(
                              std::chrono::microseconds(static_cast<int64_t>(deadline_us))));
  }
  timer_.run_at(std::max(next, now + std::chrono::milliseconds(1)), [this] { tick(); });
}

}  // namespace onion_proxy
