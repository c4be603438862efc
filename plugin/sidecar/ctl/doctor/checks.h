// What is wrong, and what to do next: from facts to findings. Pure.
#pragma once

#include <conflux/metrics/v1/metrics.pb.h>
#include <grpcpp/support/status.h>

#include <optional>
#include <string>
#include <vector>

#include "config/parse.h"
#include "plugin/region/reader.h"

namespace conflux::ctl {

struct Finding {
  enum class Level { kFine, kHint, kProblem };
  Level level = Level::kFine;
  std::string subject{};  // "sidecar", "proxy lab", "directory", "configuration"
  std::string text{};
  std::string next{};  // what to do; empty if it is fine
};

// What the system says of a path.
enum class PathState { kOk, kAbsent, kForbidden, kOtherKind };

struct SidecarFacts {
  std::string target{};
  // Of its Unix socket, if it has one.
  std::optional<PathState> socket{};
  grpc::Status status{};
  metrics::v1::Snapshot snapshot{};  // if the status is OK
};
[[nodiscard]] std::vector<Finding> check_sidecar(const SidecarFacts& facts);

struct LocalRegion {
  std::string instance{};
  region::Health health{};
  std::string problem{};  // of the system
  region::Identity identity{};
  std::size_t slots = 0;
};
struct DirectoryFacts {
  std::string path{};
  PathState state = PathState::kOk;
  std::vector<LocalRegion> regions{};
};
// `sidecar`: tells of the same regions, so that each is told of once.
[[nodiscard]] std::vector<Finding> check_directory(const DirectoryFacts& facts,
                                                   const SidecarFacts& sidecar);

struct ConfigFacts {
  std::string path{};
  bool named = false;   // by the person, who expects it to be there
  std::string error{};  // why it cannot be read; empty: `result` is of it
  bool absent = false;
  config::ParseResult result{};
};
[[nodiscard]] std::vector<Finding> check_config(const ConfigFacts& facts);

// The file that the configuration names, judged as a host's loader judges it, and not loaded.
struct PluginFacts {
  std::string path{};     // empty: the configuration names none
  std::string refusal{};  // in the loader's words; empty: it may be loaded
  std::string sha256{};
  std::size_t pins = 0;
};
[[nodiscard]] std::vector<Finding> check_plugin(const PluginFacts& facts);

[[nodiscard]] bool is_healthy(const std::vector<Finding>& findings);

}  // namespace conflux::ctl
