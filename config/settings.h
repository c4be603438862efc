// The configuration after parsing: plain values, nothing of YAML. A pure header without a library
// behind it; `config/parse.h` makes these values.
//
// Ownership: every struct owns what it holds. A Settings that has been published to other threads
// is never changed (keep it behind `std::shared_ptr<const Settings>`); a reload makes a new one and
// existing tunnels keep the one that they began with.
// Units: byte counts are `uint64_t` bytes, durations are milliseconds.
// The initialisers are the defaults of `profile: stock`; a test holds them against the option
// table. Names, ranges and explanations: `confluxctl config explain KEY`.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "config/scheduler.h"

namespace conflux::config {

// What a host does when the plugin cannot be loaded or initialised. [plugin.on_failure]
enum class OnFailure : std::uint8_t {
  kRefuse,      // do not start
  kSinglePath,  // start without multipath and say so
};

// How much an exit may tell us apart from stock tor. [conflux.profile]
enum class Profile : std::uint8_t {
  kStock,  // on the wire as stock tor's client: its number of legs, schedulers by desired UX
  kFast,   // two legs, any scheduler
  kLab,    // anything that the ranges allow
};

// The numbers are those of the LINK body. Spec: prop329 [INITIAL_UX]. [conflux.desired_ux]
enum class DesiredUx : std::uint8_t {
  kNoOpinion = 0,
  kMinLatency = 1,
  kLowMemLatency = 2,
  kHighThroughput = 3,
  kLowMemThroughput = 4,
};

// Least to most. [conflux.log.level]
enum class LogLevel : std::uint8_t { kError, kWarn, kInfo, kDebug, kTrace };

using Sha256 = std::array<std::uint8_t, 32>;

// Section `plugin:`, read by the loader (the host); the plugin itself only checks it.
struct PluginSettings {
  std::string path;            // absolute, or empty: the host chooses
  std::vector<Sha256> sha256;  // pins; empty: any file that passes the loader's owner checks
  OnFailure on_failure = OnFailure::kRefuse;

  bool operator==(const PluginSettings&) const = default;
};

// When a host joins a leg that answers much later than the nearest. [conflux.legs.far]
enum class FarLegs : std::uint8_t {
  kAuto,    // for bulk under profile fast, else at once
  kAtOnce,  // as stock tor does
  kForBulk,
};

struct LegSettings {
  std::uint32_t count = 2;  // legs that a host should build for a tunnel, 1..8 and <= max
  std::uint32_t max = 8;    // legs that a tunnel accepts at once, 1..16
  FarLegs far = FarLegs::kAuto;

  bool operator==(const LegSettings&) const = default;
};

// low_water < high_water <= tunnel_limit <= process_limit, all in bytes.
struct ReorderSettings {
  std::uint64_t peer_limit = 4ULL << 20;       // that our uploads may make the exit hold
  std::uint64_t tunnel_limit = 16ULL << 20;    // beyond it the tunnel closes
  std::uint64_t process_limit = 256ULL << 20;  // beyond it victims are named, oldest data first
  std::uint64_t high_water = 4ULL << 20;       // PRESSURE: the host should send XOFF
  std::uint64_t low_water = 1ULL << 20;        // relief: the host may send XON
  std::chrono::milliseconds stall_timeout{30'000};  // age of the oldest held cell, 1 s .. 10 min

  bool operator==(const ReorderSettings&) const = default;
};

// [conflux.metrics.mode]
enum class MetricsMode : std::uint8_t { kOff, kAggregate };
// [conflux.metrics.detail]
enum class MetricsDetail : std::uint8_t { kNone, kLocal };

// What the plugin publishes for the sidecar.
struct MetricsSettings {
  MetricsMode mode = MetricsMode::kOff;
  MetricsDetail detail = MetricsDetail::kNone;
  std::string directory = "/run/conflux";      // absolute
  std::string instance = "proxy";              // [a-z0-9-]{1,32}
  std::chrono::milliseconds interval{60'000};  // of the sums; 10 s .. 1 h
  std::uint32_t slots = 1024;                  // tunnels with detail, 1..16384
  bool unsafe_fine_grained = false;            // then interval does not matter
  bool allow_disk = false;

  bool operator==(const MetricsSettings&) const = default;
};

struct LogSettings {
  LogLevel level = LogLevel::kInfo;

  bool operator==(const LogSettings&) const = default;
};

// Section `conflux:`, read by the plugin (and by hosts, for how many legs to build and when to join
// a far one).
struct ConfluxSettings {
  Profile profile = Profile::kStock;
  DesiredUx desired_ux = DesiredUx::kHighThroughput;
  Scheduler scheduler = Scheduler::kAuto;
  LegSettings legs;
  std::chrono::milliseconds handshake_timeout{60'000};  // LINK to LINKED, 100 ms .. 10 min
  ReorderSettings reorder;
  LogSettings log;
  MetricsSettings metrics;

  bool operator==(const ConfluxSettings&) const = default;
};

// All three or none. [sidecar.grpc.tls]
struct ServerTlsSettings {
  std::string certificate;  // files, absolute or empty
  std::string key;
  std::string client_ca;

  bool operator==(const ServerTlsSettings&) const = default;
};

struct GrpcSettings {
  std::string socket = "/run/conflux-sidecar/grpc.sock";  // or "none"
  std::string listen;                                     // address and port, or empty
  ServerTlsSettings tls;

  bool operator==(const GrpcSettings&) const = default;
};

struct PrometheusSettings {
  std::string listen;  // "127.0.0.1:9847", "unix:/path", or empty

  bool operator==(const PrometheusSettings&) const = default;
};

struct ClientTlsSettings {
  std::string ca;  // files, absolute or empty
  std::string certificate;
  std::string key;

  bool operator==(const ClientTlsSettings&) const = default;
};

struct OtlpSettings {
  std::string endpoint;                        // "https://host:4317", or empty
  std::chrono::milliseconds interval{60'000};  // 1 s .. 1 h
  std::chrono::milliseconds timeout{10'000};   // of one push, 100 ms .. 1 min
  ClientTlsSettings tls;

  bool operator==(const OtlpSettings&) const = default;
};

struct LimitSettings {
  std::uint32_t streams = 64;              // calls at once, 1..1024
  std::uint64_t message_size = 64U << 10;  // of a request
  std::uint32_t threads = 8;               // for services that need one per call, 4..256

  bool operator==(const LimitSettings&) const = default;
};

// Section `sidecar:`, read by conflux-sidecar only.
struct SidecarSettings {
  std::string regions = "/run/conflux";          // a directory, absolute
  std::chrono::milliseconds stall_after{5'000};  // 1 s .. 10 min
  GrpcSettings grpc;
  PrometheusSettings prometheus;
  OtlpSettings otlp;
  LimitSettings limits;

  bool operator==(const SidecarSettings&) const = default;
};

struct Settings {
  std::uint32_t version = 1;
  PluginSettings plugin;
  ConfluxSettings conflux;
  SidecarSettings sidecar;

  bool operator==(const Settings&) const = default;
};

}  // namespace conflux::config
