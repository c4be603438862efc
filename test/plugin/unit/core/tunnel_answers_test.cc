// What a tunnel answers to a host that asks for what cannot be, and what it notes of what can.
#include <gmock/gmock.h>

#include <functional>

#include "test/plugin/unit/support/drains.h"
#include "test/plugin/unit/support/tunnels.h"

namespace conflux {
namespace {

using namespace std::chrono_literals;
using test::count;
using test::kJoinHop;
using test::three_hops;
using test::TunnelRig;

// A refusal changes nothing that anybody can see.
void expect_refusal(TunnelRig& rig, Outcome answer, const Detail& expected, std::uint64_t version) {
  EXPECT_EQ(answer, expected.outcome);
  EXPECT_EQ(rig.tunnel.detail().outcome, expected.outcome);
  EXPECT_EQ(rig.tunnel.detail().reason, expected.reason);
  EXPECT_EQ(rig.tunnel.detail().index, expected.index);
  EXPECT_EQ(rig.tunnel.version(), version);
}

std::vector<EventKind> kinds(const std::vector<Event>& events) {
  std::vector<EventKind> found;
  for (const Event& event : events) found.push_back(event.kind);
  return found;
}

constexpr LegId kUnknownLeg{12345};

TEST(TunnelConfigDefaults, AreThoseOfTheOptionTable) {
  const TunnelConfig config;
  EXPECT_EQ(config.desired_ux, 3);
  EXPECT_EQ(config.send.scheduler, SchedulerKind::kLowRtt);
  EXPECT_EQ(config.legs_max, 8U);
  EXPECT_EQ(config.handshake_timeout, 60s);
  EXPECT_EQ(config.reorder.tunnel_limit, Bytes{16'777'216});
  EXPECT_EQ(config.reorder.high_water, Bytes{4'194'304});
  EXPECT_EQ(config.reorder.low_water, Bytes{1'048'576});
  EXPECT_EQ(config.reorder.stall_timeout, 30s);
  EXPECT_EQ(config.log_level, LogLevel::kInfo);
  // The numbers of the contract.
  EXPECT_EQ(static_cast<int>(LogLevel::kError), 1);
  EXPECT_EQ(static_cast<int>(LogLevel::kTrace), 5);
}

TEST(TunnelAnswers, TakesAPathOnlyForTheLegOfASinglePath) {
  TunnelRig rig;
  LegPath longer = three_hops();
  longer.hop_count = 4;
  std::uint64_t version = rig.tunnel.version();
  expect_refusal(rig, rig.tunnel.set_path(kUnknownLeg, longer), {.outcome = Outcome::kStale},
                 version);
  EXPECT_EQ(rig.tunnel.legs()[0].path().hop_count, 3);
  EXPECT_EQ(rig.tunnel.set_path(rig.leg(0), longer), Outcome::kOk);
  EXPECT_EQ(rig.tunnel.legs()[0].path().hop_count, 4);
  EXPECT_EQ(rig.tunnel.version(), version + 1);
  ASSERT_EQ(rig.tunnel.set_path(rig.leg(0), three_hops()), Outcome::kOk);

  ASSERT_EQ(rig.join(1), Outcome::kOk);
  version = rig.tunnel.version();
  expect_refusal(rig, rig.tunnel.set_path(rig.leg(0), longer), {.outcome = Outcome::kState},
                 version);
  const LegId first = rig.leg(0);
  rig.tunnel.close(Reason::HOST_REQUEST);
  version = rig.tunnel.version();
  expect_refusal(rig, rig.tunnel.set_path(first, longer),
                 {.outcome = Outcome::kClosed, .reason = Reason::HOST_REQUEST}, version);
}

TEST(TunnelAnswers, SaysWhichCircuitCannotJoinAndWhy) {
  TunnelRig rig(TunnelConfig{.legs_max = 3});
  const std::uint64_t version = rig.tunnel.version();
  const JoinRequest good{.path = three_hops()};
  JoinRequest used = good;
  used.ever_stream = true;
  std::vector<LegId> out(2);
  const auto add = [&](std::vector<JoinRequest> requests) {
    return rig.tunnel.add_legs(requests, rig.views(), std::span(out).first(requests.size()));
  };
  const auto invalid = [](Reason reason, std::uint32_t index) {
    return Detail{.outcome = Outcome::kLegInvalid, .reason = reason, .index = index};
  };
  expect_refusal(rig, add({}), invalid(Reason::NO_LEGS, 0), version);
  expect_refusal(rig, add({used, good}), invalid(Reason::HAS_STREAMS, 0), version);
  expect_refusal(rig, add({good, used}), invalid(Reason::HAS_STREAMS, 1), version);
  EXPECT_EQ(rig.tunnel.add_legs(std::vector{good}, LegViews(), out), Outcome::kViews);
  out.resize(3);
  expect_refusal(rig, add({good, good, good}), invalid(Reason::TOO_MANY_LEGS, 0), version);
  out.resize(2);
  EXPECT_EQ(add({good, good}), Outcome::kOk) << "as many as there may be";
  EXPECT_EQ(rig.tunnel.legs().size(), 3U);
  rig.tunnel.close(Reason::HOST_REQUEST);
  EXPECT_EQ(add({good}), Outcome::kClosed);
}

TEST(TunnelAnswers, BlamesItsOwnFirstLegByAnIndexOfItsOwn) {
  TunnelRig rig;
  LegPath path = three_hops();
  path.fixed_window_hops = 1U << 2U;
  ASSERT_EQ(rig.tunnel.set_path(rig.leg(0), path), Outcome::kOk);
  const std::uint64_t version = rig.tunnel.version();
  expect_refusal(rig, rig.join(1),
                 {.outcome = Outcome::kLegInvalid,
                  .reason = Reason::NO_CONGESTION_CONTROL,
                  .index = kFirstLegIndex},
                 version);
}

TEST(TunnelAnswers, RefusesLegsWhileTooManyNotesWait) {
  TunnelRig rig;
  // Given a host that adds and removes without a poll: each leg leaves a farewell.
  std::size_t waiting = 0;
  while (waiting < kPendingEventsMax + 1) {
    ASSERT_EQ(rig.join(1), Outcome::kOk) << waiting;
    ASSERT_EQ(rig.tunnel.remove_leg(rig.leg(1), Reason::RETIRED, rig.views(), rig.now),
              Outcome::kOk);
    ++waiting;
  }
  // Then the next is refused, and a poll makes room.
  EXPECT_EQ(rig.join(1), Outcome::kLimit);
  EXPECT_EQ(count(rig.poll(), EventKind::kLegGone), waiting);
  EXPECT_EQ(rig.join(1), Outcome::kOk);
}

TEST(TunnelAnswers, LinksOnlyAMultiPathThatIsOpen) {
  TunnelRig rig;
  EXPECT_EQ(rig.tunnel.link(rig.now), Outcome::kState);
  ASSERT_EQ(rig.join(1), Outcome::kOk);
  const std::uint64_t version = rig.tunnel.version();
  EXPECT_EQ(rig.tunnel.link(rig.now), Outcome::kOk);
  EXPECT_EQ(rig.tunnel.version(), version + 2) << "one for each leg";
  EXPECT_EQ(rig.tunnel.next_deadline(), rig.now + 60s);
  rig.tunnel.close(Reason::HOST_REQUEST);
  EXPECT_EQ(rig.tunnel.link(rig.now), Outcome::kClosed);
}

TEST(TunnelAnswers, RemovesALegWithoutAViewOnlyIfItsPeerNeverAnswered) {
  TunnelRig rig;
  rig.link_all(2);
  ASSERT_EQ(rig.join(1), Outcome::kOk);
  EXPECT_EQ(rig.tunnel.remove_leg(kUnknownLeg, Reason::RETIRED, rig.views(), rig.now),
            Outcome::kStale);
  EXPECT_EQ(rig.tunnel.remove_leg(rig.leg(1), Reason::RETIRED, LegViews(), rig.now),
            Outcome::kViews);
  EXPECT_EQ(rig.tunnel.legs().size(), 3U);
  EXPECT_EQ(rig.tunnel.remove_leg(rig.leg(2), Reason::RETIRED, LegViews(), rig.now), Outcome::kOk);
  EXPECT_EQ(rig.tunnel.legs().size(), 2U);
}

TEST(TunnelAnswers, LetsTheFirstLegLeaveAndTheNextBecomePrimary) {
  TunnelRig rig;
  rig.link_all(3);
  const LegId second = rig.leg(1);
  const std::uint64_t version = rig.tunnel.version();
  ASSERT_EQ(rig.tunnel.remove_leg(rig.leg(0), Reason::RETIRED, rig.views(), rig.now), Outcome::kOk);
  EXPECT_EQ(rig.tunnel.version(), version + 1);
  EXPECT_EQ(rig.tunnel.sender().primary(), second);
  ASSERT_EQ(rig.tunnel.remove_leg(rig.leg(1), Reason::RETIRED, rig.views(), rig.now), Outcome::kOk);
  EXPECT_EQ(rig.tunnel.sender().primary(), second) << "another that leaves changes nothing";
}

// A leg in its handshake leaves with a result, whatever became of its LINK, and nothing more is
// sent on it.
TEST(TunnelAnswers, TellsTheResultOfALegThatLeavesInItsHandshake) {
  for (const bool drained : {false, true}) {
    TunnelRig rig;
    ASSERT_EQ(rig.join(1), Outcome::kOk);
    ASSERT_EQ(rig.tunnel.link(rig.now), Outcome::kOk);
    if (drained) rig.poll();
    ASSERT_EQ(rig.tunnel.remove_leg(rig.leg(1), Reason::RETIRED, rig.views(), rig.now),
              Outcome::kOk);
    const std::vector<Event> told = rig.poll();
    EXPECT_EQ(count(told, EventKind::kSendCell), drained ? 0U : 1U) << "only the other's LINK";
    ASSERT_EQ(count(told, EventKind::kLinkResult), 1U);
    EXPECT_EQ(std::ranges::find(told, EventKind::kLinkResult, &Event::kind)->reason,
              Reason::RETIRED);

    std::optional<Leg> taken;
    if (drained) {
      ASSERT_EQ(rig.tunnel.take_single_leg(taken, rig.now), Outcome::kOk);
      EXPECT_THAT(
          kinds(rig.poll()),
          ::testing::ElementsAre(EventKind::kLinkResult, EventKind::kLegGone, EventKind::kClosed));
    }
  }
}

TEST(TunnelAnswers, TakesALegWhoseLinkNobodyDrainedWithoutSendingIt) {
  TunnelRig rig;
  ASSERT_EQ(rig.join(1), Outcome::kOk);
  ASSERT_EQ(rig.tunnel.remove_leg(rig.leg(1), Reason::RETIRED, rig.views(), rig.now), Outcome::kOk);
  rig.poll();
  ASSERT_EQ(rig.tunnel.link(rig.now), Outcome::kOk);
  const std::uint64_t version = rig.tunnel.version();
  std::optional<Leg> taken;
  ASSERT_EQ(rig.tunnel.take_single_leg(taken, rig.now), Outcome::kOk);
  EXPECT_EQ(rig.tunnel.version(), version + 2) << "the leg has gone, and the tunnel has closed";
  const std::vector<Event> told = rig.poll();
  ASSERT_THAT(kinds(told), ::testing::ElementsAre(EventKind::kLinkResult, EventKind::kLegGone,
                                                  EventKind::kClosed));
  for (const Event& event : told) EXPECT_EQ(event.reason, Reason::TAKEN);
  EXPECT_EQ(rig.tunnel.take_single_leg(taken, rig.now), Outcome::kNotSingle);
  EXPECT_EQ(rig.tunnel.detail().index, 0U);
  EXPECT_EQ(rig.tunnel.detail().reason, Reason::TAKEN);
}

TEST(TunnelAnswers, KnowsTheThreeActionsOfPadding) {
  TunnelRig rig;
  EXPECT_EQ(rig.tunnel.handle_padding(kUnknownLeg, MPATH_PADDING_BLOCK, rig.now),
            Outcome::kIgnored);
  EXPECT_EQ(rig.tunnel.handle_padding(rig.leg(0), MPATH_PADDING_SEND, rig.now), Outcome::kOk);
  EXPECT_FALSE(rig.tunnel.legs()[0].padding_blocked());
  EXPECT_EQ(rig.tunnel.handle_padding(rig.leg(0), MPATH_PADDING_BLOCK, rig.now), Outcome::kOk);
  EXPECT_TRUE(rig.tunnel.legs()[0].padding_blocked());
  EXPECT_EQ(rig.tunnel.handle_padding(rig.leg(0), MPATH_PADDING_SEND, rig.now), Outcome::kOk);
  EXPECT_TRUE(rig.tunnel.legs()[0].padding_blocked()) << "padding itself still goes";
  EXPECT_EQ(rig.tunnel.handle_padding(rig.leg(0), 99, rig.now), Outcome::kArgument);
  EXPECT_TRUE(rig.tunnel.legs()[0].padding_blocked());
  EXPECT_EQ(rig.tunnel.handle_padding(rig.leg(0), MPATH_PADDING_UNBLOCK, rig.now), Outcome::kOk);
  EXPECT_FALSE(rig.tunnel.legs()[0].padding_blocked());
}

TEST(TunnelAnswers, CountsEveryChangeOfALegInItsVersion) {
  TunnelRig rig;
  std::uint64_t version = rig.tunnel.version();
  ASSERT_EQ(rig.join(1), Outcome::kOk);
  EXPECT_EQ(rig.tunnel.version(), version + 1) << "joining";
  ASSERT_EQ(rig.tunnel.link(rig.now), Outcome::kOk);
  version = rig.tunnel.version();
  rig.poll();
  EXPECT_EQ(rig.tunnel.version(), version + 2) << "each LINK that is drained";
  version = rig.tunnel.version();
  rig.now += 10ms;
  ASSERT_EQ(rig.linked(rig.leg(0)), Outcome::kConsumed);
  EXPECT_EQ(rig.tunnel.version(), version + 1) << "LINKED";
  rig.poll();
  EXPECT_EQ(rig.tunnel.version(), version + 2) << "LINKED_ACK";
  version = rig.tunnel.version();
  ASSERT_EQ(rig.route(), Outcome::kOk);
  EXPECT_EQ(rig.tunnel.version(), version + 1) << "the first cell makes a primary";
  ASSERT_EQ(rig.route(), Outcome::kOk);
  EXPECT_EQ(rig.tunnel.version(), version + 1) << "the next changes nothing";
  rig.now += 60s;
  rig.poll();
  EXPECT_EQ(rig.tunnel.version(), version + 2) << "the other leg has timed out";
  rig.tunnel.close(Reason::HOST_REQUEST);
  EXPECT_EQ(rig.tunnel.version(), version + 3);
}

TEST(TunnelAnswers, RoutesWhatIsNotSequencedOnItsOwnLegIfThatMayCarry) {
  TunnelRig rig;
  rig.link_all(2);
  const auto route = [&](LegId leg) {
    rig.grant = {};
    return rig.tunnel.route(
        {.command = CommandClass::kUnsequenced, .hop = HopNum{0}, .leg = leg, .want = Cells{3}},
        rig.views(), rig.now, rig.grant);
  };
  EXPECT_EQ(route(kUnknownLeg), Outcome::kStale);
  EXPECT_EQ(route(rig.leg(1)), Outcome::kOk);
  EXPECT_EQ(rig.grant.leg, rig.leg(1));
  EXPECT_EQ(rig.grant.granted, Cells{3});
  EXPECT_EQ(route(LegId{}), Outcome::kOk);
  EXPECT_EQ(rig.grant.leg, rig.leg(0)) << "the primary";
  EXPECT_EQ(rig.tunnel.sender().sent(), Cells{0});
  ASSERT_EQ(rig.tunnel.handle_padding(rig.leg(1), MPATH_PADDING_BLOCK, rig.now), Outcome::kOk);
  EXPECT_EQ(route(rig.leg(1)), Outcome::kBlocked);
  EXPECT_EQ(rig.grant.blocked, Reason::PADDING_BLOCKED);
  ASSERT_EQ(rig.join(1), Outcome::kOk);
  EXPECT_EQ(route(rig.leg(2)), Outcome::kOk) << "before its LINK";
  ASSERT_EQ(rig.tunnel.link(rig.now), Outcome::kOk);
  EXPECT_EQ(route(rig.leg(2)), Outcome::kBlocked);
  EXPECT_EQ(rig.grant.blocked, Reason::NOT_LINKED);
  rig.poll();
  ASSERT_EQ(rig.linked(rig.leg(2)), Outcome::kConsumed);
  EXPECT_EQ(route(rig.leg(2)), Outcome::kBlocked);
  EXPECT_EQ(rig.grant.blocked, Reason::ACK_NOT_SENT);
}

TEST(TunnelAnswers, HasNewsAfterAChangeThatIsNotLogged) {
  TunnelRig rig;
  ASSERT_EQ(rig.join(1), Outcome::kOk);
  rig.tunnel.log().clear();
  rig.tunnel.commit_news_told();
  ASSERT_EQ(rig.tunnel.link(rig.now), Outcome::kOk);
  EXPECT_TRUE(rig.tunnel.log().empty());
  EXPECT_EQ(rig.tunnel.news(), Tunnel::kChangeNews) << "LINK is queued, which a snapshot shows";
}

TEST(TunnelAnswers, RouteRefusesViewsThatLackALeg) {
  TunnelRig rig;
  rig.link_all(2);
  ASSERT_EQ(rig.route(), Outcome::kOk);
  RouteGrant out;
  const RouteRequest request{
      .command = CommandClass::kData, .hop = test::kJoinHop, .leg = {}, .want = Cells{1}};
  EXPECT_EQ(rig.tunnel.route(request, LegViews(), rig.now, out), Outcome::kViews);
  EXPECT_EQ(rig.tunnel.detail().outcome, Outcome::kViews);
  EXPECT_EQ(rig.tunnel.sender().sent(), Cells{1}) << "nothing has changed";
}

TEST(TunnelAnswers, CanReadNamesTheLegOrTheReason) {
  TunnelRig rig;
  RouteGrant out;
  EXPECT_EQ(rig.tunnel.can_read(LegViews(), rig.now, out), Outcome::kOk) << "a single path needs no view";
  EXPECT_EQ(out.leg, rig.leg(0));
  rig.link_all(2);
  EXPECT_EQ(rig.tunnel.can_read(LegViews(), rig.now, out), Outcome::kViews);
  EXPECT_EQ(rig.tunnel.can_read(rig.views(), rig.now, out), Outcome::kOk);
  EXPECT_EQ(out.leg, rig.leg(0));
  EXPECT_EQ(out.blocked, Reason::NONE);
  rig.window = 1;
  EXPECT_EQ(rig.tunnel.can_read(rig.views(), rig.now, out), Outcome::kOk) << "room for one is room";
  rig.window = 0;
  EXPECT_EQ(rig.tunnel.can_read(rig.views(), rig.now, out), Outcome::kBlocked);
  EXPECT_EQ(out.blocked, Reason::PRIMARY_FULL);
  rig.tunnel.close(Reason::HOST_REQUEST);
  EXPECT_EQ(rig.tunnel.can_read(rig.views(), rig.now, out), Outcome::kClosed);
}

// What is missing sits on a leg that has not got past it: an XOFF there would be stuck behind it.
TEST(TunnelAnswers, SendsControlCellsOnALegThatDeliversWhileTooMuchIsHeld) {
  TunnelRig rig(TunnelConfig{.send = {.scheduler = SchedulerKind::kMinRtt},
                             .reorder = {.tunnel_limit = Bytes{1U << 20U},
                                         .high_water = Bytes{10},
                                         .low_water = Bytes{1},
                                         .stall_timeout = 30s}});
  rig.link_all(2);
  ASSERT_EQ(rig.route(), Outcome::kOk);
  ASSERT_EQ(rig.grant.leg, rig.leg(0));
  ASSERT_EQ(rig.switched(rig.leg(1), 1), Outcome::kConsumed);
  ASSERT_EQ(rig.data(rig.leg(1), 9), Outcome::kHeld);
  ASSERT_EQ(rig.route(CommandClass::kControl), Outcome::kOk);
  EXPECT_EQ(rig.grant.leg, rig.leg(0)) << "not too much yet";
  ASSERT_EQ(rig.data(rig.leg(1), 1), Outcome::kHeld);
  ASSERT_EQ(rig.route(CommandClass::kControl), Outcome::kOk);
  EXPECT_EQ(rig.grant.leg, rig.leg(1));
  ASSERT_EQ(rig.route(), Outcome::kOk);
  EXPECT_EQ(rig.grant.leg, rig.leg(0)) << "DATA goes where it always goes";
}

TEST(TunnelAnswers, NeedsRoomForItsNotesTwoConditionsAndFourEventsOfEachLeg) {
  TunnelRig rig;
  EXPECT_EQ(rig.tunnel.events_needed(), 2U + 4);
  ASSERT_EQ(rig.join(2), Outcome::kOk);
  EXPECT_EQ(rig.tunnel.events_needed(), 2U + 12);
  ASSERT_EQ(rig.tunnel.link(rig.now), Outcome::kOk);
  EXPECT_EQ(rig.tunnel.events_needed(), 3 + 2U + 12);
  std::vector<Event> storage(rig.tunnel.events_needed());
  EventSink sink(storage);
  EXPECT_EQ(rig.tunnel.poll(rig.views(), rig.now, sink), Outcome::kOk) << "exactly as much";
  EXPECT_EQ(rig.tunnel.poll(LegViews(), rig.now, sink), Outcome::kViews);
}

TEST(TunnelAnswers, ClosesForAnUnexpectedMessageOnTheFirstLegThatHasOne) {
  TunnelRig rig;
  rig.link_all(3);
  rig.tunnel.log().clear();
  rig.flags = MPATH_VIEW_INPUT_UNEXPECTED;
  const std::vector<Event> told = rig.poll();
  EXPECT_EQ(rig.tunnel.close_reason(), Reason::UNEXPECTED_MESSAGE);
  EXPECT_EQ(count(told, EventKind::kClosed), 1U);
  EXPECT_EQ(count(told, EventKind::kLegGone), 3U);
  ASSERT_FALSE(rig.tunnel.log().empty());
  EXPECT_EQ(rig.tunnel.log()[0].event, LogEvent::kViolation);
  EXPECT_EQ(rig.tunnel.log()[0].leg, LegOrdinal{1});
}

TEST(TunnelAnswers, TellsReadyAndPressureOnceEach) {
  TunnelRig rig(TunnelConfig{.reorder = {.tunnel_limit = Bytes{1U << 20U},
                                         .high_water = Bytes{10},
                                         .low_water = Bytes{1},
                                         .stall_timeout = 30s}});
  rig.link_all(2);
  ASSERT_EQ(rig.switched(rig.leg(1), 1), Outcome::kConsumed);
  ASSERT_EQ(rig.data(rig.leg(1), 12), Outcome::kHeld);
  const std::vector<Event> high = rig.poll();
  ASSERT_EQ(high.size(), 1U);
  EXPECT_EQ(high[0].kind, EventKind::kPressure);
  EXPECT_EQ(high[0].cookie, Cookie{9}) << "the tunnel's";
  EXPECT_EQ(high[0].value, 12U);
  EXPECT_EQ(high[0].detail, MPATH_WATER_HIGH);
  EXPECT_TRUE(rig.poll().empty());
  ASSERT_EQ(rig.data(rig.leg(0)), Outcome::kOk);
  std::array<DrainedToken, 1> one;
  ASSERT_EQ(test::drain(rig.tunnel, one), 1U);
  const std::vector<Event> low = rig.poll();
  ASSERT_EQ(low.size(), 1U);
  EXPECT_EQ(low[0].value, 0U);
  EXPECT_EQ(low[0].detail, MPATH_WATER_LOW);
  EXPECT_TRUE(rig.poll().empty());
}

TEST(TunnelAnswers, CarriesTheHostsCookiesAndTheLegsInItsEvents) {
  TunnelRig rig;
  ASSERT_EQ(rig.tunnel.remove_leg(rig.leg(0), Reason::CHANNEL_CLOSED, rig.views(), rig.now),
            Outcome::kOk);
  const std::vector<Event> told = rig.poll();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].kind, EventKind::kLegGone);
  EXPECT_EQ(told[0].cookie, Cookie{1001});
  EXPECT_NE(told[0].leg, LegId{});
  EXPECT_EQ(told[0].reason, Reason::CHANNEL_CLOSED);
  EXPECT_EQ(told[1].kind, EventKind::kClosed);
  EXPECT_EQ(told[1].cookie, Cookie{9});
  EXPECT_EQ(told[1].leg, LegId{});
  EXPECT_EQ(told[1].reason, Reason::DEPLETED);
  EXPECT_EQ(told[0].value + told[1].value, 0U);
  EXPECT_EQ(told[0].detail + told[1].detail, 0U);
}

