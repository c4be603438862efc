// What went wrong elsewhere while legs and sets ended; test/README.md has the list.
#include <gmock/gmock.h>

#include "test/plugin/support/exit.h"
#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

std::uint64_t held_in_process(const Host& host) {
  auto info = mpath::sized<mpath_instance_info>();
  host.table.instance_info(host.instance, &info);
  return info.held_bytes;
}

void hold_two_cells(Host& host) {
  host.switched(2, 1);
  ASSERT_EQ(host.cell(2, 2).status, Status::kHeld);
  ASSERT_EQ(host.cell(2, 3).status, Status::kHeld);
}

// Memory pressure closed a circuit that was being closed already.
TEST(Regression, R4_ATunnelThatIsShedWhileItClosesClosesOnce) {
  Host host;
  host.join_and_link(2);
  hold_two_cells(host);
  mpath_tunnel_id victim = 0;
  std::uint32_t count = 0;
  ASSERT_EQ(host.table.instance_shed(host.instance, 1, &victim, 1, &count), MPATH_OK);
  ASSERT_EQ(victim, host.tunnel);
  host.table.tunnel_close(host.instance, host.tunnel, host.now_us);
  std::vector<std::string> told = host.poll();
  host.table.instance_shed(host.instance, 1, &victim, 1, &count);
  host.remove(1);
  host.table.tunnel_close(host.instance, host.tunnel, host.now_us);
  const std::vector<std::string> more = host.poll();
  told.insert(told.end(), more.begin(), more.end());
  EXPECT_EQ(count_of(told, "CLOSED "), 1U);
  EXPECT_EQ(count_of(told, "LEG_GONE"), 2U);
  EXPECT_EQ(host.logged("tunnel closed"), 1U);
  host.drain();
  EXPECT_THAT(host.discarded(), ElementsAre(2U, 3U)) << "each token once";
}

// A queue that was cleared stayed in the sum, until memory pressure hit the innocent.
TEST(Regression, R5_WhatAClosedTunnelHeldIsNoLongerCounted) {
  Host witness;
  for (int round = 0; round < 50; ++round) {
    Host host({.beside = &witness});
    host.join_and_link(2);
    hold_two_cells(host);
    ASSERT_GE(held_in_process(host), 2U * host.cell_cost);
    host.table.tunnel_close(host.instance, host.tunnel, host.now_us);
    const std::uint64_t before = held_in_process(host);
    mpath_token first{};
    mpath_tokens one{.items = &first, .capacity = 1, .stride = sizeof first, .count = 0, .left = 0};
    ASSERT_EQ(host.table.drain(host.instance, host.tunnel, &one), MPATH_OK);
    ASSERT_EQ(one.count, 1U);
    ASSERT_LE(held_in_process(host), before - host.cell_cost) << "as each goes, not at the end";
    host.drain();
    ASSERT_EQ(host.discarded().size(), 1U);
    ASSERT_EQ(held_in_process(host), 0U);
  }
  EXPECT_EQ(held_in_process(witness), 0U);
}

// What legs shared was freed once for each of them.
TEST(Regression, R7_DestroyingWithoutClosingGivesEachTokenBackOnce) {
  Host host;
  host.join_and_link(2);
  host.send(kBegin);
  hold_two_cells(host);
  // The tokens are the host's memory: none may be lost, so they come first.
  EXPECT_EQ(host.table.tunnel_destroy(host.instance, host.tunnel), MPATH_E_TOKENS_HELD);
  EXPECT_EQ(host.table.tunnel_close(host.instance, host.tunnel, host.now_us), MPATH_OK);
  host.drain();
  EXPECT_THAT(host.discarded(), ElementsAre(2U, 3U));
  EXPECT_EQ(host.table.tunnel_destroy(host.instance, host.tunnel), MPATH_OK);
  EXPECT_EQ(host.table.tunnel_destroy(host.instance, host.tunnel), MPATH_E_STALE);
}

// The send of a SWITCH failed, nobody looked, and the next cell went to a freed leg.
TEST(Regression, R8_ASwitchThatCouldNotBeSentClosesTheTunnel) {
  Host host({.config = lab_config("min_latency")});
  host.join_and_link(2);
  host.send(kBegin);
  host.view(1).ewma_rtt_us = 900'000;
  ASSERT_EQ(host.send(kData), on_leg(2).after_switch(1));
  ASSERT_EQ(host.remove(2, Reason::kSendFailed), Status::kOk);
  EXPECT_EQ(host.close_reason(), Reason::kSendFailed);
  EXPECT_EQ(host.send(kData), refused(Status::kErrorClosed)) << "no leg is named any more";
  EXPECT_THAT(host.poll(), Contains("leg 2: LEG_GONE SEND_FAILED"));
}

// Questions about a set that had half gone hit an assertion.
TEST(Regression, R13_EveryQuestionHasAnAnswerAtEveryStageOfTeardown) {
  Host host;
  host.join(3);
  host.link();
  const auto ask = [&](std::size_t legs) {
    EXPECT_EQ(host.info().leg_count, legs);
    EXPECT_EQ(host.snapshot().size(), legs);
    EXPECT_NE(host.info().state, MPATH_TUNNEL_POISONED);
    const Status activity{host.table.tunnel_activity(host.instance, host.tunnel, nullptr, nullptr)};
    EXPECT_EQ(activity, Status::kErrorArgument) << "an answer, whatever is asked";
    int leg = 0;
    host.can_read(&leg);
    std::size_t known = 0;
    for (int each = 1; each <= 3; ++each) known += host.leg_status(each) == Status::kOk ? 1U : 0U;
    EXPECT_EQ(known, legs);
  };
  ask(3);
  host.poll();
  host.remove(1);
  ask(2);
  host.advance(ms(5));
  host.linked(2);
  ask(2);
  host.poll();
  host.receive(3, kLinkedAck);
  EXPECT_EQ(host.close_reason(), Reason::kLinkedAckToClient);
  ask(0);
  host.poll();
  ask(0);
  for (int leg = 1; leg <= 3; ++leg) EXPECT_EQ(host.leg_status(leg), Status::kErrorStale);
}

