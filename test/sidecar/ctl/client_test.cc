#include "plugin/sidecar/client/client.h"

#include <conflux/metrics/v1/metrics.grpc.pb.h>
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "plugin/sidecar/client/follower.h"
#include "test/support/temporary_directory.h"

namespace conflux::sidecar {
namespace {

namespace v1 = metrics::v1;
using testing::ElementsAre;
using testing::HasSubstr;

// A sidecar of three pages, whose streams tell once and then nothing more.
class Metrics final : public v1::MetricsService::Service {
  grpc::Status GetSnapshot(grpc::ServerContext*, const v1::GetSnapshotRequest* request,
                           v1::Snapshot* out) override {
    out->add_regions()->set_instance(request->instance());
    return grpc::Status::OK;
  }
  grpc::Status Watch(grpc::ServerContext* context, const v1::WatchRequest* request,
                     grpc::ServerWriter<v1::Snapshot>* writer) override {
    v1::Snapshot snapshot;
    snapshot.add_regions()->set_instance(std::to_string(request->interval().nanos()));
    writer->Write(snapshot);
    while (!context->IsCancelled()) std::this_thread::yield();
    return grpc::Status::CANCELLED;
  }
};

class Tunnels final : public v1::TunnelService::Service {
  grpc::Status ListTunnels(grpc::ServerContext*, const v1::ListTunnelsRequest* request,
                           v1::ListTunnelsResponse* out) override {
    const int page = request->page_token().empty() ? 0 : std::stoi(request->page_token());
    out->add_tunnels()->set_display_id(static_cast<std::uint32_t>(page));
    if (page < 2) out->set_next_page_token(std::to_string(page + 1));
    return grpc::Status::OK;
  }
  grpc::Status WatchTunnels(grpc::ServerContext* context, const v1::WatchTunnelsRequest* request,
                            grpc::ServerWriter<v1::ListTunnelsResponse>* writer) override {
    if (request->limit() > 10'000) return {grpc::StatusCode::INVALID_ARGUMENT, "limit: too many"};
    v1::ListTunnelsResponse tunnels;
    tunnels.set_total(request->limit());
    writer->Write(tunnels);
    while (!context->IsCancelled()) std::this_thread::yield();
    return grpc::Status::CANCELLED;
  }
};

class ClientOfASidecar : public testing::Test {
 protected:
  ~ClientOfASidecar() override {
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
  }
  void serve(bool with_tunnels = true) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address_.target, grpc::InsecureServerCredentials());
    builder.RegisterService(&metrics_);
    if (with_tunnels) builder.RegisterService(&tunnels_);
    server_ = builder.BuildAndStart();
  }
  std::unique_ptr<Client> client() {
    std::string problem;
    return Client::make(address_, problem);
  }

