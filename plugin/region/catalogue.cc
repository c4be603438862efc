#include "plugin/region/catalogue.h"

#include <algorithm>
#include <array>

namespace conflux::region {
namespace {

using std::string_view;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMicros = 1'000'000;  // of a second

constexpr auto kCauses =
    std::to_array<string_view>({"done", "leg_lost", "protocol", "limit", "stalled", "shed", "bug"});
constexpr auto kResults = std::to_array<string_view>({"linked", "timeout", "lost"});
constexpr auto kRanks = std::to_array<string_view>({"best", "other"});
constexpr auto kDirections = std::to_array<string_view>({"sent", "received"});
constexpr auto kViolationKinds =
    std::to_array<string_view>({"handshake", "switch", "sequence", "other"});

constexpr auto kPeakBounds = std::to_array<std::uint64_t>(
    {0, 64 * kKiB, 256 * kKiB, 1024 * kKiB, 2048 * kKiB, 4096 * kKiB, 8192 * kKiB});
constexpr auto kRttBounds = std::to_array<std::uint64_t>(
    {50'000, 100'000, 200'000, 300'000, 500'000, 800'000, 1'200'000, 2'000'000, 5'000'000});

constexpr string_view kCoarse = "binned before it is written, and told once per interval only";
constexpr string_view kConfigured = "it is the operator's own setting";

constexpr std::array<MetricSpec, static_cast<std::size_t>(Metric::kCount)> kCatalogue = {{
    {.kind = MetricKind::kGauge,
     .name = "conflux_tunnels",
     .unit = "{tunnel}",
     .help = "Tunnels that are open, multi-path or not, rounded up.",
     .bin = 8,
     .scale = 1,
     .reveals = "roughly how busy the proxy is",
     .safe = kCoarse},
    {.kind = MetricKind::kGauge,
     .name = "conflux_legs",
     .unit = "{leg}",
     .help = "Legs that have finished their handshake, rounded up.",
     .bin = 8,
     .scale = 1,
     .reveals = "roughly how many tunnels are multi-path",
     .safe = kCoarse},
    {.kind = MetricKind::kCounter,
     .name = "conflux_tunnels_created",
     .unit = "{tunnel}",
     .help = "Tunnels that were made.",
     .bin = 8,
     .scale = 1,
     .reveals = "how often new circuits were needed over long spans",
     .safe = kCoarse},
    {.kind = MetricKind::kCounter,
     .name = "conflux_tunnels_closed",
     .unit = "{tunnel}",
     .help = "Tunnels that ended, by cause.",
     .label = "reason",
     .values = kCauses,
     .bin = 8,
     .scale = 1,
     .reveals = "that circuits fail, which a relay that kills them already knows",
     .safe = kCoarse},
    {.kind = MetricKind::kCounter,
     .name = "conflux_handshakes",
     .unit = "{handshake}",
     .help = "Handshakes of legs that ended, by result.",
     .label = "result",
     .values = kResults,
     .bin = 8,
     .scale = 1,
     .reveals = "how often legs are built",
     .safe = kCoarse},
    {.kind = MetricKind::kCounter,
     .name = "conflux_cells_sent",
     .unit = "{cell}",
     .help =
         "Sequenced cells sent: on the leg of each tunnel that carried most of them, and on its "
         "others. Both together over the best alone is the aggregation ratio.",
     .label = "rank",
     .values = kRanks,
     .bin = 1024,
     .scale = 1,
     .reveals = "how much is sent over long spans, to half a MiB",
     .safe = kCoarse},
    {.kind = MetricKind::kCounter,
     .name = "conflux_cells_received",
     .unit = "{cell}",
     .help =
         "Sequenced cells received: on the leg of each tunnel that carried most of them, and on "
         "its others. Both together over the best alone is the aggregation ratio.",
     .label = "rank",
     .values = kRanks,
     .bin = 1024,
     .scale = 1,
     .reveals = "how much is received over long spans, to half a MiB",
     .safe = kCoarse},
    {.kind = MetricKind::kCounter,
     .name = "conflux_leg_switches",
     .unit = "{switch}",
     .help = "SWITCH cells: how often the sending leg of a tunnel changed.",
     .label = "direction",
     .values = kDirections,
     .bin = 128,
     .scale = 1,
     .reveals = "that legs are used in turn; not when",
     .safe = kCoarse},
    {.kind = MetricKind::kGauge,
     .name = "conflux_reorder",
     .unit = "By",
     .help = "Memory of cells that wait for one before them, all tunnels, rounded up.",
     .bin = 512 * kKiB,
     .scale = 1,
     .reveals = "that legs differ in delay",
     .safe = kCoarse},
    {.kind = MetricKind::kGauge,
     .name = "conflux_reorder_limit",
     .unit = "By",
     .help = "The limit of that memory for the process (conflux.reorder.process_limit).",
     .bin = 1,
     .scale = 1,
     .reveals = "a setting",
     .safe = kConfigured},
    {.kind = MetricKind::kCounter,
     .name = "conflux_reorder_pressure",
     .unit = "{event}",
     .help = "How often a tunnel rose above its high water mark.",
     .bin = 8,
     .scale = 1,
     .reveals = "that a leg stalled now and then",
     .safe = kCoarse},
    {.kind = MetricKind::kHistogram,
     .name = "conflux_reorder_peak",
     .unit = "By",
     .help = "The most that a tunnel ever held back, observed when it ends.",
     .bin = 1,
     .scale = 1,
     .bounds = kPeakBounds,
     .reveals = "how legs differ in delay, over many tunnels",
     .safe = "told for at least 16 tunnels at once, never for one"},
    {.kind = MetricKind::kHistogram,
     .name = "conflux_leg_handshake_rtt",
     .unit = "s",
     .help = "Round trip from LINK to LINKED.",
     .bin = 1,
     .scale = kMicros,
     .bounds = kRttBounds,
     .reveals = "roughly how far exits are; two legs of one tunnel could hint at where the client "
                "is",
     .safe = "coarse buckets, told for at least 16 legs at once, never joined by tunnel"},
    {.kind = MetricKind::kCounter,
     .name = "conflux_protocol_violations",
     .unit = "{violation}",
     .help = "Tunnels closed because an exit broke the protocol, by kind.",
     .label = "kind",
     .values = kViolationKinds,
     .bin = 8,
     .scale = 1,
     .reveals = "that somebody attacks, which he knows",
     .safe = kCoarse},
    {.kind = MetricKind::kGauge,
     .name = "conflux_protocol_violation_seen",
     .unit = "1",
     .help = "1 from the first violation of this kind on, however few there were.",
     .label = "kind",
     .values = kViolationKinds,
     .bin = 1,
     .scale = 1,
     .reveals = "that it happened at least once since the start",
     .safe = "one bit per kind, which never goes back"},
    {.kind = MetricKind::kCounter,
     .name = "conflux_internal_errors",
     .unit = "{error}",
     .help = "Tunnels that the plugin gave up because of a bug of its own. Please report them.",
     .bin = 1,
     .scale = 1,
     .reveals = "a bug",
     .safe = "it says nothing of traffic"},
    {.kind = MetricKind::kCounter,
     .name = "conflux_clock_steps_back",
     .unit = "{step}",
     .help = "How often the host's clock went back.",
     .bin = 8,
     .scale = 1,
     .reveals = "a bug of the host",
     .safe = "it says nothing of traffic"},
    {.kind = MetricKind::kGauge,
     .name = "conflux_config_last_reload_successful",
     .unit = "1",
     .help = "1 if the last reload of the configuration was accepted, or none was tried.",
     .bin = 1,
     .scale = 1,
     .reveals = "that somebody edits the configuration",
     .safe = kConfigured},
    {.kind = MetricKind::kCounter,
     .name = "conflux_config_reloads_failed",
     .unit = "{reload}",
     .help = "Reloads that were refused; the old configuration stayed.",
     .bin = 1,
     .scale = 1,
     .reveals = "that somebody edits the configuration",
     .safe = kConfigured},
}};

constexpr std::size_t words(const MetricSpec& metric) {
  if (metric.kind == MetricKind::kHistogram) return metric.bounds.size() + 2;
  return std::max<std::size_t>(metric.values.size(), 1);
}

// The first word of each metric, and after the last one how many there are.
constexpr auto kFirstWords = [] {
  std::array<std::size_t, kCatalogue.size() + 1> first{};
  for (std::size_t i = 0; i < kCatalogue.size(); ++i)
    first[i + 1] = first[i] + words(kCatalogue[i]);
  return first;
}();

}  // namespace

std::span<const MetricSpec> catalogue() noexcept { return kCatalogue; }
const MetricSpec& spec(Metric metric) noexcept {
  return kCatalogue[static_cast<std::size_t>(metric)];
}
std::size_t word_count(const MetricSpec& metric) noexcept { return words(metric); }
std::size_t word_of(Metric metric) noexcept {
  return kFirstWords[static_cast<std::size_t>(metric)];
}
std::size_t aggregate_words() noexcept { return kFirstWords.back(); }

}  // namespace conflux::region
