#include <algorithm>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "plugin/sidecar/serve/calls.h"
#include "plugin/sidecar/serve/requests.h"
#include "plugin/sidecar/serve/services.h"

namespace conflux::sidecar {
namespace {

using Tunnels = std::vector<const TunnelSnapshot*>;

Tunnels of_instance(const TunnelList& list, const std::string& instance) {
  Tunnels out;
  for (const TunnelSnapshot& tunnel : list.tunnels) {
    if (instance.empty() || tunnel.instance == instance) out.push_back(&tunnel);
  }
  return out;
}

// Tunnels come and go between two pages; their places stay.
Tunnels::const_iterator first_from(const Tunnels& tunnels, const PagePosition& position) {
  return std::ranges::find_if(tunnels, [&](const TunnelSnapshot* tunnel) {
    return std::tie(tunnel->instance, tunnel->slot) >= std::tie(position.instance, position.slot);
  });
}

Tunnels::const_iterator fill(const TunnelList& list, const Tunnels& tunnels,
                             Tunnels::const_iterator at, std::size_t most,
                             pb::ListTunnelsResponse& out) {
  fill_timestamp(list.taken_at, *out.mutable_taken_at());
  out.set_total(static_cast<std::uint32_t>(tunnels.size()));
  for (; at != tunnels.end() && most > 0; ++at, --most) fill_tunnel(**at, *out.add_tunnels());
  return at;
}

}  // namespace

grpc::Status TunnelServiceImpl::list(const pb::ListTunnelsRequest& request,
                                     pb::ListTunnelsResponse& response) {
  std::size_t page = 0;
  grpc::Status status = check_instance(request.instance());
  if (status.ok()) {
    status = read_count("page_size", request.page_size(), kPageDefault, kPageMost, page);
  }
  if (!status.ok()) return status;
  PagePosition from;
  if (!request.page_token().empty()) {
    const auto opened = tokens_.open(request.page_token(), request.instance());
    if (!opened) {
      return {grpc::StatusCode::INVALID_ARGUMENT,
              "page_token: expected a next_page_token of this sidecar for the same instance; "
              "begin anew without one"};
    }
    from = *opened;
  }
  const auto list = hub_.tunnels();
  const Tunnels tunnels = of_instance(*list, request.instance());
  const auto next = fill(*list, tunnels, first_from(tunnels, from), page, response);
  if (next != tunnels.end()) {
    response.set_next_page_token(
        tokens_.seal({.instance = (*next)->instance, .slot = (*next)->slot}, request.instance()));
  }
  return {};
}

grpc::ServerUnaryReactor* TunnelServiceImpl::ListTunnels(grpc::CallbackServerContext*,
                                                         const pb::ListTunnelsRequest* request,
                                                         pb::ListTunnelsResponse* response) {
  return new UnaryCall(admission_, [&] { return list(*request, *response); });
}

grpc::ServerWriteReactor<pb::ListTunnelsResponse>* TunnelServiceImpl::WatchTunnels(
    grpc::CallbackServerContext*, const pb::WatchTunnelsRequest* request) {
  using Response = pb::ListTunnelsResponse;
  std::chrono::milliseconds interval{};
  std::size_t most = 0;
  grpc::Status status = check_instance(request->instance());
  if (status.ok()) status = read_interval(*request, interval);
  if (status.ok()) {
    status = read_count("limit", request->limit(), kWatchedDefault, kWatchedMost, most);
  }
  if (!status.ok()) return new RefusedWatch<Response>(status);
  return WatchCall<Response>::start(hub_, admission_, interval,
                                    [this, most, instance = request->instance()](const auto&) {
                                      const auto list = hub_.tunnels();
                                      const Tunnels tunnels = of_instance(*list, instance);
                                      auto response = std::make_unique<Response>();
                                      fill(*list, tunnels, tunnels.begin(), most, *response);
                                      return response;
                                    });
}

}  // namespace conflux::sidecar
