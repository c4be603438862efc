// Which leg sends. Seed: maybe_update_primary_leg, should_update_primary_leg, select_primary_leg,
// maybe_select_init_primary, select_primary_leg_min_rtt.
#include <gmock/gmock.h>

#include "plugin/core/tunnel.h"
#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

using ::testing::ElementsAreArray;

// Two linked legs with EWMA RTTs of 100 and 200 ms, and one cell sent: leg 1 sends.
class TwoLegs : public Host {
 public:
  explicit TwoLegs(const std::string& desired_ux) : Host({.config = lab_config(desired_ux)}) {
    join_and_link(2);
    set_rtts(100, 200);
    send(kBegin);
  }
  void set_rtts(std::uint32_t first_ms, std::uint32_t second_ms) {
    view(1).ewma_rtt_us = first_ms * 1000;
    view(2).ewma_rtt_us = second_ms * 1000;
  }
  void fill(int leg) { view(leg).inflight = view(leg).cwnd; }
};

// Answers LINK on leg i after rtts[i] ms.
void link_with_rtts(Host& host, const std::vector<std::uint64_t>& rtts) {
  host.join(static_cast<int>(rtts.size()));
  host.link();
  host.poll();
  const std::uint64_t start = host.now_us;
  std::multimap<std::uint64_t, int> arrivals;
  for (std::size_t i = 0; i < rtts.size(); ++i) arrivals.emplace(rtts[i], static_cast<int>(i) + 1);
  for (const auto& [rtt, leg] : arrivals) {
    host.now_us = start + ms(rtt);
    ASSERT_EQ(host.linked(leg).status, Status::kConsumed);
  }
  host.poll();
}

TEST(Seed, S47_TheFirstSendingLegHasTheLowestHandshakeRtt) {
  Host host;
  link_with_rtts(host, {300, 100, 200});
  EXPECT_EQ(host.send(kBegin), on_leg(2));
  EXPECT_EQ(host.number(host.info().primary), 2);
}

TEST(Seed, S48_EqualHandshakeRttsGoToTheFirstLeg) {
  Host host;
  link_with_rtts(host, {200, 100, 100});
  EXPECT_EQ(host.send(kBegin), on_leg(2));
}

TEST(Seed, S49_NoLegIsChosenBeforeAHandshakeHasEnded) {
  Host host;
  host.join(2);
  host.link();
  host.poll();
  EXPECT_EQ(host.route(kBegin), blocked(Reason::kNotLinked));
  EXPECT_EQ(host.info().cells_sent, 0U);
}

TEST(Seed, S50_TheInitialChoiceSendsNoSwitchAndCountsFromZero) {
  Host host;
  link_with_rtts(host, {300, 100});
  EXPECT_EQ(host.send(kBegin), on_leg(2)) << "no SWITCH although leg 1 was primary";
  EXPECT_EQ(host.leg_info(2).last_seq_sent, 1U);
  EXPECT_EQ(host.leg_info(1).last_seq_sent, 0U);
}

TEST(Seed, S51_ASingleLegNeverSwitches) {
  TwoLegs host("min_latency");
  host.remove(2);
  host.view(1).ewma_rtt_us = 5'000'000;
  EXPECT_EQ(host.send(kData), on_leg(1));
  EXPECT_EQ(host.info().switches_sent, 0U);
}

TEST(Seed, S52_TheMeasuredRttReplacesThatOfTheHandshake) {
  Host host({.config = lab_config("min_latency")});
  link_with_rtts(host, {100, 200});
  ASSERT_EQ(host.send(kBegin), on_leg(1));
  host.view(1).ewma_rtt_us = 250'000;
  EXPECT_EQ(host.send(kData), on_leg(2).after_switch(1));
}

TEST(Seed, S53_ALegWithoutAMeasuredRttCountsWithItsHandshake) {
  Host host({.config = lab_config("min_latency")});
  link_with_rtts(host, {100, 200});
  ASSERT_EQ(host.send(kBegin), on_leg(1));
  host.view(1).ewma_rtt_us = 199'000;
  EXPECT_EQ(host.send(kData), on_leg(1)) << "leg 2 still counts with 200 ms";
}

TEST(Seed, S54_EqualRttsGoToTheFirstLegInLegOrder) {
  TwoLegs host("min_latency");
  host.set_rtts(150, 150);
  EXPECT_EQ(host.send(kData), on_leg(1));
  EXPECT_EQ(host.info().switches_sent, 0U);
}

TEST(Seed, S55_TheSwitchCarriesTheDifferenceAsFourBigEndianBytes) {
  TwoLegs host("min_latency");
  ASSERT_EQ(host.send(kEnd, 0x010203), on_leg(1, 0x010203));
  host.set_rtts(300, 200);
  const mpath_leg_views views = host.raw_views();
  const mpath_route_request request = mpath::RouteRequest{kData, kExitHop, 0, 1}.raw();
  auto grant = mpath::sized<mpath_grant>();
  ASSERT_EQ(host.table.route(host.instance, host.tunnel, &request, &views, host.now_us, &grant),
            MPATH_OK);
  ASSERT_EQ(grant.has_first, 1U);
  EXPECT_EQ(grant.first.command, kSwitch);
  EXPECT_EQ(grant.first.hop, kExitHop);
  EXPECT_THAT(mpath::body_of(grant.first), ElementsAreArray({0x00, 0x01, 0x02, 0x04}));
}

