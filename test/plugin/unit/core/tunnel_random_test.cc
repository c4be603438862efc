// A tunnel under any history of calls, by an exit that is mostly honest.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <set>
#include <vector>

#include "test/plugin/unit/support/drains.h"
#include "test/plugin/unit/support/tunnels.h"

namespace conflux {
namespace {

using namespace std::chrono_literals;
using test::TunnelRig;

struct Ways {
  bool shortly = false;  // cells go the short way where that is open
  bool totals = false;   // the host's views tell what was sent and acknowledged
  bool in_runs = false;  // the exit keeps to a leg for long, and its cells arrive as they are sent
  SchedulerKind scheduler = SchedulerKind::kLowRtt;
};

class History {
 public:
  explicit History(unsigned seed, const Ways& ways = {})
      : random_(seed), ways_(ways), rig_(config(ways)) {}

  void run() {
    for (int i = 0; i < 2'000; ++i) {
      step();
      rig_.tunnel.log().clear();
      write_down();
      ASSERT_TRUE(rig_.tunnel.is_consistent()) << "step " << i;
      ASSERT_EQ(rig_.tunnel.receiver().queue().cells(), Cells{held_.size()}) << "step " << i;
      if (::testing::Test::HasFatalFailure()) return;
    }
    rig_.tunnel.close(Reason::HOST_REQUEST);
    while (rig_.tunnel.has_tokens()) drain();
    EXPECT_TRUE(held_.empty());
    poll();
  }
  // Cells that were held and then delivered in order.
  [[nodiscard]] int reordered() const { return reordered_; }
  [[nodiscard]] Reason closed_for() const { return rig_.tunnel.close_reason(); }
  [[nodiscard]] std::uint64_t shortcuts() const { return rig_.shortcuts; }
  [[nodiscard]] std::uint64_t turns() const { return rig_.turns; }
  // How often the peer's window was full, or a leg that stood still was passed by.
  [[nodiscard]] int peer_was_full() const { return peer_was_full_; }
  [[nodiscard]] int stalls() const { return stalls_; }
  // All that could be seen after each step.
  [[nodiscard]] const std::vector<std::uint64_t>& trace() const { return trace_; }

 private:
  void write_down() {
    const Tunnel& tunnel = rig_.tunnel;
    const Receiver& receiver = tunnel.receiver();
    const auto us = [](Instant at) {
      return static_cast<std::uint64_t>(at.time_since_epoch().count());
    };
    for (const std::uint64_t seen :
         {static_cast<std::uint64_t>(outcome_), rig_.grant.granted.raw(), rig_.grant.leg.raw(),
          static_cast<std::uint64_t>(rig_.grant.blocked), tunnel.sender().sent().raw(),
          tunnel.sender().primary().raw(), receiver.received().raw(),
          receiver.last_delivered().raw(), receiver.queue().cells().raw(),
          receiver.queue().bytes().raw(), receiver.queue().peak_bytes().raw(), us(tunnel.now()),
          us(tunnel.next_deadline()), tunnel.clock_steps_back(),
          static_cast<std::uint64_t>(tunnel.close_reason())}) {
      trace_.push_back(seen);
    }
    for (const Leg& leg : tunnel.legs()) {
      trace_.push_back(leg.sequence().last_sent().raw());
      trace_.push_back(leg.sequence().last_received().raw());
    }
  }
  std::uint32_t draw(std::uint32_t below) { return static_cast<std::uint32_t>(random_() % below); }

  void step() {
    switch (draw(10)) {
      case 0:
        return act_on_legs();
      case 1:
        rig_.window = draw(4) * 50;
        rig_.backlog = draw(100);
        route(draw(2) == 0 ? CommandClass::kData : CommandClass::kControl, draw(40) + 1);
        return;
      case 2:
        return poll();
      case 3:
        return drain();
      case 4:
        rig_.now += Micros{draw(1'000'000)};
        if (draw(10) == 0) rig_.now -= Micros{draw(2'000'000)};
        return;
      case 5:
      case 6:
        return send();
      default:
        return receive();
    }
  }

  void route(CommandClass command, std::uint64_t want) {
    if (ways_.totals) acknowledge();
    const bool is_data = command == CommandClass::kData;
    outcome_ = ways_.shortly && is_data ? rig_.route_shortly(want) : rig_.route(command, want);
    if (rig_.grant.blocked == Reason::PEER_WINDOW_FULL) ++peer_was_full_;
    if (!ways_.totals || !is_data || outcome_ != Outcome::kOk) return;
    if (has_stalled()) ++stalls_;
    rig_.totals[rig_.grant.leg].sent += rig_.grant.granted.raw();
  }

