// The two text formats that Prometheus and its relatives read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "plugin/sidecar/exporters/own_metrics.h"
#include "plugin/sidecar/model/snapshot.h"

namespace conflux::sidecar {

enum class TextFormat : std::uint8_t {
  kPrometheus = 1,  // text 0.0.4
  kOpenMetrics,     // 1.0.0
};

// By the value of the Accept header; Prometheus' own format unless the other one is preferred.
[[nodiscard]] TextFormat choose_format(std::string_view accept);
[[nodiscard]] const char* content_type(TextFormat format) noexcept;

// The whole exposition: aggregates of all regions with the label proxy, and the sidecar's own.
// Never single tunnels, never exemplars. At most kSeriesPerProxyMax series for each region.
[[nodiscard]] std::string prometheus_text(const Snapshot& snapshot, const SidecarFacts& facts,
                                          TextFormat format);

}  // namespace conflux::sidecar
