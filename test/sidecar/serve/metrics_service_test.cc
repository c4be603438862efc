#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/sidecar/serve/support.h"

namespace conflux::sidecar::test {
namespace {

using grpc::StatusCode;
using testing::HasSubstr;

class MetricsServed : public Served {
 protected:
  pb::WatchRequest every_100_ms() {
    pb::WatchRequest request;
    request.mutable_interval()->set_nanos(100'000'000);
    return request;
  }
  StatusCode watch_status(const pb::WatchRequest& request, std::string* message = nullptr) {
    const grpc::Status status = watch(*metrics_, request)->end();
    if (message != nullptr) *message = status.error_message();
    return status.error_code();
  }
};

TEST_F(MetricsServed, TellsEachRegionWithItsSamplesAndRatios) {
  Proxy a = proxy("a");
  Proxy b = proxy("b", 4);
  a.publish(Metric::kCellsReceived, 2048);
  a.publish(Metric::kCellsReceived, 1024, 1);
  serve();
  pb::Snapshot snapshot;
  ASSERT_TRUE(get({}, snapshot).ok());
  ASSERT_EQ(snapshot.regions_size(), 2);
  const pb::Region& first = snapshot.regions(0);
  EXPECT_EQ(first.instance(), "a");
  EXPECT_EQ(first.health(), pb::Region::HEALTH_LIVE);
  EXPECT_EQ(first.format_major(), region::kMajor);
  EXPECT_EQ(value_of(snapshot, "conflux_cells_received", "best"), 2048);
  EXPECT_EQ(value_of(snapshot, "conflux_cells_received", "other"), 1024);
  EXPECT_DOUBLE_EQ(first.aggregation_ratio_received(), 1.5);
  EXPECT_EQ(first.aggregation_ratio_sent(), 0);
  EXPECT_EQ(snapshot.regions(1).slots(), 4U);
  EXPECT_GT(snapshot.taken_at().seconds(), 1'600'000'000);
}

TEST_F(MetricsServed, TellsHistogramsCumulativelyAndInTheUnit) {
  Proxy a = proxy("a");
  a.publish(Metric::kHandshakeRtt, 16);
  a.publish(Metric::kHandshakeRtt, 4, 1);
  a.publish(Metric::kHandshakeRtt, 1'500'000, 10);  // microseconds
  serve();
  pb::Snapshot snapshot;
  ASSERT_TRUE(get({}, snapshot).ok());
  for (const pb::Sample& sample : snapshot.regions(0).samples()) {
    if (sample.metric() != "conflux_leg_handshake_rtt") continue;
    EXPECT_EQ(sample.histogram().buckets(0), 16U);
    EXPECT_EQ(sample.histogram().buckets(9), 20U);
    EXPECT_DOUBLE_EQ(sample.histogram().sum(), 1.5);
    return;
  }
  FAIL() << "no histogram";
}

TEST_F(MetricsServed, TellsOneInstanceIfAsked) {
  Proxy a = proxy("a");
  Proxy b = proxy("b");
  serve();
  pb::GetSnapshotRequest request;
  request.set_instance("b");
  pb::Snapshot snapshot;
  ASSERT_TRUE(get(request, snapshot).ok());
  ASSERT_EQ(snapshot.regions_size(), 1);
  EXPECT_EQ(snapshot.regions(0).instance(), "b");
  request.set_instance("nobody");
  ASSERT_TRUE(get(request, snapshot).ok());
  EXPECT_EQ(snapshot.regions_size(), 0);
  request.set_instance(std::string(33, 'a'));
  EXPECT_EQ(get(request, snapshot).error_code(), StatusCode::INVALID_ARGUMENT);
}

TEST_F(MetricsServed, SaysWhyThereIsNoRegion) {
  serve();
  hub_->reconfigure({.directory = "/dev/shm/no-such-directory"});
  pb::Snapshot snapshot;
  ASSERT_TRUE(get({}, snapshot).ok());
  EXPECT_THAT(snapshot.problem(), HasSubstr("when the first proxy with metrics starts"));
}

TEST_F(MetricsServed, DescribesEveryMetricAndWhyItIsSafe) {
  serve();
  grpc::ClientContext context;
  pb::DescribeResponse response;
  ASSERT_TRUE(metrics_->Describe(&context, {}, &response).ok());
  EXPECT_EQ(static_cast<std::size_t>(response.metrics_size()), region::catalogue().size());
  for (const pb::MetricDescription& metric : response.metrics()) {
    EXPECT_FALSE(metric.help().empty() || metric.unit().empty()) << metric.name();
    EXPECT_FALSE(metric.reveals().empty() || metric.safe_because().empty()) << metric.name();
    EXPECT_THAT(metric.prometheus_name(), HasSubstr(metric.name()));
  }
}

TEST_F(MetricsServed, WatchesOnlyWhatWasAskedFor) {
  Proxy a = proxy("a");
  a.publish(Metric::kLegs, 8);
  serve();
  pb::WatchRequest request = every_100_ms();
  const auto witness = watch(*metrics_, request);
  request.add_changed("conflux_tunnels");
  const auto filtered = watch(*metrics_, request);
  EXPECT_EQ(value_of(filtered->next(), "conflux_legs"), 8) << "the first comes at once";

  a.publish(Metric::kLegs, 16);
  while (value_of(witness->next(), "conflux_legs") != 16) {
  }
  // Both were called with that snapshot; had it been sent, it would be the next one here.
  a.publish(Metric::kTunnels, 24);
  const pb::Snapshot second = filtered->next();
  EXPECT_EQ(value_of(second, "conflux_tunnels"), 24);
}

TEST_F(MetricsServed, WatchesHealthTooIfNoMetricIsNamed) {
  auto a = std::make_unique<Proxy>(proxy("a"));
  a->publish(Metric::kLegs, 8);
  serve();
  const auto stream = watch(*metrics_, every_100_ms());
  EXPECT_EQ(stream->next().regions(0).health(), pb::Region::HEALTH_LIVE);
  a.reset();
  const pb::Snapshot after = stream->next();
  EXPECT_TRUE(after.regions().empty() || after.regions(0).health() == pb::Region::HEALTH_ABSENT ||
              after.regions(0).health() == pb::Region::HEALTH_CLOSED);
}

TEST_F(MetricsServed, RefusesAnIntervalOutOfRange) {
  serve();
  for (const auto& [seconds, nanos] :
       {std::pair{0, 99'000'000}, {-1, 0}, {1, -1}, {0, 1'000'000'000}, {3601, 0}}) {
    pb::WatchRequest request;
    request.mutable_interval()->set_seconds(seconds);
    request.mutable_interval()->set_nanos(nanos);
    std::string message;
    EXPECT_EQ(watch_status(request, &message), StatusCode::INVALID_ARGUMENT) << seconds;
    EXPECT_THAT(message, HasSubstr("100ms to 1h"));
  }
}

TEST_F(MetricsServed, RefusesAMetricThatNobodyKnowsForItWouldWaitForEver) {
  serve();
  pb::WatchRequest request;
  request.add_changed("conflux_tunnel");
  std::string message;
  EXPECT_EQ(watch_status(request, &message), StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(message, HasSubstr("as Describe lists them"));
}

TEST_F(MetricsServed, EndsWatchesAtOnceWhenItStops) {
  Proxy a = proxy("a");
  serve();
  const auto stream = watch(*metrics_, {});
  static_cast<void>(stream->next());
  hub_->stop();
  const grpc::Status status = stream->end();
  EXPECT_EQ(status.error_code(), StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("the sidecar stops"));
  EXPECT_EQ(watch_status({}), StatusCode::UNAVAILABLE) << "nor does a later one begin";
}

TEST_F(MetricsServed, ServesNoMoreCallsAtOnceThanItMay) {
  settings_.limits.streams = 2;
  serve();
  auto one = watch(*metrics_, {});
  const auto two = watch(*metrics_, {});
  static_cast<void>(one->next());
  static_cast<void>(two->next());
  std::string message;
  EXPECT_EQ(watch_status({}, &message), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_THAT(message, HasSubstr("sidecar.limits.streams"));
  pb::Snapshot snapshot;
  EXPECT_EQ(get({}, snapshot).error_code(), StatusCode::RESOURCE_EXHAUSTED);
  // A place is free again as soon as the server knows that a client has gone.
  one->context.TryCancel();
  EXPECT_EQ(one->end().error_code(), StatusCode::CANCELLED);
  grpc::Status status;
  do {
    status = get({}, snapshot);
  } while (status.error_code() == StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(MetricsServed, RefusesARequestThatIsTooLong) {
  settings_.limits.message_size = 4096;
  serve();
  pb::GetSnapshotRequest request;
  request.set_instance(std::string(5000, 'a'));
  pb::Snapshot snapshot;
  EXPECT_EQ(get(request, snapshot).error_code(), StatusCode::RESOURCE_EXHAUSTED);
}

}  // namespace
}  // namespace conflux::sidecar::test
