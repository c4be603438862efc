#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "config/options/endpoint.h"
#include "config/options/option_table.h"
#include "config/options/validate.h"
#include "config/options/values.h"

namespace conflux::config {
namespace {

constexpr std::string_view kProfile = "conflux.profile";
constexpr std::string_view kScheduler = "conflux.scheduler";
constexpr std::string_view kDesiredUx = "conflux.desired_ux";
constexpr std::string_view kLegsCount = "conflux.legs.count";
constexpr std::string_view kLegsMax = "conflux.legs.max";
constexpr std::string_view kLegsFar = "conflux.legs.far";
constexpr std::string_view kOnFailure = "plugin.on_failure";
constexpr std::string_view kTunnelLimit = "conflux.reorder.tunnel_limit";
constexpr std::string_view kProcessLimit = "conflux.reorder.process_limit";

constexpr std::string_view kMetricsMode = "conflux.metrics.mode";
constexpr std::string_view kMetricsDetail = "conflux.metrics.detail";
constexpr std::string_view kGrpcListen = "sidecar.grpc.listen";
constexpr std::string_view kTlsCertificate = "sidecar.grpc.tls.certificate";
constexpr std::string_view kTlsKey = "sidecar.grpc.tls.key";
constexpr std::string_view kTlsClientCa = "sidecar.grpc.tls.client_ca";
constexpr std::string_view kPrometheusListen = "sidecar.prometheus.listen";
constexpr std::string_view kOtlpEndpoint = "sidecar.otlp.endpoint";
constexpr std::string_view kOtlpCertificate = "sidecar.otlp.tls.certificate";
constexpr std::string_view kOtlpKey = "sidecar.otlp.tls.key";
constexpr std::string_view kFineGrained = "conflux.metrics.unsafe_fine_grained";

// A client's numbers stay on its machine, behind a socket that has an owner.
constexpr std::string_view kNoExport =
    "no export beyond the Unix socket (sidecar.grpc.socket), or `profile: lab` on a network of "
    "your "
    "own";
constexpr std::string_view kAllOfTls =
    "all of grpc.tls.certificate, grpc.tls.key and grpc.tls.client_ca, or none of them";

struct Rule {
  Severity severity;
  std::string_view key;    // the one to blame, if the file sets it
  std::string_view other;  // the one that it disagrees with; empty: the value alone
  bool (*broken)(const Settings&);
  std::string_view expected;
  std::string_view why{};
  bool only_if_written = false;  // silent unless the file sets both
};

constexpr auto kRules =
    std::to_array<Rule>({
        {.severity = Severity::kError,
         .key = kLegsCount,
         .other = kProfile,
         .broken =
             [](const Settings& s) {
               return s.conflux.profile != Profile::kLab && s.conflux.legs.count > 2;
             },
         .expected = "at most 2 legs, or `profile: lab` (more legs show you to more guards: "
                     "`confluxctl config explain conflux.legs`)"},
        {.severity = Severity::kError,
         .key = kScheduler,
         .other = kProfile,
         .broken =
             [](const Settings& s) {
               return s.conflux.profile == Profile::kStock &&
                      s.conflux.scheduler != Scheduler::kAuto;
             },
         .expected = "`scheduler: auto`, or `profile: fast` (the exit can see the difference)"},
        {.severity = Severity::kError,
         .key = kLegsFar,
         .other = kProfile,
         .broken =
             [](const Settings& s) {
               return s.conflux.profile == Profile::kStock &&
                      s.conflux.legs.far == FarLegs::kForBulk;
             },
         .expected = "`legs.far: at_once`, or `profile: fast` (the exit can see the difference)"},
        {.severity = Severity::kError,
         .key = kLegsCount,
         .other = kLegsMax,
         .broken = [](const Settings& s) { return s.conflux.legs.count > s.conflux.legs.max; },
         .expected = "legs.count <= legs.max"},
        {.severity = Severity::kError,
         .key = kLowWater,
         .other = kHighWater,
         .broken =
             [](const Settings& s) {
               return s.conflux.reorder.low_water >= s.conflux.reorder.high_water;
             },
         .expected = "low_water < high_water"},
        {.severity = Severity::kError,
         .key = kHighWater,
         .other = kTunnelLimit,
         .broken =
             [](const Settings& s) {
               return s.conflux.reorder.high_water > s.conflux.reorder.tunnel_limit;
             },
         .expected = "high_water <= tunnel_limit"},
        {.severity = Severity::kError,
         .key = kTunnelLimit,
         .other = kProcessLimit,
         .broken =
             [](const Settings& s) {
               return s.conflux.reorder.tunnel_limit > s.conflux.reorder.process_limit;
             },
         .expected = "tunnel_limit <= process_limit"},
        {.severity = Severity::kError,
         .key = kFineGrained,
         .other = kProfile,
         .broken =
             [](const Settings& s) {
               return s.conflux.metrics.unsafe_fine_grained && s.conflux.profile != Profile::kLab;
             },
         .expected = "`unsafe_fine_grained: false`, or `profile: lab` on a network of your own"},
        {.severity = Severity::kError,
         .key = kGrpcListen,
         .other = {},
         .broken =
             [](const Settings& s) {
               const GrpcSettings& grpc = s.sidecar.grpc;
               return !grpc.listen.empty() && !is_local_endpoint(grpc.listen) &&
                      (grpc.tls.certificate.empty() || grpc.tls.key.empty() ||
                       grpc.tls.client_ca.empty());
             },
         .expected = "an address on loopback, or grpc.tls.certificate, grpc.tls.key and "
                     "grpc.tls.client_ca, so that only your clients get in",
         .why = "whoever reaches this address reads the metrics"},
        {.severity = Severity::kError,
         .key = kTlsCertificate,
         .other = kTlsKey,
         .broken =
             [](const Settings& s) {
               return s.sidecar.grpc.tls.certificate.empty() != s.sidecar.grpc.tls.key.empty();
             },
         .expected = kAllOfTls},
        {.severity = Severity::kError,
         .key = kTlsClientCa,
         .other = kTlsKey,
         .broken =
             [](const Settings& s) {
               return s.sidecar.grpc.tls.client_ca.empty() != s.sidecar.grpc.tls.key.empty();
             },
         .expected = kAllOfTls},
        {.severity = Severity::kError,
         .key = kOtlpCertificate,
         .other = kOtlpKey,
         .broken =
             [](const Settings& s) {
               return s.sidecar.otlp.tls.certificate.empty() != s.sidecar.otlp.tls.key.empty();
             },
         .expected = "both of otlp.tls.certificate and otlp.tls.key, or none"},
        {.severity = Severity::kError,
         .key = kOtlpEndpoint,
         .other = {},
         .broken =
             [](const Settings& s) {
               return s.sidecar.otlp.endpoint.starts_with("http://") &&
                      !is_local_endpoint(s.sidecar.otlp.endpoint);
             },
         .expected = "https://, or a collector on loopback",
         .why = "everybody on the way could read and change what is pushed"},
        {.severity = Severity::kError,
         .key = kGrpcListen,
         .other = kProfile,
         .broken =
             [](const Settings& s) {
               return s.conflux.profile != Profile::kLab && !s.sidecar.grpc.listen.empty();
             },
         .expected = kNoExport},
        {.severity = Severity::kError,
         .key = kPrometheusListen,
         .other = kProfile,
         .broken =
             [](const Settings& s) {
               const std::string& listen = s.sidecar.prometheus.listen;
               return s.conflux.profile != Profile::kLab && !listen.empty() &&
                      !listen.starts_with("unix:");
             },
         .expected = kNoExport},
        {.severity = Severity::kError,
         .key = kOtlpEndpoint,
         .other = kProfile,
         .broken =
             [](const Settings& s) {
               return s.conflux.profile != Profile::kLab && !s.sidecar.otlp.endpoint.empty();
             },
         .expected = kNoExport},
        {.severity = Severity::kWarning,
         .key = kFineGrained,
         .other = {},
         .broken = [](const Settings& s) { return s.conflux.metrics.unsafe_fine_grained; },
         .expected = "`unsafe_fine_grained: false` wherever there are other people",
         .why = "exact numbers can be matched with what a relay sees"},
        {.severity = Severity::kWarning,
         .key = kMetricsDetail,
         .other = kMetricsMode,
         .broken =
             [](const Settings& s) {
               return s.conflux.metrics.detail == MetricsDetail::kLocal &&
                      s.conflux.metrics.mode == MetricsMode::kOff;
             },
         .expected = "`mode: aggregate`",
         .why = "nothing is published while mode is off"},
        {.severity = Severity::kWarning,
         .key = kLegsCount,
         .other = {},
         .broken = [](const Settings& s) { return s.conflux.legs.count == 1; },
         .expected = "2 or more legs for multipath",
         .why = "one leg is a plain circuit"},
        {.severity = Severity::kWarning,
         .key = kOnFailure,
         .other = kLegsCount,
         .broken =
             [](const Settings& s) {
               return s.conflux.legs.count == 1 && s.plugin.on_failure == OnFailure::kRefuse;
             },
         .expected = "`on_failure: single_path`",
         .why = "the host refuses to start for want of a plugin that it does not use",
         .only_if_written = true},
        {.severity = Severity::kWarning,
         .key = kDesiredUx,
         .other = kProfile,
         .broken =
             [](const Settings& s) {
               return s.conflux.profile == Profile::kStock &&
                      s.conflux.desired_ux != DesiredUx::kHighThroughput;
             },
         .expected = "high_throughput, which stock tor sends",
         .why = "the exit reads it in LINK and can tell you from most users"},
    });

std::string value_of(const Settings& settings, std::string_view key) {
  const Option* option = catalogue().find_option(key);
  const std::string text = option == nullptr ? std::string() : value_text(*option, settings);
  return text.empty() ? "unset" : text;
}

// "conflux.profile: stock (3:12)", so that both sides of a disagreement can be found.
std::string describe(const Validated& validated, std::string_view key) {
  const Origin* origin = validated.find(key);
  const bool of_lab = validated.settings.conflux.profile == Profile::kLab;
  const std::string where = origin != nullptr ? to_string(origin->at)
                            : of_lab          ? "default of profile lab"
                                              : "default";
  return std::string(key) + ": " + value_of(validated.settings, key) + " (" + where + ")";
}

bool applies(const Rule& rule, const Validated& validated) {
  bool written = false;
  for (const std::string_view key : {rule.key, rule.other}) {
    const Origin* origin = validated.find(key);
    if (origin != nullptr && !origin->valid) {
      return false;
    }
    if (!key.empty() && origin == nullptr && rule.only_if_written) {
      return false;
    }
    written = written || origin != nullptr;
  }
  // Defaults agree with each other, or the fault is not the file's.
  return written && rule.broken(validated.settings);
}

Diagnostic diagnose(const Rule& rule, const Validated& validated) {
  std::string_view key = rule.key;
  std::string_view other = rule.other;
  if (validated.find(key) == nullptr) {
    std::swap(key, other);
  }
  Diagnostic diagnostic{.severity = rule.severity,
                        .at = validated.find(key)->at,
                        .key = std::string(key),
                        .message = value_of(validated.settings, key),
                        .expected = std::string(rule.expected)};
  if (!other.empty()) {
    diagnostic.message += " does not go with " + describe(validated, other);
    if (const Origin* origin = validated.find(other)) {
      diagnostic.related.push_back({std::string(other), origin->at});
    }
  }
  if (!rule.why.empty()) {
    diagnostic.message += ": " + std::string(rule.why);
  }
  return diagnostic;
}

}  // namespace

void check_cross_rules(const Validated& validated, Report& report) {
  for (const Rule& rule : kRules) {
    if (applies(rule, validated)) {
      report.add(diagnose(rule, validated));
    }
  }
}

}  // namespace conflux::config