  // SENDMEs of legs that are not frozen. Each moves the round trip, so that the short way is not
  // open to the next cell: it learns of an acknowledgement with the next call that goes the general
  // way, up to a stall's patience later, and would answer otherwise until then.
  void acknowledge() {
    if (draw(8) == 0) frozen_ = draw(3);
    for (std::size_t i = 0; i < rig_.tunnel.legs().size(); ++i) {
      TunnelRig::Totals& leg = rig_.totals[rig_.leg(i)];
      if (leg.rtt_us == 0) leg.rtt_us = 20'000 + draw(50'000);
      const std::uint64_t inc = test::kSendmeInc.raw();
      if (i == frozen_ || leg.sent - leg.acked < inc || draw(3) != 0) continue;
      leg.acked += inc;
      leg.rtt_us ^= 1U;
    }
  }
  // Is there a leg that stood still when the last cell was routed?
  bool has_stalled() {
    const LegViews views = rig_.views();
    for (std::size_t i = 0; i < views.size(); ++i) {
      const LegProgress& progress = rig_.tunnel.legs()[i].progress();
      if (progress.is_stalled(views[i], test::kSendmeInc, rig_.tunnel.now())) return true;
    }
    return false;
  }

  void act_on_legs() {
    const std::size_t legs = rig_.tunnel.legs().size();
    switch (draw(4)) {
      case 0:
        static_cast<void>(rig_.join(draw(3)));
        return;
      case 1:
        static_cast<void>(rig_.tunnel.link(rig_.now));
        return;
      case 2:
        if (draw(50) != 0 || legs < 2) return;
        static_cast<void>(rig_.tunnel.remove_leg(rig_.leg(draw(static_cast<std::uint32_t>(legs))),
                                                 Reason::CHANNEL_CLOSED, rig_.views(), rig_.now));
        return;
      default:
        if (legs == 0) return;
        static_cast<void>(rig_.tunnel.handle_padding(
            rig_.leg(0), draw(2) == 0 ? MPATH_PADDING_BLOCK : MPATH_PADDING_UNBLOCK, rig_.now));
    }
  }

  // Any leg; in runs, most often that on which the exit sent last.
  std::size_t choose(std::size_t legs, std::uint32_t seldom) {
    if (ways_.in_runs && exit_leg_ && draw(seldom) != 0) {
      const std::optional<std::size_t> last = rig_.tunnel.legs().index_of(*exit_leg_);
      if (last) return *last;
    }
    return draw(static_cast<std::uint32_t>(legs));
  }

