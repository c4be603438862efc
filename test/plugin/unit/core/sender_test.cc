#include "plugin/core/sender.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "test/plugin/unit/support/legs.h"

namespace conflux {
namespace {

using namespace std::chrono_literals;
using test::leg_id;
using test::Legs;

class SenderTest : public ::testing::Test {
 protected:
  SendPlan plan(CommandClass command = CommandClass::kData, std::uint64_t want = 1) const {
    return sender_.plan(legs_.set, legs_.view_of, {.command = command, .want = Cells{want}});
  }
  // Plans and commits; the plan must not be blocked.
  SendPlan send(CommandClass command = CommandClass::kData, std::uint64_t want = 1) {
    const SendPlan made =
        sender_.commit_route(legs_.set, legs_.view_of, {.command = command, .want = Cells{want}});
    EXPECT_EQ(made.blocked, Reason::NONE);
    return made;
  }
  // While much is held back and `delivered` was the last cell in order.
  SendPlan plan_stuck(CommandClass command, std::uint64_t delivered) const {
    return sender_.plan(legs_.set, legs_.view_of,
                        {.command = command, .want = Cells{1}, .stuck_at = SeqNo{delivered}});
  }
  SendPlan send_control(std::uint64_t want = 1) { return send(CommandClass::kControl, want); }
  void set_rtt(std::size_t leg, std::uint32_t us) { legs_.views[leg].ewma_rtt_us = us; }

