// A sender, the way to its peer and what the peer holds out of order: each leg keeps its order, and
// draws a SENDME with every sendme_inc-th DATA cell that arrives.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <set>
#include <vector>

#include "plugin/core/sender.h"
#include "test/plugin/unit/support/legs.h"

namespace conflux::test {

class Upload {
 public:
  // One leg for each RTT, in microseconds. The first of the fastest has carried one control cell.
  Upload(const SendConfig& config, const std::vector<std::uint32_t>& rtts_us)
      : sender(config, leg_id(1)) {
    for (const std::uint32_t rtt_us : rtts_us) {
      legs.add_linked(Micros(rtt_us));
      legs.views[legs.set.size() - 1].ewma_rtt_us = rtt_us;
    }
    send(1, CommandClass::kControl);
  }

  // As a tunnel does it: the short way if that is open.
  SendPlan send(std::uint64_t want, CommandClass command = CommandClass::kData) {
    const LegViews views(legs.views.data(), legs.set.size(), sizeof(LegView), backlog);
    SendPlan plan;
    if (command == CommandClass::kData && sender.stays(legs.set, views, Cells{want}, now)) {
      plan.index = sender.standing();
      plan.granted = sender.commit_again(legs.set, views, Cells{want}, now);
    } else {
      plan = sender.commit_route(
          legs.set, legs.view_of,
          {.command = command, .want = Cells{want}, .backlog = backlog, .now = now});
    }
    if (plan.blocked == Reason::NONE) put(plan, command);
    return plan;
  }

  // The oldest cells of a leg arrive.
  void deliver(std::size_t leg, std::size_t cells) {
    for (; cells > 0 && !under_way[leg].empty(); --cells) {
      const Cell cell = under_way[leg].front();
      under_way[leg].pop_front();
      EXPECT_TRUE(arrived_.insert(cell.seq).second) << "a number came twice";
      while (arrived_.erase(next_) != 0) ++next_;
      if (!cell.is_data || ++data_[leg] % kSendmeInc.raw() != 0) continue;
      legs.views[leg].data_acked += kSendmeInc.raw();
      legs.views[leg].inflight -= static_cast<std::uint32_t>(kSendmeInc.raw());
      if (rtts_move) legs.views[leg].ewma_rtt_us ^= 1U;
    }
  }
  void deliver_all(std::size_t leg) { deliver(leg, SIZE_MAX); }

  [[nodiscard]] std::size_t held() const { return arrived_.size(); }
  [[nodiscard]] bool is_empty() const {
    return std::ranges::all_of(under_way, [](const auto& cells) { return cells.empty(); });
  }

  struct Cell {
    std::uint64_t seq;
    bool is_data;
  };
  Legs legs;
  Sender sender;
  Instant now = at(1s);
  Cells backlog{1000};
  bool rtts_move = true;  // with each SENDME; else a coarse clock says the same for ever
  std::array<std::deque<Cell>, kLegsMax> under_way;

 private:
  void put(const SendPlan& plan, CommandClass command) {
    const bool is_data = command == CommandClass::kData;
    const std::uint64_t count = plan.granted.raw();
    for (std::uint64_t i = 0; i < count; ++i) under_way[plan.index].push_back({++seq_, is_data});
    EXPECT_EQ(legs.set[plan.index].sequence().last_sent(), SeqNo{seq_});
    if (!is_data) return;
    LegView& view = legs.views[plan.index];
    view.data_sent += count;
    view.inflight += static_cast<std::uint32_t>(count);
    EXPECT_LE(view.inflight, view.cwnd) << "an overdrawn window";
  }

  std::uint64_t seq_ = 0;
  std::uint64_t next_ = 1;
  std::set<std::uint64_t> arrived_;
  std::array<std::uint64_t, kLegsMax> data_{};
};

}  // namespace conflux::test
