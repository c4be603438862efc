#include "plugin/adapters/settings.h"

#include <string_view>

#include "config/parse.h"

namespace conflux {
namespace {

// Bytes. What the limits of the configuration count in, and the peer holds about as much per cell.
constexpr std::uint64_t kCellOnTheWire = 514;

// The configuration's names, but for `auto`, are the schedulers in their order: both are made of
// the same list.
constexpr SchedulerKind kind_of(config::Scheduler named) {
  return static_cast<SchedulerKind>(static_cast<std::uint8_t>(named) - 1);
}
static_assert(kind_of(config::Scheduler::kMinRtt) == SchedulerKind::kMinRtt);

// `auto` means what stock tor does in profile stock: its client sends by the UX that the *exit*
// asks for, and a stock exit always asks for minimum latency. The other profiles send by our own
// desired UX.
SchedulerKind scheduler_of(const config::ConfluxSettings& settings) {
  if (settings.scheduler != config::Scheduler::kAuto) return kind_of(settings.scheduler);
  if (settings.profile == config::Profile::kStock) return SchedulerKind::kMinRtt;
  return scheduler_for(static_cast<std::uint8_t>(settings.desired_ux));
}

LogLevel level_of(config::LogLevel level) {
  return static_cast<LogLevel>(static_cast<std::uint8_t>(level) + 1);
}
static_assert(static_cast<int>(LogLevel::kTrace) == static_cast<int>(config::LogLevel::kTrace) + 1);
static_assert(static_cast<int>(LogLevel::kError) == MPATH_LOG_ERROR &&
              static_cast<int>(LogLevel::kTrace) == MPATH_LOG_TRACE);

std::shared_ptr<const InstanceConfig> convert(const config::Settings& settings) {
  const config::ConfluxSettings& conflux = settings.conflux;
  auto result = std::make_shared<InstanceConfig>();
  result->settings = settings;
  result->process_limit = conflux.reorder.process_limit;
  result->tunnel = {.desired_ux = static_cast<std::uint8_t>(conflux.desired_ux),
                    .send = {.scheduler = scheduler_of(conflux),
                             .watches_legs = conflux.profile != config::Profile::kStock,
                             .peer_limit = Cells{conflux.reorder.peer_limit / kCellOnTheWire}},
                    .legs_max = conflux.legs.max,
                    .handshake_timeout = conflux.handshake_timeout,
                    .reorder = {.tunnel_limit = Bytes{conflux.reorder.tunnel_limit},
                                .high_water = Bytes{conflux.reorder.high_water},
                                .low_water = Bytes{conflux.reorder.low_water},
                                .stall_timeout = conflux.reorder.stall_timeout},
                    .log_level = level_of(conflux.log.level)};
  return result;
}

}  // namespace

ConfigResult read_config(const mpath_config_text* text, const InstanceConfig* current) {
  // Nothing at all says what the defaults say; of a reload, it may want what needs a restart.
  constexpr std::string_view kDefaults = "version: 1\n";
  const bool is_empty = text == nullptr || text->length == 0;
  const std::string_view yaml = is_empty ? kDefaults : std::string_view(text->text, text->length);
  const std::string_view name =
      text == nullptr || text->name == nullptr ? "configuration" : text->name;
  const config::ParseResult parsed = current == nullptr
                                         ? config::parse(yaml, name)
                                         : config::reload(current->settings, yaml, name);
  if (parsed.out_of_memory) throw std::bad_alloc();
  return {.config = parsed.ok() ? convert(*parsed.settings) : nullptr,
          .diagnostics = config::to_string(parsed)};
}

}  // namespace conflux
