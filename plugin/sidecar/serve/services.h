// The services of conflux.metrics.v1. Include it where servers are built, nowhere else: it brings
// all of gRPC.
#pragma once

#include <conflux/metrics/v1/metrics.grpc.pb.h>

#include "plugin/sidecar/serve/admission.h"
#include "plugin/sidecar/serve/hub.h"
#include "plugin/sidecar/serve/messages.h"
#include "plugin/sidecar/serve/page_token.h"

namespace conflux::sidecar {

// Sums only: fit for any server.
class MetricsServiceImpl final : public pb::MetricsService::CallbackService {
 public:
  // Both must outlive the server.
  MetricsServiceImpl(Hub& hub, Admission& admission) : hub_(hub), admission_(admission) {}

  grpc::ServerUnaryReactor* GetSnapshot(grpc::CallbackServerContext* context,
                                        const pb::GetSnapshotRequest* request,
                                        pb::Snapshot* response) override;
  grpc::ServerWriteReactor<pb::Snapshot>* Watch(grpc::CallbackServerContext* context,
                                                const pb::WatchRequest* request) override;
  grpc::ServerUnaryReactor* Describe(grpc::CallbackServerContext* context,
                                     const pb::DescribeRequest* request,
                                     pb::DescribeResponse* response) override;

 private:
  Hub& hub_;
  Admission& admission_;
};

// Single tunnels: for the Unix socket's server only.
//
// Ten thousand tunnels are five megabytes as objects and one as bytes: watches hold bytes.
class TunnelServiceImpl final
    : public pb::TunnelService::WithRawCallbackMethod_WatchTunnels<
          pb::TunnelService::WithCallbackMethod_ListTunnels<pb::TunnelService::Service>> {
 public:
  TunnelServiceImpl(Hub& hub, Admission& admission) : hub_(hub), admission_(admission) {}

  grpc::ServerUnaryReactor* ListTunnels(grpc::CallbackServerContext* context,
                                        const pb::ListTunnelsRequest* request,
                                        pb::ListTunnelsResponse* response) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchTunnels(grpc::CallbackServerContext* context,
                                                           const grpc::ByteBuffer* bytes) override;

 private:
  [[nodiscard]] grpc::Status list(const pb::ListTunnelsRequest& request,
                                  pb::ListTunnelsResponse& response);

  Hub& hub_;
  Admission& admission_;
  PageTokens tokens_;
};

}  // namespace conflux::sidecar
