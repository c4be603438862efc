// Snapshots as messages of conflux.metrics.v1.
#pragma once

#include <conflux/metrics/v1/metrics.pb.h>

#include <chrono>
#include <string>

#include "plugin/sidecar/model/snapshot.h"

namespace conflux::sidecar {

namespace pb = conflux::metrics::v1;

void fill_timestamp(std::chrono::system_clock::time_point time, google::protobuf::Timestamp& out);

// Regions of one instance, or of all if `instance` is empty.
[[nodiscard]] pb::Snapshot to_message(const Snapshot& snapshot, const std::string& instance);
void fill_tunnel(const TunnelSnapshot& tunnel, pb::Tunnel& out);

// Each metric once: of the regions of `instance`, or of all live ones; of the sidecar's own
// catalogue if `instance` is empty and none is live.
[[nodiscard]] pb::DescribeResponse describe(const Snapshot& snapshot, const std::string& instance);
// Does describe() without an instance know it?
[[nodiscard]] bool is_metric(const Snapshot& snapshot, const std::string& name);

}  // namespace conflux::sidecar
