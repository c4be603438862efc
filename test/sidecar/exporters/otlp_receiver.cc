#include "test/sidecar/exporters/otlp_receiver.h"

#include <conflux/otlp/v1/reply.pb.h>
#include <grpcpp/grpcpp.h>
#include <opentelemetry/proto/collector/metrics/v1/metrics_service.grpc.pb.h>

#include <stdexcept>
#include <thread>

#include "test/region/support.h"

namespace conflux::sidecar::test {

namespace collector = opentelemetry::proto::collector::metrics::v1;
using namespace std::chrono_literals;

struct OtlpReceiver::State {
  std::unique_ptr<Service> service;
  std::unique_ptr<grpc::Server> server;
  ReceiverTls tls;
  int port = 0;

  mutable std::mutex mutex;
  std::condition_variable changed;
  std::deque<Answer> script;
  std::size_t requests = 0;
  std::multimap<std::string, std::string> headers;
  OtlpTotals totals{"relay"};
};

namespace {

grpc::Status status_of(const OtlpReceiver::Answer& answer) {
  otlp::v1::RpcStatus details;
  if (answer.retry_after) {
    otlp::v1::RetryInfo info;
    info.mutable_retry_delay()->set_seconds(answer.retry_after->count() / 1000);
    info.mutable_retry_delay()->set_nanos(
        static_cast<std::int32_t>(answer.retry_after->count() % 1000 * 1'000'000));
    google::protobuf::Any& any = *details.add_details();
    any.set_type_url("type.googleapis.com/google.rpc.RetryInfo");
    any.set_value(info.SerializeAsString());
  }
  return {static_cast<grpc::StatusCode>(answer.code), "as told",
          answer.retry_after ? details.SerializeAsString() : std::string()};
}

std::shared_ptr<grpc::ServerCredentials> credentials_of(const ReceiverTls& tls) {
  if (tls.key.empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = region::test::contents(tls.ca);
  options.pem_key_cert_pairs.push_back(
      {region::test::contents(tls.key), region::test::contents(tls.certificate)});
  return grpc::SslServerCredentials(options);
}

}  // namespace

class OtlpReceiver::Service final : public collector::MetricsService::Service {
 public:
  explicit Service(State& state) : state_(state) {}

  grpc::Status Export(grpc::ServerContext* context,
                      const collector::ExportMetricsServiceRequest* request,
                      collector::ExportMetricsServiceResponse* response) override {
    Answer answer;
    {
      const std::lock_guard guard(state_.mutex);
      ++state_.requests;
      state_.headers.clear();
      for (const auto& [key, value] : context->client_metadata()) {
        state_.headers.emplace(std::string(key.data(), key.size()),
                               std::string(value.data(), value.size()));
      }
      if (!state_.script.empty()) {
        answer = state_.script.front();
        state_.script.pop_front();
      }
      if (answer.code == 0 && !answer.hangs) state_.totals.add(*request);
      state_.changed.notify_all();
    }
    while (answer.hangs && !context->IsCancelled()) std::this_thread::sleep_for(5ms);
    if (answer.code != 0) return status_of(answer);
    if (answer.points_rejected > 0) {
      otlp::v1::ExportReply reply;
      reply.mutable_partial_success()->set_rejected_data_points(answer.points_rejected);
      // Our copy of the protocol keeps what is younger as unknown fields, and sends them.
      response->ParseFromString(reply.SerializeAsString());
    }
    return grpc::Status::OK;
  }

 private:
  State& state_;
};

OtlpReceiver::OtlpReceiver(ReceiverTls tls) : state_(std::make_unique<State>()) {
  state_->tls = std::move(tls);
  state_->service = std::make_unique<Service>(*state_);
  start();
}

OtlpReceiver::~OtlpReceiver() { stop(); }

void OtlpReceiver::start() {
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:" + std::to_string(state_->port), credentials_of(state_->tls),
                           &port);
  builder.RegisterService(state_->service.get());
  state_->server = builder.BuildAndStart();
  if (state_->server == nullptr) throw std::runtime_error("no OTLP receiver");
  state_->port = port;
}

void OtlpReceiver::stop() {
  if (state_->server == nullptr) return;
  state_->server->Shutdown(std::chrono::system_clock::now());
  state_->server->Wait();
  state_->server.reset();
}

std::string OtlpReceiver::address() const { return "127.0.0.1:" + std::to_string(state_->port); }

void OtlpReceiver::script(std::deque<Answer> answers) {
  const std::lock_guard guard(state_->mutex);
  state_->script = std::move(answers);
}

bool OtlpReceiver::wait(const std::function<bool(const OtlpTotals&)>& condition) {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, 20s, [&] { return condition(state_->totals); });
}

bool OtlpReceiver::wait_for_requests(std::size_t count) {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, 20s, [&] { return state_->requests >= count; });
}

std::size_t OtlpReceiver::requests() const {
  const std::lock_guard guard(state_->mutex);
  return state_->requests;
}

OtlpTotals OtlpReceiver::totals() const {
  const std::lock_guard guard(state_->mutex);
  return state_->totals;
}

std::string OtlpReceiver::header(const std::string& key) const {
  const std::lock_guard guard(state_->mutex);
  const auto found = state_->headers.find(key);
  return found == state_->headers.end() ? std::string() : found->second;
}

}  // namespace conflux::sidecar::test
