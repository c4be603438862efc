// What the commands print with --json. Names stay; fields may be added.
#pragma once

#include <conflux/metrics/v1/metrics.pb.h>

#include <nlohmann/json.hpp>
#include <string>

namespace conflux::ctl {

using Json = nlohmann::ordered_json;

[[nodiscard]] Json as_json(const metrics::v1::Snapshot& snapshot);
[[nodiscard]] Json as_json(const metrics::v1::Tunnel& tunnel);
[[nodiscard]] Json as_json(const metrics::v1::DescribeResponse& description);

// One document in UTF-8, whatever strangers sent. `indent` -1: in one line.
[[nodiscard]] std::string to_text(const Json& json, int indent);

}  // namespace conflux::ctl