TEST(TunnelAnswers, LetsALegGoThatNobodyHasAViewOfWithNothingInFlight) {
  // Given legs that acknowledge each cell, in their handshake:
  TunnelRig rig;
  LegPath path = three_hops();
  path.sendme_inc = Cells{1};
  std::array<LegId, 1> out;
  const std::array requests{JoinRequest{.path = path}};
  ASSERT_EQ(rig.tunnel.add_legs(requests, rig.views(), out), Outcome::kOk);
  ASSERT_EQ(rig.tunnel.link(rig.now), Outcome::kOk);
  rig.poll();
  // Then one that goes without a view takes nothing with it.
  ASSERT_EQ(rig.tunnel.remove_leg(out[0], Reason::RETIRED, LegViews(), rig.now), Outcome::kOk);
  EXPECT_EQ(rig.tunnel.close_reason(), Reason::NONE);
}

TEST(TunnelAnswers, SaysClosedAndNotViolationWhenItsOwnLimitIsReached) {
  TunnelRig rig(TunnelConfig{.reorder = {.tunnel_limit = Bytes{100},
                                         .high_water = Bytes{50},
                                         .low_water = Bytes{10},
                                         .stall_timeout = 30s}});
  rig.link_all(2);
  ASSERT_EQ(rig.switched(rig.leg(1), 1), Outcome::kConsumed);
  EXPECT_EQ(rig.data(rig.leg(1), 101), Outcome::kClosed);
  EXPECT_EQ(rig.violation, Reason::REORDER_LIMIT);
  EXPECT_EQ(rig.tunnel.close_reason(), Reason::REORDER_LIMIT);
  EXPECT_EQ(rig.tunnel.detail().outcome, Outcome::kClosed);
}