// Status told of legs that were no pair.
TEST(Regression, R18_TheSnapshotNamesExactlyTheLegsThatAreThere) {
  Host host;
  host.join_and_link(3);
  const auto ids = [&] {
    std::vector<mpath_leg_id> out;
    for (const mpath_leg_summary& leg : host.snapshot()) out.push_back(leg.leg);
    return out;
  };
  EXPECT_THAT(ids(), ElementsAre(host.id(1), host.id(2), host.id(3)));
  host.remove(2);
  EXPECT_THAT(ids(), ElementsAre(host.id(1), host.id(3)));
  host.add({Circuit{}});
  EXPECT_THAT(ids(), ElementsAre(host.id(1), host.id(3), host.id(4)));
}

// A cell that came during shutdown hit an assertion.
TEST(Regression, R19_ACellThatComesDuringShutdownIsDropped) {
  Host host;
  host.join_and_link(2);
  host.cell(1, 1);
  host.table.tunnel_close(host.instance, host.tunnel, host.now_us);
  for (const std::uint8_t command : {kData, kEnd, kSwitch, kLinked, kSendme}) {
    EXPECT_EQ(host.cell(2, 2, command).status, Status::kErrorClosed) << int{command};
  }
  host.drain();
  EXPECT_THAT(host.delivered(), ElementsAre(1U));
  EXPECT_EQ(host.close_reason(), Reason::kHostRequest) << "not the cell's fault";
}

// Sending without a current leg was fatal.
TEST(Regression, R21_ACellWithoutACurrentLegIsRefusedWithTheReason) {
  Host host;
  host.join(2);
  for (const std::uint8_t command : {kBegin, kEnd, kXon, kData}) {
    EXPECT_EQ(host.send(command), blocked(Reason::kNotLinked)) << int{command};
  }
  EXPECT_EQ(host.close_reason(), Reason::kNone);
  host.link();
  host.poll();
  host.advance(ms(10));
  host.linked(2);
  host.poll();
  EXPECT_EQ(host.send(kEnd), on_leg(2));
}

// One violation made several lines, and wrong ones.
TEST(Regression, R23_AViolationIsLoggedOnceWithItsReason) {
  Host host;
  host.join_and_link(2);
  EXPECT_EQ(host.linked(2), violation(Reason::kLinkedUnexpected));
  host.linked(2);
  host.poll();
  std::size_t closed = 0;
  for (const LogLine& line : host.log()) {
    if (line.text.find("tunnel closed") == std::string::npos) continue;
    ++closed;
    EXPECT_EQ(line.reason, Reason::kLinkedUnexpected);
  }
  EXPECT_EQ(closed, 1U);
}

// A set in teardown was still asked where to send.
TEST(Regression, R26_ATunnelThatHasClosedSchedulesNothing) {
  Host host;
  host.join_and_link(2);
  host.send(kBegin);
  host.receive(2, kLink);
  ASSERT_EQ(host.close_reason(), Reason::kLinkToClient);
  host.backlog = 9;
  int leg = 0;
  EXPECT_EQ(host.can_read(&leg).status, Status::kErrorClosed);
  EXPECT_EQ(leg, 0);
  EXPECT_EQ(host.send(kData), refused(Status::kErrorClosed));
  EXPECT_EQ(host.send(kEnd), refused(Status::kErrorClosed));
  EXPECT_EQ(count_of(host.poll(), "READ_STREAMS"), 0U);
}

// Between the last leg's close and the set's end, streams had no circuit and nobody knew.
TEST(Regression, R28_WithTheLastLegTheTunnelIsClosedAtOnce) {
  Host host;
  host.join_and_link(2);
  ASSERT_EQ(host.remove(2), Status::kOk);
  ASSERT_EQ(host.remove(1), Status::kOk);
  EXPECT_EQ(host.close_reason(), Reason::kDepleted);
  EXPECT_EQ(host.send(kData), refused(Status::kErrorClosed));
  EXPECT_EQ(host.link(), Status::kErrorClosed);
  EXPECT_THAT(host.poll(),
              UnorderedElementsAre("leg 2: LEG_GONE CHANNEL_CLOSED",
                                   "leg 1: LEG_GONE CHANNEL_CLOSED", "CLOSED DEPLETED"));
}

// A leg that could not be used starved those after it.
TEST(Regression, R62_ABlockedLegStarvesNoOther) {
  Host host;
  host.join_and_link(3);
  host.send(kBegin);
  host.view(1).flags |= MPATH_VIEW_CHANNEL_BLOCKED;
  host.view(2).flags |= MPATH_VIEW_INPUT_READY | MPATH_VIEW_PADDING_READY;
  host.view(3).flags |= MPATH_VIEW_INPUT_READY | MPATH_VIEW_HOP_STREAMS_READY;
  host.backlog = 3;
  for (int round = 0; round < 3; ++round) {
    const std::vector<std::string> told = host.poll();
    EXPECT_EQ(count_of(told, "leg 2: PADDING"), 1U);
    EXPECT_EQ(count_of(told, "leg 3: HANDLE_CELL"), 1U);
    EXPECT_EQ(count_of(told, "leg 3: READ_STREAMS"), 1U);
    EXPECT_EQ(count_of(told, "leg 1: READ_STREAMS"), 0U);
  }
}

}  // namespace
}  // namespace conflux::test
