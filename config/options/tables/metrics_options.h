// Options of section `conflux.metrics:`.
#pragma once

#include <array>

#include "config/options/tables/entries.h"

namespace conflux::config::tables {

inline constexpr auto kMetricsModeValues = std::to_array<EnumValue>({
    named("off", MetricsMode::kOff, "nothing is counted for anybody else", "none"),
    named("aggregate", MetricsMode::kAggregate, "sums over all tunnels, binned", "on"),
});

inline constexpr auto kMetricsDetailValues = std::to_array<EnumValue>({
    named("none", MetricsDetail::kNone, "sums only", "off"),
    named("local", MetricsDetail::kLocal, "single tunnels too, for the sidecar's Unix socket"),
});

inline constexpr auto kMetricsOptions = std::to_array<Option>({
    {.key = "conflux.metrics.mode",
     .type = EnumType{
         kMetricsModeValues,
         [](const Settings& s) { return static_cast<std::uint8_t>(s.conflux.metrics.mode); },
         [](Settings& s, std::uint8_t value) {
           s.conflux.metrics.mode = static_cast<MetricsMode>(value);
         }},
     .stock_default = "off",
     .since = "0.2",
     .restart_required = true,
     .help = "Whether the plugin publishes metrics for the sidecar.",
     .explanation =
         "Off by default: what a client does is its user's business, and numbers that do not exist "
         "cannot be published by mistake or subpoenaed. `aggregate` writes sums over all tunnels, "
         "rounded before they are written, into a file on tmpfs that conflux-sidecar reads. There "
         "is no identity, address or time of a single event in it.\n\n"
         "If the file cannot be made, the proxy runs on without metrics and the log says why."},
    {.key = "conflux.metrics.detail",
     .type = EnumType{
         kMetricsDetailValues,
         [](const Settings& s) { return static_cast<std::uint8_t>(s.conflux.metrics.detail); },
         [](Settings& s, std::uint8_t value) {
           s.conflux.metrics.detail = static_cast<MetricsDetail>(value);
         }},
     .stock_default = "none",
     .since = "0.2",
     .restart_required = true,
     .help = "Whether single tunnels are told of, on this machine.",
     .explanation =
         "`local` is what `confluxctl top` and `confluxctl tunnels` show: round trips (rounded to "
         "10 ms), windows and shares of each leg. Two round trips of one tunnel hint at where you "
         "are, so this leaves the machine by no door: the sidecar tells it on its Unix socket "
         "only. Whoever may read the region's file can read it."},
    {.key = "conflux.metrics.directory",
     .type = PathType{[](Settings& s) -> std::string& { return s.conflux.metrics.directory; }},
     .stock_default = "/run/conflux",
     .since = "0.2",
     .restart_required = true,
     .help = "Where the region's file is: a directory on tmpfs.",
     .explanation =
         "It must exist when the proxy starts, belong to root or to the proxy's user, and be "
         "writable by nobody else. Give it the group of the sidecar and the setgid bit, and the "
         "file is readable for that group. Not /tmp, where others may write."},
    {.key = "conflux.metrics.instance",
     .type = NameType{[](Settings& s) -> std::string& { return s.conflux.metrics.instance; }},
     .stock_default = "proxy",
     .since = "0.2",
     .restart_required = true,
     .help = "What this proxy is called there.",
     .explanation =
         "The file is <directory>/<instance>.cfxm, and exporters tell proxies apart by it. Two "
         "proxies on one machine need two names. Do not use a relay's nickname."},
    {.key = "conflux.metrics.interval",
     .type = DurationType{[](Settings& s) -> milliseconds& { return s.conflux.metrics.interval; },
                          milliseconds{10'000}, milliseconds{3'600'000}},
     .stock_default = "60s",
     .since = "0.2",
     .restart_required = true,
     .help = "How often the sums are brought up to date.",
     .explanation =
         "Whoever sees a counter every second sees when you load a page; every minute he does not. "
         "Detail, and everything with unsafe_fine_grained, is brought up to date four times a "
         "second, whatever stands here."},
    {.key = "conflux.metrics.slots",
     .type = IntegerType{[](Settings& s) -> std::uint32_t& { return s.conflux.metrics.slots; }, 1,
                         16384},
     .stock_default = "1024",
     .since = "0.2",
     .restart_required = true,
     .help = "Tunnels that detail has room for.",
     .explanation =
         "384 bytes each, reserved when the proxy starts. Tunnels beyond it are in the sums all "
         "the same, and the sidecar tells how many they were."},
    {.key = "conflux.metrics.unsafe_fine_grained",
     .type = BoolType{[](Settings& s) -> bool& { return s.conflux.metrics.unsafe_fine_grained; }},
     .stock_default = "false",
     .since = "0.2",
     .restart_required = true,
     .help = "Exact and frequent numbers, for a laboratory.",
     .explanation = "No bins, no floor for histograms, four times a second. Needs `profile: lab`: "
                    "on a network with "
                    "other people in it these numbers can be matched with what a relay sees."},
    {.key = "conflux.metrics.allow_disk",
     .type = BoolType{[](Settings& s) -> bool& { return s.conflux.metrics.allow_disk; }},
     .stock_default = "false",
     .since = "0.2",
     .restart_required = true,
     .help = "Accept a directory that is not on tmpfs.",
     .explanation =
         "A store into a file on disk can wait for the disk, for hundreds of milliseconds, in the "
         "middle of the proxy's work; and what is on disk is found later. For tests."},
});

}  // namespace conflux::config::tables
