// Options of section `sidecar:`, read by conflux-sidecar.
#pragma once

#include <array>

#include "config/options/endpoint.h"
#include "config/options/tables/entries.h"

namespace conflux::config::tables {

inline constexpr auto kSidecarOptions = std::to_array<Option>({
    {.key = "sidecar.regions",
     .type = PathType{[](Settings& s) -> std::string& { return s.sidecar.regions; }},
     .stock_default = "/run/conflux",
     .since = "0.2",
     .help = "The directory in which proxies publish their metrics.",
     .explanation =
         "Every region (<instance>.cfxm) in it is read, whenever it appears; it need not exist yet "
         "when the sidecar starts. The same as conflux.metrics.directory of each proxy. The "
         "sidecar only reads; give it the group of the files and no other right."},
    {.key = "sidecar.stall_after",
     .type = DurationType{[](Settings& s) -> milliseconds& { return s.sidecar.stall_after; },
                          milliseconds{1000}, milliseconds{600'000}},
     .stock_default = "5s",
     .since = "0.2",
     .help = "How long a heartbeat may stand still before its proxy counts as stalled.",
     .explanation =
         "A proxy with metrics ticks once per second or more often. One that is alive but does not "
         "tick hangs, or is stopped; its last numbers are still told, with the health `stalled`, "
         "and the health service says NOT_SERVING if no other proxy lives."},
    {.key = "sidecar.grpc.socket",
     .type = EndpointType{[](Settings& s) -> std::string& { return s.sidecar.grpc.socket; },
                          kEndpointPath | kEndpointNone},
     .stock_default = "/run/conflux-sidecar/grpc.sock",
     .since = "0.2",
     .restart_required = true,
     .help = "The Unix socket on which gRPC is served, single tunnels included.",
     .explanation =
         "confluxctl connects to it. Its mode is 0660 and its directory must not be writable for "
         "others: whoever may open it reads what the proxies publish, and with "
         "`conflux.metrics.detail: local` that is each tunnel's round trips and shares. Beside it "
         "lies a lock file, so that a second sidecar refuses to take the socket over.\n\n"
         "`none` serves no socket."},
    {.key = "sidecar.grpc.listen",
     .type = EndpointType{[](Settings& s) -> std::string& { return s.sidecar.grpc.listen; },
                          kEndpointTcp},
     .stock_default = "",
     .example = "127.0.0.1:9848",
     .since = "0.2",
     .restart_required = true,
     .help = "A TCP address on which gRPC is served too: sums only, never single tunnels.",
     .explanation =
         "Anything but loopback needs all of grpc.tls: both sides show certificates. Numbers that "
         "leave the machine can be matched with what a relay sees, however coarse they are; so "
         "this needs `profile: lab`, as every export beyond the Unix socket does.\n\n"
         "There is no reflection and no health service on it. Port 0 takes any free port, which "
         "the log names."},
    {.key = "sidecar.grpc.tls.certificate",
     .type = PathType{[](Settings& s) -> std::string& { return s.sidecar.grpc.tls.certificate; }},
     .stock_default = "",
     .example = "/etc/conflux/sidecar.crt",
     .since = "0.2",
     .restart_required = true,
     .help = "The sidecar's certificate chain, PEM.",
     .explanation =
         "The three files belong together: all or none. They are read again every second, so "
         "replace them in place (by rename, certificate and key at once) and new connections use "
         "the new ones; no restart, no signal. Connections that exist go on for an hour at most."},
    {.key = "sidecar.grpc.tls.key",
     .type = PathType{[](Settings& s) -> std::string& { return s.sidecar.grpc.tls.key; }},
     .stock_default = "",
     .example = "/etc/conflux/sidecar.key",
     .since = "0.2",
     .restart_required = true,
     .help = "The key of that certificate, PEM.",
     .explanation =
         "Readable for the sidecar's user alone. It is read again with the certificate; while they "
         "do not match, new connections fail."},
    {.key = "sidecar.grpc.tls.client_ca",
     .type = PathType{[](Settings& s) -> std::string& { return s.sidecar.grpc.tls.client_ca; }},
     .stock_default = "",
     .example = "/etc/conflux/clients-ca.crt",
     .since = "0.2",
     .restart_required = true,
     .help = "Who may connect: certificates that this authority has signed, PEM.",
     .explanation =
         "Use an authority of your own for nothing else: a public one would let everybody in who "
         "can buy a certificate. To shut a client out, replace the authority and sign the "
         "certificates of the others anew."},
    {.key = "sidecar.prometheus.listen",
     .type = EndpointType{[](Settings& s) -> std::string& { return s.sidecar.prometheus.listen; },
                          kEndpointLoopback | kEndpointUnix},
     .stock_default = "",
     .example = "unix:/run/conflux-sidecar/metrics.sock",
     .since = "0.2",
     .help = "Where Prometheus may scrape /metrics over HTTP.",
     .explanation =
         "Prometheus text and OpenMetrics, sums only. HTTP asks nobody who he is, so TCP is "
         "possible on loopback alone, and needs `profile: lab`: every program of the machine can "
         "read it. A Unix socket is read by those who may open it."},
    {.key = "sidecar.otlp.endpoint",
     .type = EndpointType{[](Settings& s) -> std::string& { return s.sidecar.otlp.endpoint; },
                          kEndpointUrl},
     .stock_default = "",
     .example = "https://collector.example:4317",
     .since = "0.2",
     .help = "An OpenTelemetry collector to which sums are pushed (OTLP over gRPC).",
     .explanation =
         "https:// speaks TLS and checks the collector's certificate; http:// is for a collector "
         "on loopback. Needs `profile: lab`, since the numbers leave the machine. What a collector "
         "cannot take at once is sent again with growing pauses, as the specification says; sums "
         "are cumulative, so an outage loses no counts."},
    {.key = "sidecar.otlp.interval",
     .type = DurationType{[](Settings& s) -> milliseconds& { return s.sidecar.otlp.interval; },
                          milliseconds{1000}, milliseconds{3'600'000}},
     .stock_default = "60s",
     .since = "0.2",
     .help = "How often sums are pushed.",
     .explanation =
         "More often than the proxies bring their sums up to date (conflux.metrics.interval) tells "
         "the collector nothing new and costs a message each time."},
    {.key = "sidecar.otlp.timeout",
     .type = DurationType{[](Settings& s) -> milliseconds& { return s.sidecar.otlp.timeout; },
                          milliseconds{100}, milliseconds{60'000}},
     .stock_default = "10s",
     .since = "0.2",
     .help = "How long one push may take.",
     .explanation =
         "A push that has not ended by then is given up and tried again, as if the collector had "
         "not answered. 10 s is what OpenTelemetry's own exporters use."},
    {.key = "sidecar.otlp.tls.ca",
     .type = PathType{[](Settings& s) -> std::string& { return s.sidecar.otlp.tls.ca; }},
     .stock_default = "",
     .example = "/etc/conflux/collector-ca.crt",
     .since = "0.2",
     .help = "The authority that must have signed the collector's certificate, PEM.",
     .explanation =
         "Unset: any authority that this system trusts. An authority of your own keeps everybody "
         "else from posing as your collector."},
    {.key = "sidecar.otlp.tls.certificate",
     .type = PathType{[](Settings& s) -> std::string& { return s.sidecar.otlp.tls.certificate; }},
     .stock_default = "",
     .example = "/etc/conflux/otlp.crt",
     .since = "0.2",
     .help = "The certificate that the sidecar shows to the collector, PEM.",
     .explanation =
         "For collectors that ask clients who they are; otlp.tls.key belongs to it. Do not use a "
         "certificate that names the proxy's relay or user."},
    {.key = "sidecar.otlp.tls.key",
     .type = PathType{[](Settings& s) -> std::string& { return s.sidecar.otlp.tls.key; }},
     .stock_default = "",
     .example = "/etc/conflux/otlp.key",
     .since = "0.2",
     .help = "The key of that certificate, PEM.",
     .explanation =
         "Readable for the sidecar's user alone. Certificate and key are read again when they "
         "change; so is the authority when this section does."},
    {.key = "sidecar.limits.streams",
     .type = IntegerType{[](Settings& s) -> std::uint32_t& { return s.sidecar.limits.streams; }, 1,
                         1024},
     .stock_default = "64",
     .since = "0.2",
     .restart_required = true,
     .help = "gRPC calls that are served at once, watches included.",
     .explanation =
         "One more gets RESOURCE_EXHAUSTED. A client that does not read what it asked for holds "
         "its call and at most one message, so this bounds what all slow clients together can make "
         "the sidecar keep."},
    {.key = "sidecar.limits.message_size",
     .type = SizeType{[](Settings& s) -> std::uint64_t& { return s.sidecar.limits.message_size; },
                      4 * kKiB, 4 * kMiB},
     .stock_default = "64KiB",
     .since = "0.2",
     .restart_required = true,
     .help = "The longest request that is read.",
     .explanation =
         "Requests are small; a longer one gets RESOURCE_EXHAUSTED before it is read. Answers are "
         "not bounded by it: their size follows from the regions."},
    {.key = "sidecar.limits.threads",
     .type = IntegerType{[](Settings& s) -> std::uint32_t& { return s.sidecar.limits.threads; }, 4,
                         256},
     .stock_default = "8",
     .since = "0.2",
     .restart_required = true,
     .help = "Threads that gRPC may use for services that need one per call.",
     .explanation =
         "Only reflection does; snapshots and watches hold no thread while they wait. A fixed "
         "number of threads of gRPC's own, two to sixteen by the machine's processors, comes on "
         "top."},
});

}  // namespace conflux::config::tables