  // The exit sends on any leg that is linked; the cell waits on the wire.
  void send() {
    const std::size_t legs = rig_.tunnel.legs().size();
    if (legs == 0) return;
    const Leg& leg = rig_.tunnel.legs()[choose(legs, 30)];
    for (std::uint32_t cells = ways_.in_runs ? 8 : 1; cells > 0; --cells) send_on(leg);
  }
  void send_on(const Leg& leg) {
    if (!leg.peer_is_linked() || wires_[leg.id()].size() > 20) return;
    std::optional<std::uint32_t> delta;
    if (exit_leg_ && *exit_leg_ != leg.id()) {
      delta = static_cast<std::uint32_t>(exit_sent_[*exit_leg_] - exit_sent_[leg.id()]);
      exit_sent_[leg.id()] = exit_sent_[*exit_leg_];
    }
    if (draw(20'000) == 0) delta = draw(10);  // a lie
    exit_leg_ = leg.id();
    exit_sent_[leg.id()] += 1;
    wires_[leg.id()].push_back(delta);
  }

  // A cell arrives, with the SWITCH before it.
  void receive() {
    const std::size_t legs = rig_.tunnel.legs().size();
    if (legs == 0) return;
    const Leg& leg = rig_.tunnel.legs()[choose(legs, 4)];
    if (leg.is<AwaitingLinked>()) static_cast<void>(rig_.linked(leg.id()));
    std::deque<std::optional<std::uint32_t>>& wire = wires_[leg.id()];
    if (wire.empty()) return;
    receive_some(leg.id());
  }

  // Some on end, of this leg and of others: nobody looks at a leg meanwhile, which would settle
  // what it has received.
  void receive_some(LegId id) {
    for (std::uint32_t left = 1 + draw(8); left > 0; --left) {
      if (draw(8) == 0)
        id = std::next(wires_.begin(), draw(static_cast<std::uint32_t>(wires_.size())))->first;
      std::deque<std::optional<std::uint32_t>>& wire = wires_[id];
      if (wire.empty()) continue;
      const std::optional<std::uint32_t> delta = wire.front();
      wire.pop_front();
      if (delta) static_cast<void>(rig_.switched(id, *delta));
      const std::uint32_t cost = draw(2000) + 1;
      outcome_ = ways_.shortly ? rig_.data_shortly(id, cost) : rig_.data(id, cost);
      if (outcome_ == Outcome::kHeld) held_.insert(rig_.tokens);
    }
  }

  void drain() {
    std::array<DrainedToken, 64> drained;
    const std::uint32_t room = draw(ways_.in_runs ? drained.size() + 1 : 4);
    const std::size_t taken = test::drain(rig_.tunnel, std::span(drained).first(room));
    for (std::size_t i = 0; i < taken; ++i) {
      ASSERT_EQ(held_.erase(drained[i].token.raw()), 1U) << "a token comes back exactly once";
      reordered_ += drained[i].deliver ? 1 : 0;
    }
  }

  void poll() {
    for (const Event& event : rig_.poll()) {
      if (event.kind == EventKind::kLegGone) {
        ASSERT_TRUE(gone_.insert(event.leg).second) << "a farewell comes exactly once";
      }
    }
  }

  static TunnelConfig config(const Ways& ways) {
    return {.send = {.scheduler = ways.scheduler, .peer_limit = Cells{ways.totals ? 300U : 8192U}},
            .reorder = {.tunnel_limit = Bytes{64'000},
                        .high_water = Bytes{16'000},
                        .low_water = Bytes{4'000},
                        .stall_timeout = 20s}};
  }

  std::mt19937 random_;
  Ways ways_;
  TunnelRig rig_;
  std::set<std::uint64_t> held_;
  std::set<LegId> gone_;
  std::map<LegId, std::deque<std::optional<std::uint32_t>>> wires_;  // SWITCH deltas before cells
  std::map<LegId, std::uint64_t> exit_sent_;
  std::optional<LegId> exit_leg_;
  int reordered_ = 0;
  int peer_was_full_ = 0;
  int stalls_ = 0;
  std::size_t frozen_ = SIZE_MAX;
  Outcome outcome_ = Outcome::kOk;
  std::vector<std::uint64_t> trace_;
};

TEST(TunnelAtRandom, StaysConsistentAndReturnsEveryTokenOnce) {
  int reordered = 0;
  std::set<Reason> reasons;
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    History history(seed);
    history.run();
    if (HasFatalFailure()) return;
    reordered += history.reordered();
    reasons.insert(history.closed_for());
  }
  // The histories must have gone somewhere.
  EXPECT_GT(reordered, 1'000);
  EXPECT_TRUE(reasons.contains(Reason::HOST_REQUEST)) << "some survive";
  EXPECT_TRUE(reasons.contains(Reason::REORDER_LIMIT) || reasons.contains(Reason::STALLED));
  EXPECT_TRUE(std::ranges::any_of(reasons, is_violation));
}

TEST(TunnelAtRandom, AnswersTheSameOnTheShortWayAsOnTheGeneralOne) {
  std::uint64_t shortcuts = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    History general(seed);
    History shortly(seed, {.shortly = true});
    general.run();
    shortly.run();
    ASSERT_EQ(general.trace(), shortly.trace());
    ASSERT_EQ(general.shortcuts(), 0U);
    shortcuts += shortly.shortcuts();
  }
  EXPECT_GT(shortcuts, 20'000U) << "the histories must have gone that way";
}

TEST(TunnelAtRandom, AnswersTheSameWhileALegIsInTurn) {
  std::uint64_t turns = 0;
  int reordered = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    History general(seed, {.in_runs = true});
    History shortly(seed, {.shortly = true, .in_runs = true});
    general.run();
    shortly.run();
    ASSERT_EQ(general.trace(), shortly.trace());
    turns += shortly.turns();
    reordered += shortly.reordered();
  }
  EXPECT_GT(turns, 5'000U) << "the histories must have gone that way";
  EXPECT_GT(reordered, 1'000) << "and turns must have ended";
}

// BLEST changes its mind at general decisions alone, so its memory may lag behind on the short way.
// Nothing here depends on so little; should a history come to, it is no fault of the short way.
TEST(TunnelAtRandom, AnswersTheSameOnTheShortWayWhateverWasSentAndAcknowledged) {
  std::uint64_t shortcuts = 0;
  int peer_was_full = 0;
  int stalls = 0;
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    const auto kind = static_cast<SchedulerKind>(seed % kSchedulers);
    History general(seed, {.totals = true, .scheduler = kind});
    History shortly(seed, {.shortly = true, .totals = true, .scheduler = kind});
    general.run();
    shortly.run();
    ASSERT_EQ(general.trace(), shortly.trace());
    shortcuts += shortly.shortcuts();
    peer_was_full += shortly.peer_was_full();
    stalls += shortly.stalls();
  }
  EXPECT_GT(shortcuts, 10'000U) << "the histories must have gone that way";
  EXPECT_GT(peer_was_full, 100);
  EXPECT_GT(stalls, 100);
}

}  // namespace
}  // namespace conflux
