#include "plugin/sidecar/exporters/otlp/otlp_channel.h"

#include <conflux/otlp/v1/reply.pb.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <opentelemetry/proto/collector/metrics/v1/metrics_service.grpc.pb.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <string_view>
#include <system_error>

#include "plugin/sidecar/exporters/http/listen_address.h"

namespace conflux::sidecar {

namespace collector = opentelemetry::proto::collector::metrics::v1;
namespace tls = grpc::experimental;
using std::chrono::milliseconds;

namespace {

using std::string_view;

constexpr const char* kSystemAuthorities = "/etc/ssl/certs/ca-certificates.crt";
constexpr unsigned kReloadSeconds = 10;
// gRPC waits on its own between connections, by default up to two minutes: the retry policy is
// ours.
constexpr int kReconnectFirstMs = 100;
constexpr int kReconnectMostMs = 2000;

bool is_local(string_view target) { return target.starts_with("unix:/") || names_loopback(target); }

std::string unreadable(const std::string& path) {
  if (access(path.c_str(), R_OK) == 0) return {};
  return path + ": " + std::generic_category().message(errno) +
         "; give the sidecar the right path, and let it read the file";
}

std::string check(const OtlpEndpoint& it) {
  const bool is_unix = it.target.starts_with("unix:/");
  if (!is_unix && it.target.find(':') == std::string::npos) {
    return "OTLP endpoint \"" + it.target + "\": write host:4317 or unix:/path";
  }
  if (it.plaintext && !is_local(it.target)) {
    return "OTLP endpoint " + it.target +
           ": metrics leave the machine with TLS only; switch it on, or send to loopback";
  }
  if (it.certificate_file.empty() != it.key_file.empty()) {
    return "OTLP: a client certificate needs its key, and a key its certificate; give both";
  }
  if (it.plaintext) return {};
  for (const std::string& path :
       {it.ca_file.empty() ? kSystemAuthorities : it.ca_file, it.certificate_file, it.key_file}) {
    if (path.empty()) continue;
    if (std::string problem = unreadable(path); !problem.empty()) return problem;
  }
  return {};
}

std::shared_ptr<grpc::ChannelCredentials> credentials_of(const OtlpEndpoint& it) {
  if (it.plaintext) return grpc::InsecureChannelCredentials();
  const std::string authorities = it.ca_file.empty() ? kSystemAuthorities : it.ca_file;
  tls::TlsChannelCredentialsOptions options;
  if (it.key_file.empty()) {
    options.set_certificate_provider(
        std::make_shared<tls::FileWatcherCertificateProvider>(authorities, kReloadSeconds));
  } else {
    options.set_certificate_provider(std::make_shared<tls::FileWatcherCertificateProvider>(
        it.key_file, it.certificate_file, authorities, kReloadSeconds));
    options.watch_identity_key_cert_pairs();
  }
  options.watch_root_certs();
  return tls::TlsCredentials(options);
}

grpc::ChannelArguments arguments() {
  grpc::ChannelArguments it;
  it.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectFirstMs);
  it.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMostMs);
  // Neither the environment nor the DNS has a say in where metrics go.
  it.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  it.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  it.SetMaxReceiveMessageSize(64 * 1024);
  it.SetUserAgentPrefix("conflux-sidecar");
  return it;
}

RpcCode code_of(const grpc::Status& status) {
  const int code = status.error_code();
  return code >= 0 && code <= static_cast<int>(RpcCode::kUnauthenticated)
             ? static_cast<RpcCode>(code)
             : RpcCode::kUnknown;
}

// What RetryInfo says, in milliseconds that fit.
std::optional<milliseconds> retry_after_of(const grpc::Status& status) {
  otlp::v1::RpcStatus details;
  if (!details.ParseFromString(status.error_details())) return std::nullopt;
  for (const google::protobuf::Any& detail : details.details()) {
    otlp::v1::RetryInfo info;
    if (!detail.type_url().ends_with("/google.rpc.RetryInfo") ||
        !info.ParseFromString(detail.value())) {
      continue;
    }
    constexpr std::int64_t kDay = 86'400;
    const std::int64_t seconds = std::clamp<std::int64_t>(info.retry_delay().seconds(), 0, kDay);
    const std::int64_t nanos = std::clamp(info.retry_delay().nanos(), 0, 999'999'999);
    return milliseconds(seconds * 1000 + nanos / 1'000'000);
  }
  return std::nullopt;
}

// The field is younger than our copy of the protocol, which keeps it as unknown.
std::uint64_t points_rejected(const collector::ExportMetricsServiceResponse& response) {
  otlp::v1::ExportReply reply;
  if (!reply.ParseFromString(response.SerializeAsString())) return 0;
  return static_cast<std::uint64_t>(
      std::max<std::int64_t>(reply.partial_success().rejected_data_points(), 0));
}

}  // namespace

struct OtlpChannel::State {
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<collector::MetricsService::Stub> stub;
  std::vector<std::pair<std::string, std::string>> headers;
  bool gzip = false;
  std::mutex mutex;
  bool cancelled = false;
  grpc::ClientContext* current = nullptr;
};

OtlpChannel::Result OtlpChannel::create(const OtlpEndpoint& endpoint) {
  if (std::string problem = check(endpoint); !problem.empty()) return {nullptr, problem};
  auto state = std::make_unique<State>();
  state->channel =
      grpc::CreateCustomChannel(endpoint.target, credentials_of(endpoint), arguments());
  state->stub = collector::MetricsService::NewStub(state->channel);
  state->headers = endpoint.headers;
  state->gzip = endpoint.gzip;
  return {std::unique_ptr<OtlpChannel>(new OtlpChannel(std::move(state))), {}};
}

OtlpChannel::OtlpChannel(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
OtlpChannel::~OtlpChannel() = default;

OtlpReply OtlpChannel::send(const OtlpRequest& request, milliseconds timeout) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + timeout);
  if (state_->gzip) context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  for (const auto& [key, value] : state_->headers) context.AddMetadata(key, value);
  {
    const std::lock_guard guard(state_->mutex);
    if (state_->cancelled) return {.code = RpcCode::kCancelled, .retry_after = {}};
    state_->current = &context;
  }
  collector::ExportMetricsServiceResponse response;
  const grpc::Status status = state_->stub->Export(&context, request, &response);
  {
    const std::lock_guard guard(state_->mutex);
    state_->current = nullptr;
  }
  if (!status.ok()) return {.code = code_of(status), .retry_after = retry_after_of(status)};
  return {.code = RpcCode::kOk, .retry_after = {}, .points_rejected = points_rejected(response)};
}

void OtlpChannel::cancel() {
  const std::lock_guard guard(state_->mutex);
  state_->cancelled = true;
  if (state_->current != nullptr) state_->current->TryCancel();
}

}  // namespace conflux::sidecar
