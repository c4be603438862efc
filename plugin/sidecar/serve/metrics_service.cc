#include <memory>
#include <set>
#include <string>

#include "plugin/sidecar/serve/calls.h"
#include "plugin/sidecar/serve/change_filter.h"
#include "plugin/sidecar/serve/requests.h"
#include "plugin/sidecar/serve/services.h"

namespace conflux::sidecar {
namespace {

// A name that nobody knows would wait for ever.
grpc::Status check_changed(const pb::WatchRequest& request, const Snapshot& snapshot) {
  if (request.changed_size() > kChangedMost) {
    return {grpc::StatusCode::INVALID_ARGUMENT, "changed: expected at most 64 metrics"};
  }
  for (const std::string& metric : request.changed()) {
    if (!is_metric(snapshot, metric)) {
      return {grpc::StatusCode::INVALID_ARGUMENT,
              "changed: expected names of metrics, as Describe lists them"};
    }
  }
  return {};
}

grpc::Status check_watch(const pb::WatchRequest& request, const Snapshot& snapshot,
                         std::chrono::milliseconds& interval) {
  grpc::Status status = check_instance(request.instance());
  if (status.ok()) status = read_interval(request, interval);
  return status.ok() ? check_changed(request, snapshot) : status;
}

}  // namespace

grpc::ServerUnaryReactor* MetricsServiceImpl::GetSnapshot(grpc::CallbackServerContext*,
                                                          const pb::GetSnapshotRequest* request,
                                                          pb::Snapshot* response) {
  return new UnaryCall(admission_, [&] {
    const grpc::Status status = check_instance(request->instance());
    if (status.ok()) *response = to_message(*hub_.snapshot(), request->instance());
    return status;
  });
}

grpc::ServerUnaryReactor* MetricsServiceImpl::Describe(grpc::CallbackServerContext*,
                                                       const pb::DescribeRequest* request,
                                                       pb::DescribeResponse* response) {
  return new UnaryCall(admission_, [&] {
    const grpc::Status status = check_instance(request->instance());
    if (status.ok()) *response = describe(*hub_.snapshot(), request->instance());
    return status;
  });
}

grpc::ServerWriteReactor<pb::Snapshot>* MetricsServiceImpl::Watch(grpc::CallbackServerContext*,
                                                                  const pb::WatchRequest* request) {
  std::chrono::milliseconds interval{};
  const grpc::Status status = check_watch(*request, *hub_.snapshot(), interval);
  if (!status.ok()) return new RefusedWatch<pb::Snapshot>(status);
  // The request lives no longer than this function.
  const std::string instance = request->instance();
  auto filter = std::make_shared<ChangeFilter>(
      instance, std::set<std::string>(request->changed().begin(), request->changed().end()));
  return WatchCall<pb::Snapshot>::start(
      hub_, admission_, interval, [instance, filter](const auto& snapshot) {
        return filter->accept(snapshot)
                   ? std::make_unique<pb::Snapshot>(to_message(*snapshot, instance))
                   : nullptr;
      });
}

}  // namespace conflux::sidecar
