#include "plugin/sidecar/serve/servers.h"

#include <grpcpp/ext/health_check_service_server_builder_option.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "plugin/sidecar/exporters/http/socket_file.h"
#include "plugin/sidecar/serve/credentials.h"
#include "plugin/sidecar/serve/services.h"
#include "plugin/sidecar/serve/socket_place.h"

namespace conflux::sidecar {
namespace {

constexpr int kMinute = 60'000;

// gRPC gives reflection to every server of a process that has the library.
class NoReflection final : public grpc::ServerBuilderOption {
 public:
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    plugins->clear();
  }
};

void set_limits(grpc::ServerBuilder& builder, const config::LimitSettings& limits) {
  grpc::ResourceQuota quota("conflux-sidecar");
  quota.SetMaxThreads(static_cast<int>(limits.threads));
  builder.SetResourceQuota(quota);
  builder.SetMaxReceiveMessageSize(static_cast<int>(limits.message_size));
  // More than may be served, so that one too many is told so instead of waiting.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, static_cast<int>(2 * limits.streams));
  // Two sidecars on one port would each get half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, 8 * 1024);
  // Whoever has gone without a word is found out; whoever stays without calls is sent away.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kMinute);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kMinute / 3);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, 10 * kMinute);
}

// Why nobody could listen there; gRPC does not say.
std::string bind_problem(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), address.substr(colon + 1).c_str(), &hints, &found) != 0) {
    return "not an address of this machine";
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, freeaddrinfo);
  const int probe = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  const bool bound = bind(probe, found->ai_addr, found->ai_addrlen) == 0 && listen(probe, 1) == 0;
  const int error = errno;
  close(probe);
  return bound ? "gRPC refuses it" : std::generic_category().message(error);
}

}  // namespace

struct Servers::Parts {
  Parts(const config::SidecarSettings& given, Hub& hub)
      : settings(given),
        admission(given.limits.streams),
        metrics(hub, admission),
        tunnels(hub, admission) {}

  // Each answers what is wrong, or nothing.
  std::string start_tcp();
  std::string start_socket();

  const config::SidecarSettings settings;
  Admission admission;
  MetricsServiceImpl metrics;
  TunnelServiceImpl tunnels;
  std::unique_ptr<SocketFile> socket_file;
  std::unique_ptr<grpc::Server> tcp;
  std::unique_ptr<grpc::Server> local;
  std::string tcp_address;
};

std::string Servers::Parts::start_tcp() {
  const config::GrpcSettings& grpc_settings = settings.grpc;
  if (grpc_settings.listen.empty()) return {};
  const TlsFiles files{.certificate = grpc_settings.tls.certificate,
                       .key = grpc_settings.tls.key,
                       .authority = grpc_settings.tls.client_ca};
  const bool encrypted = !files.certificate.empty();
  if (std::string problem = check_tls_files(files); !problem.empty()) return problem;
  grpc::ServerBuilder builder;
  set_limits(builder, settings.limits);
  // A client whose authority was taken away is gone within the hour.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, 60 * kMinute);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, kMinute / 6);
  builder.SetOption(std::make_unique<grpc::HealthCheckServiceServerBuilderOption>(nullptr));
  builder.SetOption(std::make_unique<NoReflection>());
  int port = 0;
  builder.AddListeningPort(grpc_settings.listen,
                           encrypted ? mutual_tls(files) : grpc::InsecureServerCredentials(),
                           &port);
  builder.RegisterService(&metrics);
  tcp = builder.BuildAndStart();
  if (tcp == nullptr || port == 0) {
    return grpc_settings.listen + ": " + bind_problem(grpc_settings.listen) +
           "; free it, or change sidecar.grpc.listen";
  }
  tcp_address =
      grpc_settings.listen.substr(0, grpc_settings.listen.rfind(':') + 1) + std::to_string(port);
  return {};
}

std::string Servers::Parts::start_socket() {
  const std::string& path = settings.grpc.socket;
  if (path == "none") return {};
  if (std::string problem = check_socket_place(path); !problem.empty()) return problem;
  SocketFile::Result claim = SocketFile::acquire(path);
  if (claim.file == nullptr) return claim.problem;
  socket_file = std::move(claim.file);
  grpc::ServerBuilder builder;
  set_limits(builder, settings.limits);
  builder.AddListeningPort("unix:" + path, grpc::InsecureServerCredentials());
  builder.RegisterService(&metrics);
  builder.RegisterService(&tunnels);
  local = builder.BuildAndStart();
  if (local == nullptr || !socket_file->open_to_group()) {
    return path + ": cannot be made; let the sidecar's user write in its directory";
  }
  return {};
}

Servers::Result Servers::start(const config::SidecarSettings& settings, Hub& hub) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  auto parts = std::make_unique<Parts>(settings, hub);
  std::string problem = parts->start_tcp();
  if (problem.empty()) problem = parts->start_socket();
  std::unique_ptr<Servers> servers(new Servers(std::move(parts)));
  if (!problem.empty()) {
    servers->stop(std::chrono::milliseconds(0));
    return {nullptr, std::move(problem)};
  }
  return {std::move(servers), {}};
}

Servers::Servers(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Servers::~Servers() { stop(std::chrono::milliseconds(0)); }

const std::string& Servers::tcp_address() const { return parts_->tcp_address; }

void Servers::tell_health(bool some_proxy_lives) {
  if (parts_->local == nullptr) return;
  grpc::HealthCheckServiceInterface* health = parts_->local->GetHealthCheckService();
  for (const char* service :
       {pb::MetricsService::service_full_name(), pb::TunnelService::service_full_name()}) {
    health->SetServingStatus(service, some_proxy_lives);
  }
}

void Servers::stop(std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::system_clock::now() + patience;
  if (parts_->local != nullptr && parts_->local->GetHealthCheckService() != nullptr) {
    parts_->local->GetHealthCheckService()->Shutdown();
  }
  for (const auto& server : {parts_->local.get(), parts_->tcp.get()}) {
    if (server != nullptr) server->Shutdown(deadline);
  }
  parts_->local.reset();
  parts_->tcp.reset();
  parts_->socket_file.reset();
}

}  // namespace conflux::sidecar
