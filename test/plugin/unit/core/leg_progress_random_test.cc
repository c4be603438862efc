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

// One leg, and the numbers of its DATA cells that no SENDME has covered.
struct Modelled {
  LegProgress progress;
  LegView view{};
  std::deque<std::uint64_t> unacked;
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
    leg.progress.commit_sent(leg.view, next(SeqNo{sent_}), to != current_, kSendmeInc, at(1s));
    current_ = to;
    for (; cells > 0; --cells) {
      ++sent_;
      if (!is_data) continue;
      leg.unacked.push_back(sent_);
      leg.view.data_sent += 1;
      leg.view.inflight += 1;
    }
  }
  void acknowledge(std::size_t of) {
    Modelled& leg = legs[of];
    if (leg.unacked.size() < kSendmeInc.raw()) return;
    leg.unacked.erase(leg.unacked.begin(), leg.unacked.begin() + 31);
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
          ASSERT_LE(first->raw(), model.legs[i].unacked.front());
        }
      }
    }
  }
}

TEST(LegProgressRandom, IsExactWithDataAloneAndFewRuns) {
  for (std::uint32_t seed = 1; seed <= 40; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Model model(seed, kStarts[seed % 2]);
    const std::size_t legs = 2 + seed % 3;
    std::size_t current = 0;
    for (int step = 0; step < 3000; ++step) {
      // 31 cells or more per run, and 10 runs or less before they are acknowledged.
      current = (current + 1 + model.below(legs - 1)) % legs;
      model.send(current, 31 + model.below(10), true);
      for (std::size_t i = 0; i < legs; ++i) {
        while (model.legs[i].unacked.size() > 31 * (2 + model.below(8))) model.acknowledge(i);
        const std::optional<SeqNo> first = model.first_unacked(i);
        ASSERT_EQ(first.has_value(), !model.legs[i].unacked.empty());
        if (first) {
          ASSERT_EQ(first->raw(), model.legs[i].unacked.front());
        }
      }
    }
  }
}

}  // namespace
}  // namespace conflux
