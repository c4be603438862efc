// What a leg makes of its runs, against a list of every cell.
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <random>
#include <string>

#include "plugin/core/leg_progress.h"
#include "test/plugin/unit/support/legs.h"

namespace conflux {
namespace {

using namespace std::chrono_literals;
using test::at;
using test::kSendmeInc;

struct Cell {
  std::uint64_t seq;
  bool is_data;
};

// One leg, and its cells of which nobody knows whether they have arrived: no SENDME has covered
// them, or DATA behind them.
struct Modelled {
  LegProgress progress;
  LegView view{};
  std::deque<Cell> unacked;
};

class Model {
 public:
  Model(std::uint32_t seed, std::uint64_t start) : random_(seed), sent_(start) {
    for (Modelled& leg : legs) {
      leg.view.data_sent = leg.view.data_acked = start / 2;
      leg.progress.commit_view(leg.view, at(1s));
    }
  }
  std::uint64_t below(std::uint64_t n) { return random_() % n; }

  void send(std::size_t to, std::uint64_t cells, bool is_data) {
    Modelled& leg = legs[to];
    leg.progress.commit_sent(
        leg.view, {.first = next(SeqNo{sent_}), .takes_over = to != current_, .is_data = is_data},
        kSendmeInc, at(1s));
    current_ = to;
    for (; cells > 0; --cells) {
      leg.unacked.push_back({++sent_, is_data});
      if (!is_data) continue;
      leg.view.data_sent += 1;
      leg.view.inflight += 1;
    }
  }
  void acknowledge(std::size_t of) {
    Modelled& leg = legs[of];
    if (leg.view.inflight < kSendmeInc.raw()) return;
    for (int covered = 0; covered < 31; leg.unacked.pop_front()) {
      if (leg.unacked.front().is_data) ++covered;
    }
    leg.view.data_acked += 31;
    leg.view.inflight -= 31;
    leg.progress.commit_view(leg.view, at(1s));
  }
  [[nodiscard]] std::optional<SeqNo> first_unacked(std::size_t of) const {
    return legs[of].progress.first_unacked(legs[of].view, SeqNo{sent_});
  }

  std::array<Modelled, 4> legs;

 private:
  std::mt19937_64 random_;
  std::uint64_t sent_;
  std::size_t current_ = SIZE_MAX;
};

constexpr std::array<std::uint64_t, 2> kStarts = {0, UINT32_MAX - 3000ULL};

TEST(LegProgressRandom, IsNeverAboveTheLowestUnacknowledgedNumber) {
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Model model(seed, kStarts[seed % 2]);
    const std::size_t legs = 2 + seed % 3;
    for (int step = 0; step < 3000; ++step) {
      model.send(model.below(legs), 1 + model.below(seed % 4 == 0 ? 4 : 40), model.below(5) != 0);
      if (model.below(3) != 0) model.acknowledge(model.below(legs));
      for (std::size_t i = 0; i < legs; ++i) {
        const std::optional<SeqNo> first = model.first_unacked(i);
        ASSERT_EQ(first.has_value(), !model.legs[i].unacked.empty());
        if (first) {
          ASSERT_LE(first->raw(), model.legs[i].unacked.front().seq);
        }
      }
    }
  }
}

TEST(LegProgressRandom, IsExactWithFewRuns) {
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Model model(seed, kStarts[seed % 2]);
    const std::size_t legs = 2 + seed % 3;
    std::size_t current = 0;
    for (int step = 0; step < 3000; ++step) {
      // 31 cells or more per visit, some with one burst of what is not DATA before, and five visits
      // or less before they are acknowledged.
      current = (current + 1 + model.below(legs - 1)) % legs;
      if (model.below(3) == 0) model.send(current, 1 + model.below(5), false);
      model.send(current, 31 + model.below(10), true);
      if (model.below(3) == 0) model.send(current, 1 + model.below(5), false);
      for (std::size_t i = 0; i < legs; ++i) {
        while (model.legs[i].view.inflight > 31 * (1 + model.below(4))) model.acknowledge(i);
        const std::optional<SeqNo> first = model.first_unacked(i);
        ASSERT_EQ(first.has_value(), !model.legs[i].unacked.empty());
        if (first) {
          ASSERT_EQ(first->raw(), model.legs[i].unacked.front().seq);
        }
      }
    }
  }
}

}  // namespace
}  // namespace conflux
