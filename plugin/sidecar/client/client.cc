#include "plugin/sidecar/client/client.h"

#include <conflux/metrics/v1/metrics.grpc.pb.h>
#include <grpcpp/grpcpp.h>

#include <fstream>
#include <iterator>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

namespace conflux::sidecar {
namespace {

using metrics::v1::MetricsService;
using metrics::v1::TunnelService;

// Long enough for a sidecar under load, short enough for a person.
constexpr std::chrono::seconds kTimeout{5};
// 16384 tunnels with eight legs each are below it.
constexpr int kMessageBytesMax = 32 << 20;
constexpr std::uint32_t kPageSize = 1000;

bool read_file(const std::string& path, std::string& text, std::string& problem) {
  std::ifstream file(path, std::ios::binary);
  text.assign(std::istreambuf_iterator<char>(file), {});
  if (!file) problem = path + " cannot be read; it must be a PEM file that this user may read";
  return problem.empty();
}

// A Unix socket is protected by its directory.
std::shared_ptr<grpc::ChannelCredentials> credentials_for(const Address& address,
                                                          std::string& problem) {
  if (address.ca_file.empty()) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions files;
  if (!read_file(address.ca_file, files.pem_root_certs, problem) ||
      !read_file(address.certificate_file, files.pem_cert_chain, problem) ||
      !read_file(address.key_file, files.pem_private_key, problem)) {
    return nullptr;
  }
  return grpc::SslCredentials(files);
}

void set_deadline(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + kTimeout);
}

google::protobuf::Duration duration_of(std::chrono::milliseconds time) {
  google::protobuf::Duration out;
  out.set_seconds(time.count() / 1000);
  out.set_nanos(static_cast<std::int32_t>(time.count() % 1000 * 1'000'000));
  return out;
}

template <class Message>
grpc::Status read_all(grpc::ClientReader<Message>& reader, grpc::ClientContext& context,
                      const std::function<bool(const Message&)>& handle) {
  Message message;
  bool enough = false;
  while (!enough && reader.Read(&message)) enough = !handle(message);
  if (enough) context.TryCancel();
  const grpc::Status status = reader.Finish();
  return enough ? grpc::Status::OK : status;
}

}  // namespace

std::string reason_of(const grpc::Status& status) {
  const grpc::StatusCode code = status.error_code();
  if (code == grpc::StatusCode::DEADLINE_EXCEEDED) return "it does not answer";
  if (code == grpc::StatusCode::UNIMPLEMENTED) return "it does not offer this here";
  // "failed to connect to all addresses; last error: UNKNOWN: No such file or directory"
  const std::string& text = status.error_message();
  const std::size_t at = text.rfind(": ");
  const bool connecting = text.find("failed to connect") != std::string::npos;
  return connecting && at != std::string::npos ? text.substr(at + 2) : text;
}

// Contexts that are to end.
struct Cancellation::Shared {
  std::mutex mutex;
  bool cancelled = false;
  std::set<grpc::ClientContext*> contexts;
};

Cancellation::Cancellation() : shared_(std::make_unique<Shared>()) {}
Cancellation::~Cancellation() = default;

void Cancellation::cancel() {
  const std::lock_guard lock(shared_->mutex);
  shared_->cancelled = true;
  for (grpc::ClientContext* context : shared_->contexts) context->TryCancel();
}

struct Client::Stubs {
  explicit Stubs(const std::shared_ptr<grpc::Channel>& channel)
      : metrics(MetricsService::NewStub(channel)), tunnels(TunnelService::NewStub(channel)) {}

  // A context that a Cancellation knows as long as it lives.
  class Stream {
   public:
    explicit Stream(Cancellation::Shared& shared) : shared_(shared) {
      const std::lock_guard lock(shared_.mutex);
      shared_.contexts.insert(&context);
      if (shared_.cancelled) context.TryCancel();
    }
    ~Stream() {
      const std::lock_guard lock(shared_.mutex);
      shared_.contexts.erase(&context);
    }
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;
    grpc::ClientContext context;

   private:
    Cancellation::Shared& shared_;
  };

  std::unique_ptr<MetricsService::Stub> metrics;
  std::unique_ptr<TunnelService::Stub> tunnels;
};

Client::Client() = default;
Client::~Client() = default;

std::unique_ptr<Client> Client::make(const Address& address, std::string& problem) {
  const auto credentials = credentials_for(address, problem);
  if (credentials == nullptr) return nullptr;
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  // A sidecar that comes back is found within a second.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  // Never through a proxy of the environment: the socket is local, or the operator's own.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  std::unique_ptr<Client> client(new Client);
  client->stubs_ =
      std::make_unique<Stubs>(grpc::CreateCustomChannel(address.target, credentials, arguments));
  return client;
}

Answer<metrics::v1::Snapshot> Client::snapshot(const std::string& instance,
                                               Cancellation& cancellation) const {
  Answer<metrics::v1::Snapshot> answer;
  Stubs::Stream stream(*cancellation.shared_);
  set_deadline(stream.context);
  metrics::v1::GetSnapshotRequest request;
  request.set_instance(instance);
  answer.status = stubs_->metrics->GetSnapshot(&stream.context, request, &answer.value);
  return answer;
}

Answer<metrics::v1::DescribeResponse> Client::describe(const std::string& instance) const {
  Answer<metrics::v1::DescribeResponse> answer;
  grpc::ClientContext context;
  set_deadline(context);
  metrics::v1::DescribeRequest request;
  request.set_instance(instance);
  answer.status = stubs_->metrics->Describe(&context, request, &answer.value);
  return answer;
}

Answer<metrics::v1::ListTunnelsResponse> Client::tunnels(const std::string& instance) const {
  Answer<metrics::v1::ListTunnelsResponse> answer;
  metrics::v1::ListTunnelsRequest request;
  request.set_instance(instance);
  request.set_page_size(kPageSize);
  do {
    grpc::ClientContext context;
    set_deadline(context);
    metrics::v1::ListTunnelsResponse page;
    answer.status = stubs_->tunnels->ListTunnels(&context, request, &page);
    if (!answer.ok()) return answer;
    request.set_page_token(page.next_page_token());
    answer.value.MergeFrom(page);
  } while (!request.page_token().empty());
  answer.value.clear_next_page_token();
  return answer;
}

grpc::Status Client::watch(const WatchOptions& options, Cancellation& cancellation,
                           const OnSnapshot& on_snapshot) const {
  metrics::v1::WatchRequest request;
  request.set_instance(options.instance);
  *request.mutable_interval() = duration_of(options.interval);
  for (const std::string& metric : options.changed) request.add_changed(metric);
  Stubs::Stream stream(*cancellation.shared_);
  const auto reader = stubs_->metrics->Watch(&stream.context, request);
  return read_all(*reader, stream.context, on_snapshot);
}

grpc::Status Client::watch_tunnels(const WatchOptions& options, Cancellation& cancellation,
                                   const OnTunnels& on_tunnels) const {
  metrics::v1::WatchTunnelsRequest request;
  request.set_instance(options.instance);
  *request.mutable_interval() = duration_of(options.interval);
  request.set_limit(options.limit);
  Stubs::Stream stream(*cancellation.shared_);
  const auto reader = stubs_->tunnels->WatchTunnels(&stream.context, request);
  return read_all(*reader, stream.context, on_tunnels);
}

}  // namespace conflux::sidecar
