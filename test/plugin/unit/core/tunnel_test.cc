// The root of the core: what no single class below it can know.
#include "plugin/core/tunnel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "test/plugin/unit/support/drains.h"
#include "test/plugin/unit/support/tunnels.h"

namespace conflux {
namespace {

using namespace std::chrono_literals;
using test::count;
using test::TunnelRig;

TEST(Tunnel, IsInconsistentIfTheShortWayIsOpenToALegThatCountsNothing) {
  TunnelRig rig;
  rig.link_all(2);
  ASSERT_TRUE(rig.tunnel.is_consistent());
  // Nobody can do this from outside: that is what the invariant is for.
  const_cast<Leg&>(rig.tunnel.legs()[1]).commit_state(TimedOut{});
  EXPECT_FALSE(rig.tunnel.is_consistent());
}

TEST(Tunnel, IsConsistentInEveryStateOfItsLife) {
  TunnelRig rig;
  EXPECT_TRUE(rig.tunnel.is_consistent());
  ASSERT_EQ(rig.join(2), Outcome::kOk);
  EXPECT_TRUE(rig.tunnel.is_consistent());
  ASSERT_EQ(rig.tunnel.link(rig.now), Outcome::kOk);
  rig.poll();
  ASSERT_EQ(rig.linked(rig.leg(0)), Outcome::kConsumed);
  EXPECT_TRUE(rig.tunnel.is_consistent());
  rig.tunnel.close(Reason::HOST_REQUEST);
  EXPECT_TRUE(rig.tunnel.is_consistent());
}

TEST(Tunnel, BeginsASetWithTheLegThatFoundsIt) {
  // Given a tunnel whose first leg founds a set
  Tunnel tunnel(
      TunnelIdentity{TunnelOrdinal{1}, Cookie{9}}, {}, test::test_nonce(),
      JoinRequest{.path = test::three_hops(), .cookie = Cookie{1001}, .founds_set = true});
  // then it is multi-path before a second one is there,
  ASSERT_NE(tunnel.multi_path(), nullptr);
  EXPECT_EQ(tunnel.multi_path()->join_point.hop, test::kJoinHop);
  EXPECT_EQ(tunnel.multi_path()->cwnd_init, test::three_hops().cwnd_init);
  EXPECT_EQ(tunnel.count_unlinked(), 1U);
  EXPECT_TRUE(tunnel.is_consistent());
  // its path stays, and the handshake begins.
  EXPECT_EQ(tunnel.set_path(tunnel.legs()[0].id(), test::three_hops()), Outcome::kState);
  EXPECT_EQ(tunnel.link(Instant{1s}), Outcome::kOk);
  EXPECT_EQ(tunnel.count_unlinked(), 0U);
  EXPECT_EQ(tunnel.next_deadline(), Instant{61s});
}

TEST(Tunnel, MintsLegIdsThatAreNeverZeroAndNeverComeBack) {
  TunnelRig rig;
  ASSERT_EQ(rig.join(1), Outcome::kOk);
  std::set<LegId> seen = {rig.leg(0), rig.leg(1)};
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(rig.tunnel.remove_leg(rig.leg(1), Reason::RETIRED, rig.views(), rig.now),
              Outcome::kOk);
    rig.poll();
    ASSERT_EQ(rig.join(1), Outcome::kOk);
    EXPECT_NE(rig.leg(1), LegId{});
    EXPECT_TRUE(seen.insert(rig.leg(1)).second);
  }
}

TEST(Tunnel, RunsOutOfLegIdsBeforeOneWouldComeBack) {
  TunnelRig rig;
  ASSERT_EQ(rig.join(1), Outcome::kOk);
  Outcome outcome = Outcome::kOk;
  int joined = 2;
  std::set<LegId> ids;
  while (outcome == Outcome::kOk && joined < 100'000) {
    ASSERT_TRUE(ids.insert(rig.leg(1)).second) << "leg " << joined;
    ASSERT_EQ(rig.tunnel.remove_leg(rig.leg(1), Reason::RETIRED, rig.views(), rig.now),
              Outcome::kOk);
    rig.poll();
    rig.tunnel.log().clear();
    outcome = rig.join(1);
    joined += outcome == Outcome::kOk ? 1 : 0;
  }
  EXPECT_EQ(outcome, Outcome::kLimit);
  EXPECT_EQ(joined, UINT16_MAX);
  EXPECT_TRUE(rig.tunnel.is_consistent());
}

TEST(Tunnel, TellsItsNewsOnce) {
  TunnelRig rig;
  rig.link_all(2);
  EXPECT_EQ(rig.tunnel.news() & Tunnel::kChangeNews, Tunnel::kChangeNews);
  rig.tunnel.commit_news_told();
  EXPECT_EQ(rig.tunnel.news(), 0);
  ASSERT_EQ(rig.switched(rig.leg(1), 2), Outcome::kConsumed);
  ASSERT_EQ(rig.data(rig.leg(1)), Outcome::kHeld);
  EXPECT_EQ(rig.tunnel.news(), Tunnel::kHeldNews);
}

TEST(Tunnel, TellsThatAnotherLegSends) {
  TunnelRig rig;
  rig.link_all(2);
  ASSERT_EQ(rig.route_with_rtt({10'000, 20'000}), Outcome::kOk);
  rig.tunnel.commit_news_told();
  ASSERT_EQ(rig.route_with_rtt({30'000, 20'000}), Outcome::kOk);
  ASSERT_EQ(rig.grant.leg, rig.leg(1));
  EXPECT_EQ(rig.tunnel.news(), Tunnel::kChangeNews);
}

TEST(Tunnel, TellsThatTheClockWentBackBesideWhatItHolds) {
  TunnelRig rig;
  rig.link_all(2);
  rig.tunnel.commit_news_told();
  rig.tunnel.expire(rig.now - 1ms);
  EXPECT_EQ(rig.tunnel.news(), Tunnel::kChangeNews);
  rig.tunnel.commit_news_told();
  ASSERT_EQ(rig.switched(rig.leg(1), 2), Outcome::kConsumed);
  ASSERT_EQ(rig.data(rig.leg(1)), Outcome::kHeld);
  rig.tunnel.expire(rig.now - 1ms);
  EXPECT_EQ(rig.tunnel.news(), Tunnel::kChangeNews | Tunnel::kHeldNews);
}

TEST(Tunnel, KeepsTheLaneOfALegThatLeftCellsBehind) {
  // Given a leg that brought an early cell and went:
  TunnelRig rig;
  rig.link_all(3);
  ASSERT_EQ(rig.route(), Outcome::kOk);  // the primary is leg 1
  const LegId gone = rig.leg(2);
  ASSERT_EQ(rig.switched(gone, 1), Outcome::kConsumed);
  ASSERT_EQ(rig.data(gone), Outcome::kHeld);
  ASSERT_EQ(rig.switched(rig.leg(1), 2), Outcome::kConsumed);  // so that it is not the highest
  ASSERT_EQ(rig.tunnel.remove_leg(gone, Reason::RETIRED, rig.views(), rig.now), Outcome::kOk);
  ASSERT_EQ(rig.tunnel.close_reason(), Reason::NONE);
  // When another joins, then it does not get that lane.
  ASSERT_EQ(rig.join(1), Outcome::kOk);
  EXPECT_NE(slot_of(rig.leg(2)), slot_of(gone));
  // And the early cell is delivered when its turn comes.
  ASSERT_EQ(rig.data(rig.leg(0)), Outcome::kOk);
  std::array<DrainedToken, 4> drained;
  ASSERT_EQ(test::drain(rig.tunnel, drained), 1U);
  EXPECT_EQ(drained[0].leg, gone);
  EXPECT_TRUE(drained[0].deliver);
}

TEST(Tunnel, TellsEachNoteOnceAndInOrder) {
  TunnelRig rig;
  ASSERT_EQ(rig.join(1), Outcome::kOk);
  ASSERT_EQ(rig.tunnel.link(rig.now), Outcome::kOk);
  EXPECT_EQ(count(rig.poll(), EventKind::kSendCell), 2U);
  EXPECT_TRUE(rig.poll().empty());
  rig.now += 10ms;
  ASSERT_EQ(rig.linked(rig.leg(1)), Outcome::kConsumed);
  const std::vector<Event> events = rig.poll();
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].kind, EventKind::kSendCell);
  EXPECT_EQ(events[0].cell.command, RelayCommand::kConfluxLinkedAck);
  EXPECT_EQ(events[1].kind, EventKind::kLinkResult);
  EXPECT_EQ(events[1].value, 10'000U);
  EXPECT_EQ(events[2].kind, EventKind::kReady);
  EXPECT_TRUE(rig.poll().empty());
}