  Legs legs_;
  Sender sender_{SendConfig{.scheduler = SchedulerKind::kLowRtt}, leg_id(1)};
};

TEST_F(SenderTest, WaitsForTheFirstLinkedLegAndSaysForWhat) {
  legs_.add(Unlinked{});
  legs_.add(AwaitingLinked{});
  EXPECT_EQ(plan().blocked, Reason::NOT_LINKED);
  EXPECT_EQ(plan(CommandClass::kControl).blocked, Reason::NOT_LINKED);
  legs_.add(AckQueued{.rtt = 1ms});
  EXPECT_EQ(plan().blocked, Reason::ACK_NOT_SENT) << "BEGIN must not overtake the LINKED_ACK";
}

TEST_F(SenderTest, BeginsWithTheLowestHandshakeRtt) {
  legs_.add_linked(30ms);
  legs_.add_linked(10ms);
  legs_.add_linked(10ms);
  set_rtt(0, 1);  // an EWMA does not count yet
  const SendPlan first = send();
  EXPECT_EQ(first.index, 1U) << "ties go to the first in leg order";
  EXPECT_FALSE(first.switch_delta) << "nothing has been sent that could be skipped";
  EXPECT_EQ(sender_.primary(), leg_id(2));
}

TEST_F(SenderTest, BeginsWithTheFirstLinkedLegIfNoRttIsKnown) {  // regression R38
  legs_.add(AwaitingLinked{});
  legs_.add_linked(std::nullopt);
  legs_.add_linked(std::nullopt);
  EXPECT_EQ(send().index, 1U);
}

TEST_F(SenderTest, PrefersAMeasuredLegToBeginWith) {
  legs_.add_linked(std::nullopt);
  legs_.add_linked(500ms);
  EXPECT_EQ(plan().index, 1U);
}

TEST_F(SenderTest, LetsTheFirstDataWaitForAWindowButNotTheFirstBegin) {
  legs_.add_linked(10ms);
  legs_.fill(0);
  EXPECT_EQ(plan(CommandClass::kData).blocked, Reason::PRIMARY_FULL);
  EXPECT_EQ(plan(CommandClass::kControl).blocked, Reason::NONE);
}

TEST_F(SenderTest, PlansWithoutChangingAnything) {
  legs_.add_linked(10ms);
  legs_.add_linked(20ms);
  send();
  set_rtt(0, 30'000);
  set_rtt(1, 20'000);
  const SendPlan once = plan();
  const SendPlan again = plan();
  EXPECT_EQ(once.index, again.index);
  EXPECT_EQ(once.switch_delta, again.switch_delta);
  EXPECT_EQ(sender_.primary(), leg_id(1));
  EXPECT_EQ(sender_.sent(), Cells{1});
}

TEST_F(SenderTest, CarriesTheSequenceOverAtEverySwitch) {  // regression R49
  legs_.add_linked(10ms);
  legs_.add_linked(20ms);
  EXPECT_FALSE(send(CommandClass::kData, 5).switch_delta);
  legs_.fill(0);
  EXPECT_EQ(send(CommandClass::kData, 3).switch_delta, SeqDelta{5}) << "1..5 were elsewhere";
  EXPECT_FALSE(send(CommandClass::kData, 1).switch_delta) << "no switch, no SWITCH";
  legs_.views[0].inflight = 0;
  EXPECT_EQ(send(CommandClass::kData, 2).switch_delta, SeqDelta{4}) << "6..9 were elsewhere";
  legs_.fill(0);
  EXPECT_EQ(send(CommandClass::kData, 1).switch_delta, SeqDelta{2}) << "10..11 were elsewhere";
  EXPECT_EQ(legs_.set[1].sequence().last_sent(), SeqNo{12});
  EXPECT_EQ(sender_.sent(), Cells{12});
  EXPECT_EQ(sender_.switches(), 3U);
}

TEST_F(SenderTest, GrantsDataUpToTheWindowAndControlAsWanted) {  // regression R50
  legs_.add_linked(10ms);
  legs_.views[0].cwnd = 100;
  legs_.views[0].inflight = 93;
  EXPECT_EQ(plan(CommandClass::kData, 5).granted, Cells{5});
  EXPECT_EQ(plan(CommandClass::kData, 7).granted, Cells{7});
  EXPECT_EQ(plan(CommandClass::kData, 8).granted, Cells{7});
  EXPECT_EQ(plan(CommandClass::kControl, 8).granted, Cells{8});
}

TEST_F(SenderTest, SendsControlOnTheCurrentLegWhenNoLegCanSend) {
  legs_.add_linked(10ms);
  legs_.add_linked(20ms);
  legs_.fill(0);
  send_control();  // begins on leg 1
  legs_.fill(1);
  EXPECT_EQ(plan(CommandClass::kData).blocked, Reason::ALL_FULL);
  const SendPlan control = send_control();
  EXPECT_EQ(control.index, 0U);
  EXPECT_FALSE(control.switch_delta);
}

TEST_F(SenderTest, NamesTheObstacle) {
  legs_.add_linked(10ms);
  send();
  legs_.views[0].flags = MPATH_VIEW_INPUT_CLOSED | MPATH_VIEW_CHANNEL_BLOCKED;
  EXPECT_EQ(plan().blocked, Reason::CHANNEL_CLOSED);
  legs_.views[0].flags = MPATH_VIEW_CHANNEL_BLOCKED;
  EXPECT_EQ(plan().blocked, Reason::CHANNEL_BLOCKED);
  legs_.set[0].commit_padding_blocked(true);
  EXPECT_EQ(plan().blocked, Reason::PADDING_BLOCKED);
}

TEST_F(SenderTest, SendsNothingOnALegThatPaddingBlocks) {
  legs_.add_linked(10ms);
  send();
  legs_.set[0].commit_padding_blocked(true);
  EXPECT_EQ(plan(CommandClass::kControl).blocked, Reason::PADDING_BLOCKED);
  // Another leg may take it.
  legs_.add_linked(20ms);
  EXPECT_EQ(plan(CommandClass::kControl).index, 1U);
}

TEST_F(SenderTest, PrefersTheEwmaToTheHandshakeRtt) {
  legs_.add_linked(10ms);
  legs_.add_linked(20ms);
  send();
  set_rtt(0, 30'000);
  EXPECT_EQ(plan().index, 1U) << "20 ms of handshake against 30 ms of EWMA";
  set_rtt(1, 40'000);
  EXPECT_EQ(plan().index, 0U);
}

TEST_F(SenderTest, SkipsALegWithoutAnRttUntilItHasOne) {
  legs_.add_linked(10ms);
  legs_.add_linked(std::nullopt);
  send();
  legs_.fill(0);
  EXPECT_EQ(plan().blocked, Reason::ALL_FULL);
  set_rtt(1, 90'000);
  EXPECT_EQ(plan().index, 1U);
}

TEST_F(SenderTest, StaysOnItsLegWhenNoLegHasAnRtt) {
  legs_.add_linked(std::nullopt);
  legs_.add_linked(std::nullopt);
  send();
  EXPECT_EQ(send().index, 0U);
  legs_.fill(0);
  EXPECT_EQ(plan().blocked, Reason::PRIMARY_FULL);
}

TEST_F(SenderTest, NeverSwitchesToALegThatIsNotLinked) {
  legs_.add_linked(10ms);
  legs_.add(AckQueued{.rtt = 1ms});
  legs_.add(TimedOut{});
  send();
  legs_.fill(0);
  set_rtt(1, 1);
  set_rtt(2, 1);
  EXPECT_EQ(plan().blocked, Reason::ALL_FULL);
}

TEST_F(SenderTest, VisitsALegThatFellFarBehind) {  // attack A19
  legs_.add_linked(10ms);
  legs_.add_linked(20ms);
  constexpr std::uint64_t kVisitLag = std::uint64_t{1} << 31U;
  send_control(kVisitLag - 1);
  EXPECT_EQ(plan().index, 0U) << "the fastest leg, as ever";
  send_control(1);
  const SendPlan visit = send();
  EXPECT_EQ(visit.index, 1U);
  EXPECT_EQ(visit.switch_delta, SeqDelta{static_cast<std::uint32_t>(kVisitLag)});
  EXPECT_EQ(send().index, 0U) << "and back, by a SWITCH of one";
}

TEST_F(SenderTest, TakesTheShortWayNoFurtherThanToTheVisit) {  // attack A19
  legs_.add_linked(10ms);
  legs_.add_linked(20ms);
  set_rtt(0, 10'000);
  set_rtt(1, 20'000);
  // The peer's window would end it sooner.
  Sender sender({.scheduler = SchedulerKind::kLowRtt, .watches_legs = false}, leg_id(1));
  const LegViews views(legs_.views.data(), 2, sizeof(LegView), Cells{0});
  const auto send_control = [&](std::uint64_t want) {
    sender.commit_route(legs_.set, legs_.view_of,
                        {.command = CommandClass::kControl, .want = Cells{want}});
  };
  const auto send_data = [&] {
    sender.commit_route(legs_.set, legs_.view_of,
                        {.command = CommandClass::kData, .want = Cells{1}});
  };
  send_control(1);
  send_control((std::uint64_t{1} << 31U) - 3);
  send_data();
  EXPECT_TRUE(sender.stays(legs_.set, views, Cells{1}, Instant{}));
  EXPECT_FALSE(sender.stays(legs_.set, views, Cells{2}, Instant{})) << "nor past it in a run";
  send_data();
  EXPECT_FALSE(sender.stays(legs_.set, views, Cells{1}, Instant{})) << "leg 2 must be visited now";
}

TEST_F(SenderTest, TakesTheShortWayNotRightBehindACellThatIsNotData) {
  // What DATA is the first of has to be taken down, or its SENDME would be taken for that of
  // another.
  legs_.add_linked(10ms);
  set_rtt(0, 10'000);
  Sender sender({.scheduler = SchedulerKind::kLowRtt}, leg_id(1));
  const LegViews views(legs_.views.data(), 1, sizeof(LegView), Cells{0});
  const auto send = [&](CommandClass command) {
    sender.commit_route(legs_.set, legs_.view_of, {.command = command, .want = Cells{1}});
    return sender.stays(legs_.set, views, Cells{1}, Instant{});
  };
  EXPECT_FALSE(send(CommandClass::kControl));
  EXPECT_FALSE(send(CommandClass::kControl));
  EXPECT_TRUE(send(CommandClass::kData));
  EXPECT_FALSE(send(CommandClass::kControl));
}

TEST_F(SenderTest, TellsASchedulerThatWaitedOfTheNextCell) {
  legs_.add_linked(10ms);
  legs_.add_linked(500ms);
  set_rtt(0, 10'000);
  set_rtt(1, 500'000);
  Sender sender({.scheduler = SchedulerKind::kEcf}, leg_id(1));
  const LegViews views(legs_.views.data(), 2, sizeof(LegView), Cells{0});
  const SendRequest request{.command = CommandClass::kData, .want = Cells{1}};
  for (int i = 0; i < 2; ++i) sender.commit_route(legs_.set, legs_.view_of, request);
  ASSERT_TRUE(sender.stays(legs_.set, views, Cells{1}, Instant{}));
  // Given a poll in which it would rather wait than take the slow leg:
  const std::uint32_t inflight = std::exchange(legs_.views[0].inflight, legs_.views[0].cwnd);
  ASSERT_EQ(sender.commit_look(legs_.set, legs_.view_of, request).blocked, Reason::PRIMARY_FULL);
  // When the fast leg is open again, then the scheduler is asked.
  legs_.views[0].inflight = inflight;
  EXPECT_FALSE(sender.stays(legs_.set, views, Cells{1}, Instant{}));
  EXPECT_EQ(sender.commit_route(legs_.set, legs_.view_of, request).index, 0U);
  EXPECT_TRUE(sender.stays(legs_.set, views, Cells{1}, Instant{}));
}

TEST_F(SenderTest, ReckonsThePeersWindowAnewAfterAPollThatSawALegMove) {
  legs_.add_linked(10ms);
  legs_.add_linked(20ms);
  set_rtt(0, 10'000);
  set_rtt(1, 20'000);
  const LegViews views(legs_.views.data(), 2, sizeof(LegView), Cells{0});
  const SendRequest request{.command = CommandClass::kData, .want = Cells{1}};
  for (int i = 0; i < 2; ++i) sender_.commit_route(legs_.set, legs_.view_of, request);
  ASSERT_TRUE(sender_.stays(legs_.set, views, Cells{1}, Instant{}));
  legs_.views[1].data_sent = 31;
  legs_.views[1].data_acked = 31;
  ASSERT_EQ(sender_.commit_look(legs_.set, legs_.view_of, request).index, 0U);
  EXPECT_FALSE(sender_.stays(legs_.set, views, Cells{1}, Instant{}));
  EXPECT_TRUE(sender_.is_consistent());
}

TEST_F(SenderTest, DoesNotVisitALegThatCannotSend) {
  legs_.add_linked(10ms);
  legs_.add_linked(20ms);
  legs_.fill(1);
  send_control(std::uint64_t{1} << 31U);
  EXPECT_EQ(plan().index, 0U);
}

TEST_F(SenderTest, ForgetsALegThatNoSwitchReachesAnyMore) {  // regression R11
  legs_.add_linked(10ms);
  legs_.add_linked(20ms);
  legs_.fill(1);  // so that it is not visited in time
  send_control(UINT32_MAX - 1);
  legs_.views[1].inflight = 0;
  EXPECT_EQ(plan().switch_delta, SeqDelta{UINT32_MAX - 1}) << "the largest that C tor accepts";
  legs_.fill(1);
  send_control(1);
  legs_.views[1].inflight = 0;
  legs_.fill(0);
  EXPECT_EQ(plan().blocked, Reason::ALL_FULL) << "leg 2 is out of reach for good";
}

TEST_F(SenderTest, SendsXoffOnALegThatDelivers) {
  // Given a sending leg that has stalled at 10, and two that have got past it:
  legs_.add_linked(10ms);
  legs_.add_linked(30ms);
  legs_.add_linked(20ms);
  send();
  legs_.set[0].sequence().commit_switch(SeqNo{10});
  legs_.set[1].sequence().commit_switch(SeqNo{90});
  legs_.set[2].sequence().commit_switch(SeqNo{80});
  // Then control cells take the nearest of those, whatever its window says; DATA does not.
  legs_.fill(2);
  EXPECT_EQ(plan_stuck(CommandClass::kControl, 10).index, 2U);
  EXPECT_EQ(plan_stuck(CommandClass::kControl, 10).switch_delta, SeqDelta{1});
  EXPECT_EQ(plan_stuck(CommandClass::kData, 10).index, 0U);
  // And the sending leg keeps them while it delivers itself, or if none does.
  EXPECT_EQ(plan_stuck(CommandClass::kControl, 9).index, 0U);
  EXPECT_EQ(plan_stuck(CommandClass::kControl, 90).index, 0U);
}

TEST_F(SenderTest, SendsXoffOnTheFirstOfLegsThatAreEquallyNear) {
  legs_.add_linked(10ms);
  legs_.add_linked(20ms);
  legs_.add_linked(20ms);
  send();
  legs_.set[1].sequence().commit_switch(SeqNo{80});
  legs_.set[2].sequence().commit_switch(SeqNo{90});
  EXPECT_EQ(plan_stuck(CommandClass::kControl, 10).index, 1U);
}

TEST_F(SenderTest, SendsXoffOnNoLegWhoseCircuitEndsIfAnotherDelivers) {
  legs_.add_linked(10ms);
  legs_.add_linked(20ms);
  legs_.add_linked(30ms);
  send();
  legs_.set[1].sequence().commit_switch(SeqNo{80});
  legs_.set[2].sequence().commit_switch(SeqNo{90});
  const auto reasons = {MPATH_VIEW_INPUT_CLOSED | MPATH_VIEW_INPUT_READY,
                        MPATH_VIEW_CHANNEL_BLOCKED};
  for (const std::uint32_t flags : reasons) {
    legs_.views[1].flags = flags;
    EXPECT_EQ(plan_stuck(CommandClass::kControl, 10).index, 2U) << flags;
  }
  // Nor does the sending leg keep it, though it delivers.
  legs_.set[0].sequence().commit_switch(SeqNo{100});
  EXPECT_EQ(plan_stuck(CommandClass::kControl, 10).index, 0U);
  for (const std::uint32_t flags : reasons) {
    legs_.views[0].flags = legs_.views[1].flags = flags;
    EXPECT_EQ(plan_stuck(CommandClass::kControl, 10).index, 2U) << flags;
  }
}

TEST_F(SenderTest, LeavesXoffOnASendingLegThatDeliversThoughANearerOneDoesToo) {
  legs_.add_linked(10ms);
  legs_.add_linked(20ms);
  send();
  legs_.fill(0);
  ASSERT_EQ(send().index, 1U);
  for (const std::size_t leg : {0U, 1U}) legs_.set[leg].sequence().commit_switch(SeqNo{80});
  EXPECT_EQ(plan_stuck(CommandClass::kControl, 10).index, 1U);
}

TEST_F(SenderTest, StandsByALegThatIsNotTheFirst) {
  legs_.add_linked(10ms);
  legs_.add_linked(20ms);
  set_rtt(0, 20'000);
  set_rtt(1, 10'000);
  const LegViews views(legs_.views.data(), 2, sizeof(LegView), Cells{0});
  send();
  ASSERT_EQ(send().index, 1U);
  ASSERT_TRUE(sender_.stays(legs_.set, views, Cells{1}, Instant{}));
  EXPECT_EQ(sender_.standing(), 1U);
  EXPECT_EQ(sender_.commit_again(legs_.set, views, Cells{1}, Instant{}), Cells{1});
  EXPECT_EQ(legs_.set[1].sequence().last_sent(), SeqNo{3});
}

TEST_F(SenderTest, LearnsInAPollThatAStalledLegMovesAgain) {
  legs_.add_linked(10ms);
  legs_.add_linked(20ms);
  set_rtt(0, 10'000);
  set_rtt(1, 20'000);
  Sender sender({.scheduler = SchedulerKind::kLowRtt}, leg_id(1));
  const auto request_at = [](Micros now) {
    return SendRequest{.command = CommandClass::kData, .want = Cells{1}, .now = test::at(now)};
  };
  // Given two SENDMEs' worth of cells on the fast leg, and silence for a second:
  for (int i = 0; i < 62; ++i) {
    sender.commit_route(legs_.set, legs_.view_of, request_at(1s));
    legs_.views[0].data_sent += 1;
    legs_.views[0].inflight += 1;
  }
  ASSERT_EQ(sender.commit_look(legs_.set, legs_.view_of, request_at(2s)).index, 1U);
  // When one SENDME comes, then the leg is as good as ever.
  legs_.views[0].data_acked += 31;
  legs_.views[0].inflight -= 31;
  EXPECT_EQ(sender.commit_look(legs_.set, legs_.view_of, request_at(2s)).index, 0U);
}

TEST_F(SenderTest, MakesTheLegThatCarriedTheLastCellThePrimary) {
  legs_.add_linked(10ms);
  legs_.add_linked(20ms);
  send();
  EXPECT_EQ(sender_.primary(), leg_id(1));
  legs_.fill(0);
  send();
  EXPECT_EQ(sender_.primary(), leg_id(2));
}

}  // namespace
}  // namespace conflux
