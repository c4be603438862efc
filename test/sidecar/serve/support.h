// Servers on a Unix socket in this process, with regions of their own, and clients for them.
#pragma once

#include <conflux/metrics/v1/metrics.grpc.pb.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "plugin/sidecar/serve/hub.h"
#include "plugin/sidecar/serve/servers.h"
#include "test/region/support.h"

namespace conflux::sidecar::test {

namespace pb = conflux::metrics::v1;
using region::Metric;
using region::Word;
using region::Writer;

// A region and what its writer says.
class Proxy {
 public:
  Proxy(const std::string& directory, const std::string& instance, std::size_t slots = 0)
      : writer_(region::test::make_writer(
            {.directory = directory, .instance = instance, .slots = slots})),
        words_(region::aggregate_words(), 0) {}

  void publish(Metric metric, Word value, std::size_t at = 0) {
    words_[region::word_of(metric) + at] = value;
    writer_->publish_aggregates(words_);
    writer_->beat();
  }
  // With two legs.
  void publish_tunnel(std::size_t slot, Word cells_received = 1) {
    region::Slot words{};
    words[region::kSlotDisplayId] = 1000 + slot;
    words[region::kSlotState] = 3 | 2U << 8U;
    words[region::kSlotCellsReceived] = cells_received;
    for (std::size_t leg = 0; leg < 2; ++leg) {
      Word* at = &words[region::kSlotLegs + leg * region::kLegWords];
      at[region::kLegRtt] = Word{6} << 48U | Word{leg + 1} << 32U | 120;
      at[region::kLegWindow] = Word{600} << 32U | 31;
    }
    writer_->publish_slot(slot, words);
  }
  Writer& writer() { return *writer_; }

 private:
  std::unique_ptr<Writer> writer_;
  std::vector<Word> words_;
};

class Served : public testing::Test {
 protected:
  void serve() {
    settings_.regions = directory_.path();
    settings_.grpc.socket = socket();
    hub_ = std::make_unique<Hub>(CollectorOptions{.directory = directory_.path()}, nullptr);
    Servers::Result result = Servers::start(settings_, *hub_);
    ASSERT_NE(result.servers, nullptr) << result.problem;
    servers_ = std::move(result.servers);
    channel_ = grpc::CreateChannel("unix:" + socket(), grpc::InsecureChannelCredentials());
    metrics_ = pb::MetricsService::NewStub(channel_);
    tunnels_ = pb::TunnelService::NewStub(channel_);
  }
  void TearDown() override {
    if (hub_ != nullptr) hub_->stop();
    if (servers_ != nullptr) servers_->stop(std::chrono::milliseconds(100));
  }

  std::string socket() const { return directory_.path() / "grpc.sock"; }
  Proxy proxy(const std::string& instance, std::size_t slots = 0) {
    return Proxy(directory_.path(), instance, slots);
  }

  grpc::Status get(const pb::GetSnapshotRequest& request, pb::Snapshot& out) {
    grpc::ClientContext context;
    return metrics_->GetSnapshot(&context, request, &out);
  }
  grpc::Status list(const pb::ListTunnelsRequest& request, pb::ListTunnelsResponse& out) {
    grpc::ClientContext context;
    return tunnels_->ListTunnels(&context, request, &out);
  }

  region::test::Directory directory_;
  config::SidecarSettings settings_;
  std::unique_ptr<Hub> hub_;
  std::unique_ptr<Servers> servers_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<pb::MetricsService::Stub> metrics_;
  std::unique_ptr<pb::TunnelService::Stub> tunnels_;
};

// A watch that a test reads from.
template <class Message>
struct Stream {
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReader<Message>> reader;

  Stream() { context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20)); }
  // The next message; a failure of the test if the stream ends instead.
  Message next() {
    Message message;
    EXPECT_TRUE(reader->Read(&message)) << reader->Finish().error_message();
    return message;
  }
  // What it ended with, when all has been read.
  grpc::Status end() {
    Message message;
    while (reader->Read(&message)) {
    }
    return reader->Finish();
  }
};

inline std::unique_ptr<Stream<pb::Snapshot>> watch(pb::MetricsService::Stub& stub,
                                                   const pb::WatchRequest& request) {
  auto stream = std::make_unique<Stream<pb::Snapshot>>();
  stream->reader = stub.Watch(&stream->context, request);
  return stream;
}

// The value of a series; -1 if there is none.
inline double value_of(const pb::Snapshot& snapshot, const std::string& metric,
                       const std::string& label_value = {}, int region = 0) {
  if (region >= snapshot.regions_size()) return -1;
  for (const pb::Sample& sample : snapshot.regions(region).samples()) {
    if (sample.metric() == metric && sample.label_value() == label_value) return sample.number();
  }
  return -1;
}

}  // namespace conflux::sidecar::test
