#include "plugin/core/poll_round.h"

#include <gtest/gtest.h>

#include <vector>

#include "test/plugin/unit/support/legs.h"

namespace conflux {
namespace {

using namespace std::chrono_literals;
using test::leg_id;
using test::Legs;
using Kinds = std::vector<EventKind>;

class PollRound : public ::testing::Test {
 protected:
  std::span<const Event> round(std::uint32_t backlog = 0) {
    EventSink sink(storage_);
    append_round({.legs = legs_.set,
                  .views = legs_.view_of,
                  .join = join_,
                  .multi_path = multi_path_,
                  .backlog = Cells{backlog},
                  .now = test::at(10s)},
                 sink);
    return std::span(storage_).first(sink.count());
  }
  Kinds kinds(std::uint32_t backlog = 0) {
    Kinds result;
    for (const Event& event : round(backlog)) result.push_back(event.kind);
    return result;
  }

  Legs legs_;
  JoinStreams join_{};
  bool multi_path_ = true;
  std::vector<Event> storage_ = std::vector<Event>(MPATH_EVENTS_MAX);
};

TEST_F(PollRound, YieldsNothingForLegsWithNothingToDo) {  // a host that waits never spins
  legs_.add_linked(10ms);
  legs_.add_linked(20ms);
  EXPECT_TRUE(kinds().empty());
}

TEST_F(PollRound, GivesEveryLegItsTurnInLegOrder) {  // regression R62
  for (int i = 0; i < 4; ++i) legs_.add_linked(10ms);
  legs_.views[0].flags = MPATH_VIEW_CHANNEL_BLOCKED;  // one blocked leg starves no other
  for (const std::size_t i : {1U, 3U}) legs_.views[i].flags = MPATH_VIEW_INPUT_READY;
  const std::span<const Event> events = round();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].leg, leg_id(2));
  EXPECT_EQ(events[1].leg, leg_id(4));
  EXPECT_EQ(events[1].cookie, Cookie{1004});
}

TEST_F(PollRound, OrdersWhatOneLegYields) {
  legs_.add_linked(10ms);
  legs_.views[0].half_stream_expiry_us = 1;
  legs_.views[0].flags = MPATH_VIEW_INPUT_READY | MPATH_VIEW_HOP_STREAMS_READY;
  join_ = {.carrier = 0, .granted = Cells{5}};
  EXPECT_EQ(kinds(5), (Kinds{EventKind::kCollectHalfStreams, EventKind::kHandleCell,
                             EventKind::kReadStreams, EventKind::kReadStreams}));
  const std::span<const Event> events = round(5);
  EXPECT_EQ(events[2].detail, MPATH_STREAMS_JOIN_POINT);
  EXPECT_EQ(events[2].value, 5U);
  EXPECT_EQ(events[3].detail, MPATH_STREAMS_OTHER_HOPS);
}

TEST_F(PollRound, LetsPaddingGoBeforeInputAndStreams) {
  legs_.add_linked(10ms);
  legs_.views[0].flags =
      MPATH_VIEW_PADDING_READY | MPATH_VIEW_INPUT_READY | MPATH_VIEW_HOP_STREAMS_READY;
  join_ = {.carrier = 0, .granted = Cells{5}};
  EXPECT_EQ(kinds(5), Kinds{EventKind::kPadding});
}

TEST_F(PollRound, AsksForTheRemovalOfATimedOutLegAndNothingElse) {
  legs_.add(TimedOut{});
  legs_.views[0].flags = MPATH_VIEW_PADDING_READY | MPATH_VIEW_INPUT_READY;
  const std::span<const Event> events = round();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].kind, EventKind::kRemoveLeg);
  EXPECT_EQ(events[0].reason, Reason::HANDSHAKE_TIMEOUT);
}

TEST_F(PollRound, EmptiesTheInputOfAClosedChannelBeforeItsLegGoes) {
  legs_.add_linked(10ms);
  legs_.views[0].flags = MPATH_VIEW_INPUT_READY | MPATH_VIEW_INPUT_CLOSED;
  EXPECT_EQ(kinds(), Kinds{EventKind::kHandleCell});
  legs_.views[0].flags = MPATH_VIEW_INPUT_CLOSED | MPATH_VIEW_HOP_STREAMS_READY;
  EXPECT_EQ(kinds(9), Kinds{EventKind::kRemoveLeg});
  EXPECT_EQ(round()[0].reason, Reason::CHANNEL_CLOSED);
}

TEST_F(PollRound, CollectsHalfStreamsFromTheirExpiryOn) {
  legs_.add_linked(10ms);
  legs_.views[0].half_stream_expiry_us = 10'000'001;
  EXPECT_TRUE(kinds().empty());
  legs_.views[0].half_stream_expiry_us = 10'000'000;
  EXPECT_EQ(kinds(), Kinds{EventKind::kCollectHalfStreams});
}

TEST_F(PollRound, ReadsJoinPointStreamsOnceForTheLegThatWouldCarryThem) {
  legs_.add_linked(10ms);
  legs_.add_linked(20ms);
  join_ = {.carrier = 1, .granted = Cells{8}};
  const std::span<const Event> events = round(50);
  ASSERT_EQ(events.size(), 1U) << "once a round, not once a leg";
  EXPECT_EQ(events[0].leg, leg_id(2));
  EXPECT_EQ(events[0].value, 8U);
}

TEST_F(PollRound, ReadsNoJoinPointStreamThatNoLegCouldCarry) {
  legs_.add_linked(10ms);
  EXPECT_TRUE(kinds(50).empty());
}

TEST_F(PollRound, ReadsOtherHopsOnlyWhereTheyCanBeSent) {
  legs_.add_linked(10ms);
  legs_.views[0].flags = MPATH_VIEW_HOP_STREAMS_READY;
  EXPECT_EQ(kinds(), Kinds{EventKind::kReadStreams});
  legs_.views[0].flags |= MPATH_VIEW_CHANNEL_BLOCKED;
  EXPECT_TRUE(kinds().empty());
  legs_.views[0].flags = MPATH_VIEW_HOP_STREAMS_READY;
  legs_.set[0].commit_padding_blocked(true);
  EXPECT_TRUE(kinds().empty());
  legs_.set[0].commit_padding_blocked(false);
  legs_.set[0].commit_state(AwaitingLinked{});
  EXPECT_TRUE(kinds().empty()) << "nothing goes on a circuit in the middle of its handshake";
}

TEST_F(PollRound, ReadsAllStreamsOfASinglePathByItsOneLeg) {
  multi_path_ = false;
  legs_.add(Plain{});
  const std::span<const Event> events = round(3);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].detail, MPATH_STREAMS_OTHER_HOPS);
  EXPECT_EQ(events[0].value, UINT64_MAX) << "as many cells as the host's own windows allow";
  EXPECT_EQ(round(1).size(), 1U) << "one cell is enough";
  EXPECT_TRUE(round(0).empty());
}

TEST_F(PollRound, NeverYieldsMoreThanItsBoundForAnyLeg) {
  for (const LegState& state : test::all_states()) {
    for (std::uint32_t flags = 0; flags < 0x100; ++flags) {
      legs_ = Legs();
      legs_.add(state);
      legs_.views[0].flags = flags;
      legs_.views[0].half_stream_expiry_us = 0;
      join_ = {.carrier = 0, .granted = Cells{9}};
      for (const bool multi_path : {false, true}) {
        multi_path_ = multi_path;
        ASSERT_LE(round(9).size(), kRoundEventsPerLeg) << state.index() << " flags " << flags;
      }
    }
  }
}

}  // namespace
}  // namespace conflux
