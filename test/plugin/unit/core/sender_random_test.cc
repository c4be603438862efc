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

// A host that tells true totals, and time that goes on.
class WatchedSender {
 public:
  explicit WatchedSender(unsigned seed)
      : random_(seed),
        count_(2 + draw(3)),
        sender_(
            {.scheduler = static_cast<SchedulerKind>(seed % kSchedulers), .peer_limit = Cells{300}},
            test::leg_id(1)) {
    for (std::size_t i = 0; i < count_; ++i) {
      legs_.add_linked(Micros{10'000 + draw(90'000)});
      legs_.views[i].cwnd = 40 + draw(100);
    }
  }

  void step() {
    now_ += Micros{draw(50) == 0 ? draw(500'000) : draw(2'000)};
    LegView& view = legs_.views[draw(static_cast<std::uint32_t>(count_))];
    view.flags = draw(8) == 0 ? MPATH_VIEW_CHANNEL_BLOCKED : 0;
    if (move_views(view)) look();
    send(draw(8) == 0 ? CommandClass::kControl : CommandClass::kData);
  }

  int stays = 0;          // cells that went the short way
  int skipped = 0;        // that went on another leg than one that stood still
  int peer_was_full = 0;  // times

 private:
  std::uint32_t draw(std::uint32_t below) { return static_cast<std::uint32_t>(random_() % below); }

  // A SENDME, on a leg that is not frozen, or another round trip.
  bool move_views(LegView& view) {
    if (draw(300) == 0) frozen_ = draw(static_cast<std::uint32_t>(count_) + 1);
    const std::uint32_t inc = test::kSendmeInc.raw();
    const bool frozen = frozen_ < count_ && &view == &legs_.views[frozen_];
    if (!frozen && view.inflight >= inc && draw(2) == 0) {
      view.inflight -= inc;
      view.data_acked += inc;
      return true;
    }
    if (draw(100) != 0) return false;
    view.ewma_rtt_us = 10'000 + draw(90'000);
    return true;
  }
  // The short way learns of an acknowledgement with the next call that goes the general way, up to
  // a stall's patience later, and is not to be compared until then. So there is such a call.
  void look() {
    sender_.commit_look(
        legs_.set, legs_.view_of,
        {.command = CommandClass::kData, .want = Cells{1}, .backlog = kBacklog, .now = now_});
  }
  void send(CommandClass command) {
    const SendRequest request{
        .command = command, .want = Cells{draw(8) + 1}, .backlog = kBacklog, .now = now_};
    const SendPlan plan = sender_.plan(legs_.set, legs_.view_of, request);
    const bool has_stall = any_stalled();
    const LegViews views(legs_.views.data(), count_, sizeof(LegView), kBacklog);
    if (command == CommandClass::kData && sender_.stays(legs_.set, views, request.want, now_)) {
      ++stays;
      const std::size_t index = sender_.standing();
      const Cells granted = sender_.commit_again(legs_.set, views, request.want, now_);
      ASSERT_EQ((SendPlan{.index = index, .granted = granted}), plan);
    } else {
      ASSERT_EQ(sender_.commit_route(legs_.set, legs_.view_of, request), plan);
    }
    ASSERT_TRUE(sender_.is_consistent());
    if (plan.blocked == Reason::PEER_WINDOW_FULL) ++peer_was_full;
    if (plan.blocked != Reason::NONE || command != CommandClass::kData) return;
    if (has_stall) ++skipped;
    legs_.views[plan.index].data_sent += plan.granted.raw();
    legs_.views[plan.index].inflight += static_cast<std::uint32_t>(plan.granted.raw());
  }
  [[nodiscard]] bool any_stalled() const {
    for (std::size_t i = 0; i < count_; ++i) {
      const LegProgress& progress = legs_.set[i].progress();
      if (progress.is_stalled(legs_.views[i], test::kSendmeInc, now_)) return true;
    }
    return false;
  }

  static constexpr Cells kBacklog{50};
  std::mt19937 random_;
  std::size_t count_;
  Legs legs_;
  Sender sender_;
  Instant now_ = test::at(1s);
  std::size_t frozen_ = SIZE_MAX;
};

TEST_P(SenderAtRandom, GoesTheShortWayAsPlannedWhateverTimeAndTotalsSay) {
  WatchedSender sender(GetParam());
  for (int step = 0; step < 20'000; ++step) {
    sender.step();
    if (HasFatalFailure()) FAIL() << "step " << step;
  }
  const auto kind = static_cast<SchedulerKind>(GetParam() % kSchedulers);
  EXPECT_EQ(sender.stays > 100, takes_the_fastest(make_scheduler(kind))) << sender.stays;
  EXPECT_GT(sender.skipped, 10);
  EXPECT_GT(sender.peer_was_full, 10);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SenderAtRandom, ::testing::Range(0U, 24U));

}  // namespace
}  // namespace conflux
