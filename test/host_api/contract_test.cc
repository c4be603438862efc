// What ABI.md promises of a plugin's behaviour, held against the real conflux.so: tokens, events,
// states, all-or-nothing calls, randomness, threads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mpath/plugin.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <deque>
#include <thread>
#include <vector>

#include "test/host_api/live_tunnel.h"

namespace conflux::test {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

std::vector<std::uint64_t> names_of(const std::vector<mpath_token>& tokens) {
  std::vector<std::uint64_t> names;
  for (const mpath_token& token : tokens) names.push_back(token.token);
  return names;
}

std::vector<std::uint32_t> kinds_of(std::span<const mpath_event> events) {
  std::vector<std::uint32_t> kinds;
  for (const mpath_event& event : events) kinds.push_back(event.kind);
  return kinds;
}

// Cells 3, 4 and 5 wait on leg 1 for 1 and 2 on leg 0.
void hold_three(LiveTunnel& live) {
  ASSERT_EQ(live.receive_switch(2), MPATH_CONSUMED);
  for (const std::uint64_t token : {3U, 4U, 5U}) {
    ASSERT_EQ(live.receive_data(1, token), MPATH_HELD);
  }
}

TEST(Tokens, ComeBackInOrderBehindTheCellThatFillsTheGap) {
  LiveTunnel live;
  hold_three(live);
  bool ready = true;
  EXPECT_EQ(live.receive_data(0, 1, &ready), MPATH_OK);
  EXPECT_FALSE(ready);
  EXPECT_THAT(live.drain(), IsEmpty());
  EXPECT_EQ(live.receive_data(0, 2, &ready), MPATH_OK);
  EXPECT_TRUE(ready);
  const auto tokens = live.drain();
  EXPECT_THAT(names_of(tokens), ElementsAre(3, 4, 5));
  EXPECT_THAT(tokens, Each(Field(&mpath_token::verdict, MPATH_DELIVER)));
  EXPECT_THAT(live.drain(), IsEmpty());
}

TEST(Tokens, AreDiscardedByACloseEvenIfTheyWereInOrder) {
  LiveTunnel live;
  hold_three(live);
  ASSERT_EQ(live.receive_data(0, 1), MPATH_OK);
  ASSERT_EQ(live.receive_data(0, 2), MPATH_OK);
  ASSERT_EQ(live.table.tunnel_close(live.instance, live.tunnel, live.now_us), MPATH_OK);
  const auto tokens = live.drain();
  EXPECT_THAT(names_of(tokens), ::testing::UnorderedElementsAre(3, 4, 5));
  EXPECT_THAT(tokens, Each(Field(&mpath_token::verdict, MPATH_DISCARD)));
}

TEST(Tokens, KeepTheirTunnelFromBeingDestroyed) {
  LiveTunnel live;
  hold_three(live);
  EXPECT_EQ(live.table.tunnel_destroy(live.instance, live.tunnel), MPATH_E_TOKENS_HELD);
  ASSERT_EQ(live.table.tunnel_close(live.instance, live.tunnel, live.now_us), MPATH_OK);
  EXPECT_EQ(live.table.tunnel_destroy(live.instance, live.tunnel), MPATH_E_TOKENS_HELD);
  EXPECT_EQ(live.drain().size(), 3U);
  EXPECT_EQ(live.table.tunnel_destroy(live.instance, live.tunnel), MPATH_OK);
}

TEST(Tokens, SurviveTheLegThatCarriedThem) {
  LiveTunnel live;
  hold_three(live);
  ASSERT_EQ(live.receive_data(0, 1), MPATH_OK);
  ASSERT_EQ(live.receive_data(0, 2), MPATH_OK);
  const mpath_leg_views all = live.views();
  ASSERT_EQ(live.table.leg_remove(live.instance, live.tunnel, live.legs[1],
                                  MPATH_REASON_CIRCUIT_DESTROYED, &all, live.now_us),
            MPATH_OK);
  EXPECT_THAT(names_of(live.drain()), ::testing::UnorderedElementsAre(3, 4, 5));
}

TEST(Grants, CommitAndBlockedOnesDoNot) {
  LiveTunnel live;
  const mpath_route_request request = live.data_request();
  mpath_leg_views all = live.views();
  mpath_grant grant{};
  grant.struct_size = sizeof grant;
  ASSERT_EQ(live.table.route(live.instance, live.tunnel, &request, &all, live.now_us, &grant),
            MPATH_OK);
  EXPECT_EQ(grant.granted, 1U);
  EXPECT_EQ(live.info().cells_sent, 1U);

  all = live.views();
  for (std::uint32_t i = 0; i < all.count; ++i) {
    auto& view = const_cast<mpath_leg_view&>(all.items[i]);
    view.inflight = view.cwnd;
  }
  const mpath_tunnel_info before = live.info();
  EXPECT_EQ(live.table.route(live.instance, live.tunnel, &request, &all, live.now_us, &grant),
            MPATH_BLOCKED);
  EXPECT_EQ(grant.granted, 0U);
  EXPECT_NE(grant.reason, MPATH_REASON_NONE);
  const mpath_tunnel_info after = live.info();
  EXPECT_EQ(std::memcmp(&before, &after, sizeof before), 0);
}

TEST(Events, OfOneShotAreToldOnceAndLegGoneLastOfAll) {
  LiveTunnel live;
  ASSERT_EQ(live.table.tunnel_close(live.instance, live.tunnel, live.now_us), MPATH_OK);
  EXPECT_THAT(kinds_of(live.poll()),
              ElementsAre(MPATH_EVENT_CLOSED, MPATH_EVENT_LEG_GONE, MPATH_EVENT_LEG_GONE));
  EXPECT_THAT(live.poll(), IsEmpty());
}

TEST(Events, OfLevelAreToldForAsLongAsTheViewSaysSo) {
  LiveTunnel live;
  mpath_leg_views all = live.views();
  const_cast<mpath_leg_view*>(all.items)->flags = MPATH_VIEW_INPUT_READY;
  std::array<mpath_event, MPATH_EVENTS_MAX> items;
  for (int round = 0; round < 3; ++round) {
    mpath_events out{items.data(), items.size(), sizeof(mpath_event), 0, 0, 0};
    ASSERT_EQ(live.table.poll(live.instance, live.tunnel, &all, live.now_us, &out), MPATH_OK);
    const auto kinds = kinds_of({items.data(), out.count});
    EXPECT_EQ(std::count(kinds.begin(), kinds.end(), MPATH_EVENT_HANDLE_CELL), 1);
  }
}

TEST(Events, StayWhereTheyAreWhenTheBufferIsTooShort) {
  LiveTunnel live;
  ASSERT_EQ(live.table.tunnel_close(live.instance, live.tunnel, live.now_us), MPATH_OK);
  const mpath_leg_views all = live.views();
  mpath_event one{};
  mpath_events out{&one, 1, sizeof one, 0, 0, 12345};
  EXPECT_EQ(live.table.poll(live.instance, live.tunnel, &all, live.now_us, &out), MPATH_E_BUFFER);
  EXPECT_GE(out.count, 3U);
  EXPECT_LE(out.count, MPATH_EVENTS_MAX);
  EXPECT_EQ(out.next_deadline_us, 12345U);
  EXPECT_EQ(live.poll().size(), 3U);
}

TEST(States, RefuseWhatTheirTagsForbid) {
  LiveTunnel single(false);
  EXPECT_EQ(single.table.link(single.instance, single.tunnel, single.now_us), MPATH_E_STATE);

  LiveTunnel multi;
  const mpath_leg_params params = multi.leg_params(0);
  EXPECT_EQ(multi.table.leg_set_path(multi.instance, multi.tunnel, multi.legs[0], &params.path),
            MPATH_E_STATE);
  mpath_leg_id leg = 0;
  EXPECT_EQ(multi.table.leg_single(multi.instance, multi.tunnel, &leg), MPATH_E_NOT_SINGLE);
  mpath_detail detail{};
  detail.struct_size = sizeof detail;
  ASSERT_EQ(multi.table.tunnel_detail(multi.instance, multi.tunnel, &detail), MPATH_OK);
  EXPECT_EQ(detail.index, 2U);
}

TEST(States, AreClosedForGoodOnceClosed) {
  LiveTunnel live;
  const mpath_plugin_table& t = live.table;
  ASSERT_EQ(t.tunnel_close(live.instance, live.tunnel, live.now_us), MPATH_OK);
  const mpath_leg_views all = live.views();
  const mpath_leg_params params = live.leg_params(1);
  const mpath_route_request request = live.data_request();
  mpath_grant grant{};
  grant.struct_size = sizeof grant;
  mpath_leg_id leg = 0;
  EXPECT_EQ(t.link(live.instance, live.tunnel, live.now_us), MPATH_E_CLOSED);
  EXPECT_EQ(t.legs_add(live.instance, live.tunnel, &params, 1, sizeof params, &all, &leg),
            MPATH_E_CLOSED);
  EXPECT_EQ(t.route(live.instance, live.tunnel, &request, &all, live.now_us, &grant),
            MPATH_E_CLOSED);
  EXPECT_EQ(live.receive_data(0, 1), MPATH_E_CLOSED);
  EXPECT_EQ(t.tunnel_close(live.instance, live.tunnel, live.now_us), MPATH_OK);
  EXPECT_EQ(live.info().state, MPATH_TUNNEL_CLOSED);
  EXPECT_EQ(live.info().close_reason, std::uint32_t{MPATH_REASON_HOST_REQUEST});
}

TEST(Legs, JoinAllOrNone) {
  LiveTunnel live(false);
  mpath_leg_params both[2] = {live.leg_params(1), live.leg_params(1)};
  both[1].flags = MPATH_LEG_EVER_JOINED;
  const mpath_leg_views all = live.views();
  mpath_leg_id out[2] = {};
  const mpath_tunnel_info before = live.info();
  EXPECT_EQ(live.table.legs_add(live.instance, live.tunnel, both, 2, sizeof both[0], &all, out),
            MPATH_E_LEG_INVALID);
  mpath_detail detail{};
  detail.struct_size = sizeof detail;
  ASSERT_EQ(live.table.tunnel_detail(live.instance, live.tunnel, &detail), MPATH_OK);
  EXPECT_EQ(detail.index, 1U);
  EXPECT_EQ(detail.reason, std::uint32_t{MPATH_REASON_ALREADY_JOINED});
  const mpath_tunnel_info after = live.info();
  EXPECT_EQ(std::memcmp(&before, &after, sizeof before), 0);
  EXPECT_EQ(out[0], 0U);
}

TEST(Views, OfEachLegAreNeededOnceAndThoseOfStrangersAreIgnored) {
  LiveTunnel live;
  const mpath_route_request request = live.data_request();
  const auto route = [&](const std::vector<mpath_leg_view>& views) {
    const mpath_leg_views given{views.data(), static_cast<std::uint32_t>(views.size()),
                                sizeof(mpath_leg_view), 1, 0};
    mpath_grant grant{};
    grant.struct_size = sizeof grant;
    return live.table.route(live.instance, live.tunnel, &request, &given, live.now_us, &grant);
  };
  const mpath_leg_views all = live.views();
  const mpath_leg_view first = all.items[0];
  const mpath_leg_view second = all.items[1];
  mpath_leg_view stranger = first;
  stranger.leg = ~stranger.leg;
  EXPECT_EQ(route({first}), MPATH_E_VIEWS);
  EXPECT_EQ(route({first, first}), MPATH_E_VIEWS);
  EXPECT_EQ(route({}), MPATH_E_VIEWS);
  EXPECT_EQ(route({second, first}), MPATH_OK);
  EXPECT_EQ(route({stranger, first, second}), MPATH_OK);

  // Nor does one say when to poll again.
  stranger.half_stream_expiry_us = live.now_us + 1;
  const std::array<mpath_leg_view, 3> views = {stranger, first, second};
  const mpath_leg_views given{views.data(), static_cast<std::uint32_t>(views.size()),
                              sizeof(mpath_leg_view), 0, 0};
  std::array<mpath_event, MPATH_EVENTS_MAX> items{};
  mpath_events told{items.data(), MPATH_EVENTS_MAX, sizeof(mpath_event), 0, 0, 0};
  ASSERT_EQ(live.table.poll(live.instance, live.tunnel, &given, live.now_us, &told), MPATH_OK);
  EXPECT_GT(told.next_deadline_us, live.now_us + 1);
}

TEST(Time, ThatStepsBackIsClampedAndCounted) {
  mpath_instance_info info{};
  info.struct_size = sizeof info;
  LiveTunnel live;
  live.now_us -= 500;
  ASSERT_EQ(live.receive_data(0, 1), MPATH_OK);
  mpath_instance* instance = live.instance;
  ASSERT_EQ(live.table.tunnel_close(instance, live.tunnel, live.now_us + 1000), MPATH_OK);
  ASSERT_EQ(live.table.tunnel_destroy(instance, live.tunnel), MPATH_OK);
  ASSERT_EQ(live.table.instance_info(instance, &info), MPATH_OK);
  EXPECT_EQ(info.clock_steps_back, 1U);
}

// A poll 500 us before the last cell: has that cell moved the clock, so that this is a step back?
bool steps_back_when_polled_before(LiveTunnel& live) {
  const auto steps = [&] {
    mpath_instance_info info{};
    info.struct_size = sizeof info;
    EXPECT_EQ(live.table.instance_info(live.instance, &info), MPATH_OK);
    return info.clock_steps_back;
  };
  EXPECT_EQ(steps(), 0U);
  live.now_us -= 500;
  (void)live.poll();
  EXPECT_LE(steps(), 1U);
  return steps() == 1;
}

mpath_status route_data(LiveTunnel& live, std::uint32_t want = 1) {
  mpath_route_request request = live.data_request();
  request.want = want;
  mpath_grant grant{};
  grant.struct_size = sizeof grant;
  const mpath_leg_views views = live.views();
  return live.table.route(live.instance, live.tunnel, &request, &views, live.now_us, &grant);
}

// The short ways of a cell are open to the second of its kind.
TEST(Time, GoesOnWithEachCellThatIsDelivered) {
  LiveTunnel live;
  ASSERT_EQ(live.receive_data(0, 1), MPATH_OK);
  live.now_us += 1000;
  ASSERT_EQ(live.receive_data(0, 2), MPATH_OK);
  EXPECT_TRUE(steps_back_when_polled_before(live));
}

TEST(Time, GoesOnWithEachCellThatIsHeld) {
  LiveTunnel live;
  ASSERT_EQ(live.receive_switch(1), MPATH_CONSUMED);
  ASSERT_EQ(live.receive_data(1, 1), MPATH_HELD);
  live.now_us += 1000;
  ASSERT_EQ(live.receive_data(1, 2), MPATH_HELD);
  EXPECT_TRUE(steps_back_when_polled_before(live));
}

TEST(Time, GoesOnWithEachCellThatIsGranted) {
  LiveTunnel live;
  ASSERT_EQ(route_data(live), MPATH_OK);
  ASSERT_EQ(route_data(live), MPATH_OK);
  live.now_us += 1000;
  ASSERT_EQ(route_data(live), MPATH_OK);
  EXPECT_TRUE(steps_back_when_polled_before(live));
}

TEST(Time, GoesOnWithNoCellThatIsRefused) {
  LiveTunnel live;
  ASSERT_EQ(live.receive_data(0, 1), MPATH_OK);
  ASSERT_EQ(route_data(live), MPATH_OK);
  ASSERT_EQ(route_data(live), MPATH_OK);
  live.now_us += 1000;
  EXPECT_EQ(route_data(live, 0), MPATH_E_ARGUMENT);
  mpath_cell cell = live.data_cell(2);
  cell.cost = 0;
  mpath_receipt receipt{};
  receipt.struct_size = sizeof receipt;
  EXPECT_EQ(live.table.receive(live.instance, live.tunnel, &cell, live.now_us, &receipt),
            MPATH_E_ARGUMENT);
  EXPECT_FALSE(steps_back_when_polled_before(live)) << "500 us after the last cell that was taken";
}

TEST(Randomness, IsTheSeedAndNothingElse) {
  const LiveTunnel one({.seed = 1});
  const LiveTunnel same({.seed = 1});
  const LiveTunnel other({.seed = 2});
  const auto body = [](const LiveTunnel& live) {
    const mpath_control_cell& cell = live.link_cell();
    return std::vector<std::uint8_t>(cell.body, cell.body + cell.length);
  };
  EXPECT_EQ(body(one), body(same));
  EXPECT_NE(body(one), body(other));
}

// Logs are kept and shown; whoever reads one must learn nothing that identifies.
TEST(Log, NamesOrdinalsAndNothingThatIdentifies) {
  LiveTunnel live({.seed = 0xC3});
  hold_three(live);
  ASSERT_EQ(live.receive_data(1, 0xDEADBEEF), MPATH_HELD);
  ASSERT_EQ(live.table.tunnel_close(live.instance, live.tunnel, live.now_us), MPATH_OK);
  std::vector<mpath_log_record> records(256);
  mpath_log_records out{records.data(), 256, sizeof(mpath_log_record), 0, 0, 0};
  ASSERT_EQ(live.table.instance_drain_log(live.instance, &out), MPATH_OK);
  ASSERT_GT(out.count, 3U);
  EXPECT_EQ(out.left, 0U);
  records.resize(out.count);
  for (const mpath_log_record& record : records) {
    EXPECT_LE(record.tunnel_ordinal, 1U);
    EXPECT_LE(record.leg_ordinal, 2U);
    for (const std::uint64_t secret : {std::uint64_t{0xC3}, std::uint64_t{0xDEADBEEF}, live.tunnel,
                                       live.legs[0], live.legs[1]}) {
      EXPECT_NE(record.value, secret) << live.table.log_text(record.event);
    }
  }
}

// Each tunnel has its own thread; others look at all of them and press for memory meanwhile.
// ThreadSanitizer says whether that was safe.
TEST(Threads, MayOwnOneTunnelEachWhileOthersLookOn) {
  mpath_instance* instance = open_instance();
  const mpath_plugin_table& table = conflux_table();
  constexpr int kOwners = 3;
  constexpr int kRounds = 300;
  std::array<std::atomic<mpath_tunnel_id>, kOwners> ids{};
  std::atomic<int> running{kOwners};
  std::vector<std::thread> owners;
  for (int owner = 0; owner < kOwners; ++owner) {
    owners.emplace_back([&, owner] {
      for (int round = 0; round < kRounds; ++round) {
        LiveTunnel live({.shared = instance});
        ids[static_cast<std::size_t>(owner)].store(live.tunnel);
        EXPECT_EQ(live.receive_switch(1), MPATH_CONSUMED);
        const mpath_status held = live.receive_data(1, 2);
        EXPECT_TRUE(held == MPATH_HELD || held == MPATH_E_CLOSED) << held;
        (void)live.receive_data(0, 1);
        (void)live.poll();
      }
      running.fetch_sub(1);
    });
  }
  std::uint64_t looks = 0;
  while (running.load() > 0) {
    for (const auto& id : ids) {
      std::array<mpath_leg_summary, 4> items;
      mpath_leg_summaries legs{items.data(), items.size(), sizeof items[0], 0, 0};
      const mpath_status status = table.tunnel_snapshot(instance, id.load(), &legs);
      EXPECT_TRUE(status == MPATH_OK || status == MPATH_E_STALE) << status;
    }
    mpath_instance_info info{};
    info.struct_size = sizeof info;
    EXPECT_EQ(table.instance_info(instance, &info), MPATH_OK);
    EXPECT_LE(info.tunnels, static_cast<std::uint32_t>(kOwners));
    EXPECT_EQ(table.instance_shed(instance, looks % 50 == 0 ? 1 : 0, nullptr, 0, nullptr),
              MPATH_OK);
    EXPECT_EQ(table.instance_reload(instance, nullptr, nullptr), MPATH_OK);
    std::array<mpath_log_record, 32> records;
    mpath_log_records log{records.data(), records.size(), sizeof records[0], 0, 0, 0};
    EXPECT_EQ(table.instance_drain_log(instance, &log), MPATH_OK);
    ++looks;
  }
  for (std::thread& owner : owners) owner.join();
  EXPECT_GT(looks, 0U);
  EXPECT_EQ(table.instance_close(instance), MPATH_OK);
}

}  // namespace
}  // namespace conflux::test