// Whatever is called first after a deadline lets it happen first.
TEST(TunnelAnswers, LetsWhatIsDueHappenBeforeAnyCallThatHasATime) {
  RouteGrant grant;
  Reason violation = Reason::NONE;
  std::optional<Leg> taken;
  const std::vector<std::function<void(TunnelRig&)>> calls = {
      [](TunnelRig& rig) { rig.tunnel.link(rig.now); },
      [](TunnelRig& rig) {
        rig.tunnel.remove_leg(kUnknownLeg, Reason::RETIRED, LegViews(), rig.now);
      },
      [&](TunnelRig& rig) { rig.tunnel.take_single_leg(taken, rig.now); },
      [](TunnelRig& rig) { rig.tunnel.handle_padding(kUnknownLeg, MPATH_PADDING_SEND, rig.now); },
      [&](TunnelRig& rig) { rig.tunnel.route({}, LegViews(), rig.now, grant); },
      [&](TunnelRig& rig) { rig.tunnel.handle_cell({}, rig.now, violation); },
  };
  for (std::size_t i = 0; i < calls.size(); ++i) {
    TunnelRig rig;
    ASSERT_EQ(rig.join(1), Outcome::kOk);
    ASSERT_EQ(rig.tunnel.link(rig.now), Outcome::kOk);
    rig.poll();
    rig.now += 60s;
    calls[i](rig);
    EXPECT_EQ(rig.tunnel.now(), rig.now) << i;
    ASSERT_EQ(rig.tunnel.legs().size(), 2U) << i;
    EXPECT_TRUE(rig.tunnel.legs()[0].is<TimedOut>()) << i;
  }
}