TEST(Tunnel, ConsumesNothingWhenTheBufferIsTooShort) {
  TunnelRig rig;
  ASSERT_EQ(rig.join(1), Outcome::kOk);
  ASSERT_EQ(rig.tunnel.link(rig.now), Outcome::kOk);
  const std::size_t needed = rig.tunnel.events_needed();
  std::vector<Event> storage(needed - 1);
  EventSink sink(storage);
  EXPECT_EQ(rig.tunnel.poll(rig.views(), rig.now, sink), Outcome::kBuffer);
  EXPECT_EQ(sink.count(), 0U);
  EXPECT_EQ(count(rig.poll(), EventKind::kSendCell), 2U);
}

TEST(Tunnel, SaysFarewellToEveryLegExactlyOnce) {
  TunnelRig rig;
  rig.link_all(3);
  ASSERT_EQ(rig.tunnel.remove_leg(rig.leg(2), Reason::CHANNEL_CLOSED, rig.views(), rig.now),
            Outcome::kOk);
  rig.tunnel.close(Reason::HOST_REQUEST);
  rig.tunnel.close(Reason::HOST_REQUEST);
  const std::vector<Event> events = rig.poll();
  EXPECT_EQ(count(events, EventKind::kLegGone), 3U);
  EXPECT_EQ(count(events, EventKind::kClosed), 1U);
  EXPECT_TRUE(rig.poll().empty());
}

