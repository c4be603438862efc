#include <google/protobuf/arena.h>

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

struct Watched {
  std::string instance;
  std::chrono::milliseconds interval{};
  std::size_t most = 0;
};

grpc::Status read_watch(const grpc::ByteBuffer& bytes, Watched& out) {
  pb::WatchTunnelsRequest request;
  grpc::ByteBuffer copy(bytes);  // of references
  grpc::Status status =
      grpc::SerializationTraits<pb::WatchTunnelsRequest>::Deserialize(&copy, &request);
  if (!status.ok()) return {grpc::StatusCode::INVALID_ARGUMENT, "not a WatchTunnelsRequest"};
  out.instance = request.instance();
  status = check_instance(out.instance);
  if (status.ok()) status = read_interval(request, out.interval);
  if (!status.ok()) return status;
  return read_count("limit", request.limit(), kWatchedDefault, kWatchedMost, out.most);
}

// In a few large pieces, which go back to the system at once.
google::protobuf::ArenaOptions arena_options() {
  google::protobuf::ArenaOptions options;
  options.max_block_size = 256U << 10U;
  return options;
}

std::unique_ptr<grpc::ByteBuffer> to_bytes(const pb::ListTunnelsResponse& response) {
  auto out = std::make_unique<grpc::ByteBuffer>();
  bool owned = false;
  const grpc::Status status =
      grpc::SerializationTraits<pb::ListTunnelsResponse>::Serialize(response, out.get(), &owned);
  return status.ok() ? std::move(out) : nullptr;
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

grpc::ServerWriteReactor<grpc::ByteBuffer>* TunnelServiceImpl::WatchTunnels(
    grpc::CallbackServerContext*, const grpc::ByteBuffer* bytes) {
  Watched watched;
  const grpc::Status status = read_watch(*bytes, watched);
  if (!status.ok()) return new RefusedWatch<grpc::ByteBuffer>(status);
  return WatchCall<grpc::ByteBuffer>::start(
      hub_, admission_, watched.interval, [this, watched](const auto&) {
        const auto list = hub_.tunnels();
        const Tunnels tunnels = of_instance(*list, watched.instance);
        google::protobuf::Arena arena(arena_options());
        auto* response = google::protobuf::Arena::CreateMessage<pb::ListTunnelsResponse>(&arena);
        fill(*list, tunnels, tunnels.begin(), watched.most, *response);
        return to_bytes(*response);
      });
}

}  // namespace conflux::sidecar