  const conflux::test::TemporaryDirectory directory_{conflux::test::kTmpfs};
  const Address address_ = {.target = "unix:" + directory_.path("sock")};
  Metrics metrics_;
  Tunnels tunnels_;
  std::unique_ptr<grpc::Server> server_;
  Cancellation cancellation_;
};

TEST_F(ClientOfASidecar, PutsPagesTogether) {
  serve();
  const auto answer = client()->tunnels("");
  ASSERT_TRUE(answer.ok());
  std::vector<std::uint32_t> ids;
  for (const v1::Tunnel& tunnel : answer.value.tunnels()) ids.push_back(tunnel.display_id());
  EXPECT_THAT(ids, ElementsAre(0, 1, 2));
  EXPECT_TRUE(answer.value.next_page_token().empty());
}

TEST_F(ClientOfASidecar, AStreamEndsWhenItsReaderHasEnough) {
  serve();
  int snapshots = 0;
  const grpc::Status status =
      client()->watch({.interval = std::chrono::milliseconds(250)}, cancellation_,
                      [&snapshots](const v1::Snapshot& snapshot) {
                        EXPECT_EQ(snapshot.regions(0).instance(), "250000000");
                        return ++snapshots < 1;
                      });
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(snapshots, 1);
}

TEST_F(ClientOfASidecar, AStreamThatSaysNothingIsEndedFromAnotherThread) {
  serve();
  std::promise<void> begun;
  auto done = std::async(std::launch::async, [&] {
    return client()->watch({}, cancellation_, [&begun](const v1::Snapshot&) {
      begun.set_value();
      return true;
    });
  });
  begun.get_future().wait();
  cancellation_.cancel();
  EXPECT_EQ(done.get().error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(
      client()->watch({}, cancellation_, [](const v1::Snapshot&) { return true; }).error_code(),
      grpc::StatusCode::CANCELLED)
      << "later ones do not begin";
}

TEST_F(ClientOfASidecar, SaysInPlainWordsThatNobodyIsThere) {
  const auto answer = client()->snapshot("", cancellation_);
  EXPECT_FALSE(answer.ok());
  EXPECT_EQ(reason_of(answer.status), "No such file or directory");
}

TEST_F(ClientOfASidecar, RefusesCertificatesThatCannotBeRead) {
  Address address = address_;
  address.ca_file = directory_.path("ca.pem");
  std::string problem;
  EXPECT_EQ(Client::make(address, problem), nullptr);
  EXPECT_THAT(problem, HasSubstr("ca.pem cannot be read"));
}

// Counts what a follower tells.
struct Told {
  std::mutex mutex;
  std::condition_variable changed;
  int snapshots = 0;
  int tunnels = 0;
  int lost = 0;
  int no_detail = 0;
  int refused = 0;

  FollowerCallbacks callbacks() {
    return {.on_snapshot = [this](const auto&) { count(snapshots); },
            .on_tunnels = [this](const auto&) { count(tunnels); },
            .on_lost = [this](const auto&) { count(lost); },
            .on_no_detail = [this] { count(no_detail); },
            .on_refused =
                [this](const std::string& why) {
                  EXPECT_EQ(why, "limit: too many");
                  count(refused);
                }};
  }
  void count(int& what) {
    const std::lock_guard lock(mutex);
    ++what;
    changed.notify_all();
  }
  void wait_for(int& what, int least) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return what >= least; });
  }
  int now(int& what) {
    const std::lock_guard lock(mutex);
    return what;
  }
};

TEST_F(ClientOfASidecar, AFollowerFindsASidecarThatComesLaterAndComesBack) {
  Told told;
  const auto it = client();
  const Follower follower(*it, {.interval = std::chrono::milliseconds(20), .limit = 7},
                          told.callbacks());
  told.wait_for(told.lost, 1);
  serve();
  told.wait_for(told.snapshots, 1);
  told.wait_for(told.tunnels, 1);
  server_->Shutdown(std::chrono::system_clock::now());
  server_.reset();
  told.wait_for(told.lost, told.now(told.lost) + 1);
  serve();
  told.wait_for(told.tunnels, 2);
}

TEST_F(ClientOfASidecar, AFollowerSaysThatTunnelsAreNotToldOf) {
  serve(false);
  Told told;
  const auto it = client();
  const Follower follower(*it, {.interval = std::chrono::milliseconds(20)}, told.callbacks());
  told.wait_for(told.no_detail, 1);
  told.wait_for(told.snapshots, 1);
  EXPECT_EQ(told.tunnels, 0);
}

TEST_F(ClientOfASidecar, AFollowerSaysWhyTunnelsAreRefusedAndAsksAgain) {
  serve();
  Told told;
  const auto it = client();
  const Follower follower(*it, {.interval = std::chrono::milliseconds(20), .limit = 10'001},
                          told.callbacks());
  told.wait_for(told.refused, 2);
  told.wait_for(told.snapshots, 1);
  EXPECT_EQ(told.now(told.tunnels), 0);
}

}  // namespace
}  // namespace conflux::sidecar
