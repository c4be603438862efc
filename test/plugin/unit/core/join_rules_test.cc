#include "plugin/core/join_rules.h"

#include <gtest/gtest.h>

#include "test/plugin/unit/support/legs.h"

namespace conflux {
namespace {

constexpr JoinPoint kJoinPoint{.hop = test::kJoinHop, .relay = test::kExit};

JoinRequest good() { return {.path = test::three_hops(), .cookie = Cookie{1}}; }

template <class Change>
JoinRequest but(Change&& change) {
  JoinRequest request = good();
  change(request);
  return request;
}

TEST(CheckFirstLeg, AcceptsACircuitWithCongestionControlAndNoHistory) {
  EXPECT_EQ(check_first_leg(good()), Reason::NONE);
}

TEST(CheckFirstLeg, RefusesWhatCannotBeAJoinPoint) {
  EXPECT_EQ(check_first_leg(but([](auto& it) { it.path = {}; })), Reason::NO_HOPS);
  EXPECT_EQ(check_first_leg(but([](auto& it) { it.path.last_hop_is_virtual = true; })),
            Reason::VIRTUAL_HOP);
  EXPECT_EQ(check_first_leg(but([](auto& it) { it.path.fixed_window_hops = 0b100; })),
            Reason::NO_CONGESTION_CONTROL);  // regression R58
  EXPECT_EQ(check_first_leg(but([](auto& it) { it.ever_stream = true; })), Reason::HAS_STREAMS);
  EXPECT_EQ(check_first_leg(but([](auto& it) { it.ever_joined = true; })), Reason::ALREADY_JOINED);
}

TEST(CheckFirstLeg, AsksOnlyTheLastHopForCongestionControl) {
  EXPECT_EQ(check_first_leg(but([](auto& it) { it.path.fixed_window_hops = 0b011; })),
            Reason::NONE);
}

TEST(CheckLeg, AcceptsACircuitThatEndsAtTheJoinPoint) {
  EXPECT_EQ(check_leg(good(), kJoinPoint), Reason::NONE);
}

TEST(CheckLeg, RefusesAnotherLength) {
  for (std::uint8_t hops = 1; hops <= MPATH_HOPS_MAX; ++hops) {
    const JoinRequest request = but([&](auto& it) { it.path.hop_count = hops; });
    EXPECT_EQ(check_leg(request, kJoinPoint), hops == 3 ? Reason::NONE : Reason::LENGTH_DIFFERS)
        << int{hops};
  }
  EXPECT_EQ(check_leg(but([](auto& it) { it.path = {}; }), kJoinPoint), Reason::NO_HOPS);
}

TEST(CheckLeg, RefusesAnotherLastHop) {  // regression R56
  EXPECT_EQ(check_leg(but([](auto& it) { it.path.last_hop = RelayTag{78}; }), kJoinPoint),
            Reason::LAST_HOP_DIFFERS);
}

TEST(CheckLeg, RefusesAllThatAFirstLegMustNotBe) {
  EXPECT_EQ(check_leg(but([](auto& it) { it.path.last_hop_is_virtual = true; }), kJoinPoint),
            Reason::VIRTUAL_HOP);
  EXPECT_EQ(check_leg(but([](auto& it) { it.path.fixed_window_hops = 0b100; }), kJoinPoint),
            Reason::NO_CONGESTION_CONTROL);
  EXPECT_EQ(check_leg(but([](auto& it) { it.ever_stream = true; }), kJoinPoint),
            Reason::HAS_STREAMS);
  EXPECT_EQ(check_leg(but([](auto& it) { it.ever_joined = true; }), kJoinPoint),
            Reason::ALREADY_JOINED);
}

}  // namespace
}  // namespace conflux
