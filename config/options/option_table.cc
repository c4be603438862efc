#include "config/options/option_table.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "config/options/tables/conflux_options.h"
#include "config/options/tables/metrics_options.h"
#include "config/options/tables/plugin_options.h"
#include "config/options/tables/sidecar_options.h"

namespace conflux::config {
namespace {

constexpr auto kSections = std::to_array<Section>({
    {.key = "plugin",
     .help = "Which plugin the host loads.",
     .explanation =
         "Read by the host's loader before the plugin runs. The plugin checks this section too, so "
         "that one file serves both, but takes nothing from it."},
    {.key = "conflux",
     .help = "How the plugin joins circuits to a tunnel.",
     .explanation =
         "Conflux (Tor proposal 329) joins several circuits, called legs, that end at the same "
         "exit "
         "into one tunnel. A leg is slow where its slowest relay is; a tunnel adds its legs up."},
    {.key = "conflux.legs",
     .help = "How many legs a tunnel has, and how many it accepts.",
     .explanation =
         "Two legs is what stock tor builds and what `profile: stock` and `profile: fast` allow, "
         "unless the consensus names another number for `profile: stock`. "
         "Each leg more adds its bandwidth, and has its price:\n\n"
         "Guards: every leg enters the network through a guard of its own. A guard sees your "
         "address, when you are active and how much you move. With n legs, n guards see it, and "
         "the chance that one of them is hostile grows about n-fold.\n\n"
         "Exit: the exit sees how many legs join. Stock tor's clients join two, so a tunnel of "
         "three is recognisably not stock tor, unless the consensus names that number.\n\n"
         "More than two of your own choice therefore needs `profile: lab`, and belongs on private "
         "and test networks until you have weighed both."},
    {.key = "conflux.reorder",
     .help = "How much memory cells that arrive out of order may hold.",
     .explanation =
         "Legs differ in delay, so cells of the faster leg wait for those of the slower one. The "
         "honest need is about (rate of the fast leg) x (difference of the delays): 300 kB for a "
         "window of 600 cells at 200 ms against 600 ms. A leg that stalls, or an exit that lies, "
         "can "
         "make it grow without end; the limits here bound it.\n\n"
         "Always: low_water < high_water <= tunnel_limit <= process_limit."},
    {.key = "conflux.log",
     .help = "What the plugin tells the host's log.",
     .explanation = "Log records name tunnels and legs by ordinal (\"leg 1\") and never hold a "
                    "nonce, a relay's "
                    "identity, a circuit id or an address, at any level."},
    {.key = "conflux.metrics",
     .help = "What the plugin publishes for conflux-sidecar, if anything.",
     .explanation =
         "Numbers are rounded before they leave the process, and brought up to date once a minute, "
         "so that nobody can read single events out of them. packaging/monitoring/METRICS.md says "
         "of each metric what it tells an adversary and why that is safe."},
    {.key = "sidecar",
     .help = "What conflux-sidecar serves, where and to whom.",
     .explanation =
         "conflux-sidecar is a process of its own that reads the regions of all proxies on this "
         "machine. It never touches a proxy. The plugin and hosts ignore this section, so one file "
         "serves all; a reload by SIGHUP takes what it can and refuses the rest as a whole."},
    {.key = "sidecar.grpc",
     .help = "The gRPC service: on a Unix socket, and on TCP if wanted.",
     .explanation =
         "Two servers: the Unix socket tells of single tunnels too, TCP never does. Definitions: "
         "conflux/metrics/v1/metrics.proto."},
    {.key = "sidecar.grpc.tls",
     .help = "Certificates of the TCP server, and whose it accepts.",
     .explanation =
         "All three files or none. With them both sides must show a certificate; without them TCP "
         "is for loopback only."},
    {.key = "sidecar.prometheus",
     .help = "Text for Prometheus.",
     .explanation = "Sums over all tunnels of each proxy, at most 120 series each."},
    {.key = "sidecar.otlp",
     .help = "Pushing to an OpenTelemetry collector.",
     .explanation = "Off unless an endpoint is set. Sums only, with the proxy's instance name."},
    {.key = "sidecar.otlp.tls",
     .help = "Certificates towards the collector.",
     .explanation = "Used for an https:// endpoint only."},
    {.key = "sidecar.limits",
     .help = "What clients may make the sidecar spend.",
     .explanation = "Defaults are ample for operators' tools; they bound what a client can hold."},
});

// One table out of its parts, in the order in which the file is read.
template <std::size_t... kSizes>
constexpr auto joined(const std::array<Option, kSizes>&... parts) {
  std::array<Option, (kSizes + ...)> all{};
  auto* end = all.begin();
  ((end = std::ranges::copy(parts, end).out), ...);
  return all;
}

constexpr auto kOptions = joined(tables::kPluginOptions, tables::kConfluxOptions,
                                 tables::kMetricsOptions, tables::kSidecarOptions);

constexpr Catalogue kCatalogue{kSections, kOptions};

}  // namespace

const Catalogue& catalogue() { return kCatalogue; }

}  // namespace conflux::config