TEST(Seed, S56_TheSequenceIsCarriedOverToTheNewLeg) {
  TwoLegs host("min_latency");
  host.send(kData, 9);
  host.set_rtts(300, 200);
  ASSERT_EQ(host.send(kData, 4), on_leg(2, 4).after_switch(10));
  EXPECT_EQ(host.leg_info(1).last_seq_sent, 10U);
  EXPECT_EQ(host.leg_info(2).last_seq_sent, 14U);
  EXPECT_EQ(host.leg_info(2).cells_sent, 4U);
}

// The seed fails here; the leg is left where one SWITCH cannot reach it, and the tunnel lives on.
TEST(Seed, S57_ADifferenceThatDoesNotFitIsHandled) {
  TwoLegs host("min_latency");
  ASSERT_EQ(host.send(kEnd, UINT32_MAX), on_leg(1, UINT32_MAX));
  ASSERT_EQ(host.send(kEnd, 7), on_leg(1, 7));
  host.set_rtts(300, 200);
  EXPECT_EQ(host.send(kData), on_leg(1));
  EXPECT_EQ(host.close_reason(), Reason::kNone);
}

void expect_lowest_rtt_only(const std::string& desired_ux) {
  TwoLegs host(desired_ux);
  EXPECT_EQ(host.send(kData), on_leg(1));
  host.fill(1);
  EXPECT_EQ(host.send(kData), blocked(Reason::kPrimaryFull)) << "although leg 2 has room";
  host.set_rtts(300, 200);
  EXPECT_EQ(host.send(kData), on_leg(2).after_switch(2));
}

TEST(Seed, S58_NoOpinionTakesTheLowestRtt) { expect_lowest_rtt_only("no_opinion"); }
TEST(Seed, S59_MinLatencyTakesTheLowestRtt) { expect_lowest_rtt_only("min_latency"); }
TEST(Seed, S60_LowMemLatencyTakesTheLowestRtt) { expect_lowest_rtt_only("low_mem_latency"); }
TEST(Seed, S61_LowMemThroughputTakesTheLowestRtt) { expect_lowest_rtt_only("low_mem_throughput"); }

TEST(Seed, S62_HighThroughputTakesTheLowestRttThatCanSend) {
  TwoLegs host("high_throughput");
  EXPECT_EQ(host.send(kData), on_leg(1));
  host.fill(1);
  EXPECT_EQ(host.send(kData), on_leg(2).after_switch(2));
  host.acknowledge(1, 31);
  EXPECT_EQ(host.send(kData), on_leg(1).after_switch(1));
}

// The configuration refuses what it does not know, so this stands at the core.
TEST(Seed, S63_AnUnknownUxFallsBackToMinLatencyWithAWarning) {
  EXPECT_EQ(scheduler_for(9), SchedulerKind::kMinRtt);
  std::array<std::uint8_t, Nonce::kSize> seed{};
  const LegPath path{
      .hop_count = 3, .last_hop = RelayTag{300}, .cwnd_init = Cells{124}, .sendme_inc = Cells{31}};
  Tunnel tunnel({.ordinal = TunnelOrdinal{1}, .cookie = Cookie{}},
                {.desired_ux = 9, .send = {.scheduler = scheduler_for(9)}}, Nonce(seed), {.path = path});
  LegView view{};
  view.leg = tunnel.legs()[0].id().raw();
  const JoinRequest request{.path = path};
  LegId added{};
  ASSERT_EQ(tunnel.add_legs({&request, 1}, LegViews(&view, 1, sizeof view, Cells{0}), {&added, 1}),
            Outcome::kOk);
  tunnel.link(Instant{});
  std::array<LegView, 2> views{view, view};
  views[1].leg = added.raw();
  std::array<Event, 32> storage;
  EventSink sink(storage);
  ASSERT_EQ(tunnel.poll(LegViews(views.data(), 2, sizeof(LegView), Cells{0}), Instant{}, sink),
            Outcome::kOk);
  EXPECT_EQ(storage[0].cell.body[49], 1) << "the exit is asked for minimum latency";
  EXPECT_TRUE(std::ranges::any_of(tunnel.log(), [](const LogEntry& entry) {
    return entry.event == LogEvent::kUnknownDesiredUx && entry.level == LogLevel::kWarn &&
           entry.value == 9;
  }));
}

TEST(Seed, S64_WithoutASuitableLegTheCurrentOneStaysPrimary) {
  TwoLegs host("high_throughput");
  host.fill(1);
  host.fill(2);
  EXPECT_EQ(host.send(kData), blocked(Reason::kAllFull));
  EXPECT_EQ(host.number(host.info().primary), 1);
  EXPECT_EQ(host.send(kEnd), on_leg(1)) << "what is not DATA goes on where it was";
}

}  // namespace
}  // namespace conflux::test
