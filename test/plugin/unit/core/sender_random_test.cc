// The sender against a peer that numbers what arrives: any history of windows, RTTs and classes.
#include <gtest/gtest.h>

#include <random>

#include "plugin/core/sender.h"
#include "test/plugin/unit/support/legs.h"

namespace conflux {
namespace {

using namespace std::chrono_literals;
using test::Legs;

class SenderAtRandom : public ::testing::TestWithParam<unsigned> {};

// What the peer makes of it: the SWITCH is honest, and each cell has the next number.
void arrive(LegSequence& leg, const SendPlan& plan, std::uint64_t& stream) {
  if (plan.switch_delta) {
    ASSERT_GT(*plan.switch_delta, SeqDelta{0}) << "regression R43: a SWITCH of zero";
    ASSERT_FALSE(leg.awaits_cell_after_switch());
    leg.commit_switch(*checked_add(leg.last_received(), *plan.switch_delta));
  }
  for (std::uint64_t i = 0; i < plan.granted.raw(); ++i) {
    const SeqNo seq = next(leg.last_received());
    ASSERT_EQ(seq, SeqNo{++stream});
    leg.commit_received(seq);
  }
}

TEST_P(SenderAtRandom, NumbersEveryCellOnceInOrderAndOverdrawsNoWindow) {
  std::mt19937 random(GetParam());
  const auto draw = [&](std::uint32_t below) {
    return static_cast<std::uint32_t>(random() % below);
  };
  Legs legs;
  const std::size_t count = GetParam() % 8 + 1;
  for (std::size_t i = 0; i < count; ++i) legs.add_linked(Micros{draw(100)});
  Sender sender({.scheduler = static_cast<SchedulerKind>(GetParam() % kSchedulers),
                 .watches_legs = GetParam() % 3 == 0},
                test::leg_id(1));
  for (std::size_t i = 0; i < count; ++i) legs.set[i].sequence().commit_switch(SeqNo{draw(10)});
  std::array<LegSequence, kLegsMax> peer{};
  int stays = 0;
  std::uint64_t stream = 0;  // the last number that the peer has given

  for (int step = 0; step < 5'000; ++step) {
    LegView& view = legs.views[random() % count];
    view.cwnd = draw(50) + 1;
    view.inflight = draw(50);
    if (draw(8) == 0) view.ewma_rtt_us = draw(4);
    view.flags = draw(8) == 0 ? MPATH_VIEW_CHANNEL_BLOCKED : 0;

    const CommandClass command = draw(4) == 0 ? CommandClass::kControl : CommandClass::kData;
    const Cells want{draw(8) + 1};
    const std::optional<SeqNo> stuck_at =
        draw(4) == 0 ? std::optional(SeqNo{draw(10)}) : std::nullopt;
    const SendRequest request{.command = command, .want = want, .stuck_at = stuck_at};
    const SendPlan plan = sender.plan(legs.set, legs.view_of, request);
    const LegViews views(legs.views.data(), count, sizeof(LegView), Cells{0});
    if (command == CommandClass::kData && sender.stays(legs.set, views, want, Instant{})) {
      ++stays;
      const std::size_t index = sender.standing();
      const Cells granted = sender.commit_again(legs.set, views, want, Instant{});
      ASSERT_EQ((SendPlan{.index = index, .granted = granted}), plan) << "step " << step;
    } else {
      ASSERT_EQ(sender.commit_route(legs.set, legs.view_of, request), plan) << "step " << step;
    }
    if (plan.blocked != Reason::NONE) continue;

    ASSERT_GE(plan.granted, Cells{1});
    ASSERT_LE(plan.granted, want);
    if (command == CommandClass::kData) {
      ASSERT_LE(plan.granted, room(legs.views[plan.index])) << "step " << step;
      ASSERT_EQ(legs.views[plan.index].flags, 0U) << "step " << step;
    }
    arrive(peer[plan.index], plan, stream);
    if (HasFatalFailure()) FAIL() << "step " << step;
    ASSERT_EQ(sender.sent(), Cells{stream});
  }
  const auto kind = static_cast<SchedulerKind>(GetParam() % kSchedulers);
  EXPECT_EQ(stays > 100, takes_the_fastest(make_scheduler(kind))) << stays;
  EXPECT_GT(stream, 1000U) << "the history must have sent something";
}

INSTANTIATE_TEST_SUITE_P(Seeds, SenderAtRandom, ::testing::Range(0U, 24U));

}  // namespace
}  // namespace conflux