TEST(Tunnel, LosesALinkedAtItsDeadline) {
  TunnelRig rig;
  ASSERT_EQ(rig.join(1), Outcome::kOk);
  ASSERT_EQ(rig.tunnel.link(rig.now), Outcome::kOk);
  rig.poll();
  rig.now += 60s - Micros{1};
  EXPECT_EQ(rig.linked(rig.leg(0)), Outcome::kConsumed);
  EXPECT_TRUE(rig.tunnel.legs()[0].is<AckQueued>());
  rig.now += Micros{1};
  EXPECT_EQ(rig.linked(rig.leg(1)), Outcome::kConsumed) << "late is no violation";
  EXPECT_TRUE(rig.tunnel.legs()[1].is<TimedOut>());
}

TEST(Tunnel, ClampsAClockThatStepsBackAndCountsIt) {
  TunnelRig rig;
  rig.tunnel.expire(test::at(5s));
  rig.tunnel.expire(test::at(4s));
  rig.tunnel.expire(test::at(5s));
  EXPECT_EQ(rig.tunnel.now(), test::at(5s));
  EXPECT_EQ(rig.tunnel.clock_steps_back(), 1U);
}

TEST(Tunnel, RoutesNothingOnARefusal) {
  TunnelRig rig;
  rig.link_all(2);
  rig.window = 0;
  EXPECT_EQ(rig.route(), Outcome::kBlocked);
  EXPECT_EQ(rig.tunnel.sender().sent(), Cells{0});
  EXPECT_FALSE(rig.tunnel.sender().has_sent());
}

TEST(Tunnel, GivesBackWhatItHoldsWhenItCloses) {
  TunnelRig rig;
  rig.link_all(2);
  ASSERT_EQ(rig.switched(rig.leg(1), 1), Outcome::kConsumed);
  for (int i = 0; i < 3; ++i) ASSERT_EQ(rig.data(rig.leg(1)), Outcome::kHeld);
  rig.tunnel.close(Reason::HOST_REQUEST);
  std::array<DrainedToken, 2> drained;
  ASSERT_EQ(test::drain(rig.tunnel, drained), 2U);
  EXPECT_FALSE(drained[0].deliver);
  EXPECT_TRUE(rig.tunnel.has_tokens());
  ASSERT_EQ(test::drain(rig.tunnel, drained), 1U);
  EXPECT_FALSE(rig.tunnel.has_tokens());
  EXPECT_TRUE(rig.tunnel.is_consistent());
}

TEST(Tunnel, KeepsNoMoreLogThanItsBound) {
  TunnelRig rig(TunnelConfig{.log_level = LogLevel::kTrace});
  ASSERT_EQ(rig.join(1), Outcome::kOk);
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(rig.tunnel.remove_leg(rig.leg(1), Reason::RETIRED, rig.views(), rig.now),
              Outcome::kOk);
    rig.poll();
    ASSERT_EQ(rig.join(1), Outcome::kOk);
  }
  EXPECT_LE(rig.tunnel.log().size(), kLogEntriesMax);
}

}  // namespace
}  // namespace conflux
