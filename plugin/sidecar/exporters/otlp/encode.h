// Regions as requests of OTLP: cumulative, one resource for each life of a proxy, and one for the
// sidecar.
#pragma once

#include <opentelemetry/proto/collector/metrics/v1/metrics_service.pb.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "plugin/sidecar/exporters/otlp/pending_regions.h"
#include "plugin/sidecar/exporters/own_metrics.h"

namespace conflux::sidecar {

using OtlpRequest = opentelemetry::proto::collector::metrics::v1::ExportMetricsServiceRequest;

struct EncodeOptions {
  // Random for each start of the sidecar.
  std::string sidecar_id;
  // A request is no longer, but for a single metric that is. Receivers take 4 MiB at least.
  std::size_t request_bytes_max = 2U << 20U;
};

struct EncodedRequest {
  OtlpRequest message;
  // So many of the regions, counted from the first, are told in full by this request and those
  // before it.
  std::size_t complete = 0;
};

// The sidecar's own metrics first. Names are the catalogue's and units UCUM, which Prometheus turns
// into the very names of /metrics.
[[nodiscard]] std::vector<EncodedRequest> encode(const std::vector<PendingRegion>& regions,
                                                 const SidecarFacts& facts,
                                                 std::chrono::system_clock::time_point now,
                                                 const EncodeOptions& options);

}  // namespace conflux::sidecar