TEST(TunnelAnswers, KnowsNoLegOfAnotherTunnel) {
  const auto tunnel_of = [](std::uint64_t ordinal) {
    return Tunnel(TunnelIdentity{TunnelOrdinal{ordinal}, Cookie{}}, {}, test::test_nonce(),
                  JoinRequest{.path = three_hops()});
  };
  const Tunnel first = tunnel_of(1);
  for (const std::uint64_t ordinal : {2U, 255U, 256U, 1U << 24U}) {
    const Tunnel other = tunnel_of(ordinal);
    EXPECT_EQ(other.legs().index_of(first.legs()[0].id()), std::nullopt) << ordinal;
    EXPECT_EQ(slot_of(other.legs()[0].id()), 0U);
  }
}

TEST(TunnelAnswers, GivesTheFirstFreePlaceToALegThatJoins) {
  TunnelRig rig;
  ASSERT_EQ(rig.join(2), Outcome::kOk);
  EXPECT_EQ(slot_of(rig.leg(0)), 0U);
  EXPECT_EQ(slot_of(rig.leg(1)), 1U);
  EXPECT_EQ(slot_of(rig.leg(2)), 2U);
  ASSERT_EQ(rig.tunnel.remove_leg(rig.leg(0), Reason::RETIRED, rig.views(), rig.now), Outcome::kOk);
  ASSERT_EQ(rig.join(1), Outcome::kOk);
  EXPECT_EQ(slot_of(rig.leg(2)), 0U);
  EXPECT_EQ(rig.tunnel.legs()[2].ordinal(), LegOrdinal{4});
}

}  // namespace
}  // namespace conflux
