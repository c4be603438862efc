// The one oracle, exhaustively: whatever the legs do to the order, the delivered stream is the sent
// one.
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <vector>

#include "plugin/core/receiver.h"
#include "test/plugin/unit/support/drains.h"
#include "test/plugin/unit/support/legs.h"

namespace conflux {
namespace {

using namespace std::chrono_literals;

constexpr ReorderLimits kLimits{.tunnel_limit = Bytes{1000},
                                .high_water = Bytes{500},
                                .low_water = Bytes{100},
                                .stall_timeout = 30s};

// What one leg carries: cells by their number in the stream, and before some a SWITCH.
struct Carried {
  std::optional<std::uint32_t> switch_by;
  std::uint64_t cell;
};
using LegStream = std::vector<Carried>;

// The streams of the legs when bit i of `plan` says which leg carries cell i + 1.
std::array<LegStream, 2> send(unsigned plan, unsigned cells) {
  std::array<LegStream, 2> streams;
  std::array<std::uint64_t, 2> sent{};
  std::optional<unsigned> current;
  for (std::uint64_t cell = 1; cell <= cells; ++cell) {
    const unsigned leg = plan >> (cell - 1) & 1U;
    std::optional<std::uint32_t> switch_by;
    if (current && *current != leg) {
      switch_by = static_cast<std::uint32_t>(sent[*current] - sent[leg]);
      sent[leg] = sent[*current];
    }
    current = leg;
    ++sent[leg];
    streams[leg].push_back({switch_by, cell});
  }
  return streams;
}

// Delivers both streams in the order that `arrivals` says; answers what the host gets.
std::vector<std::uint64_t> receive(const std::array<LegStream, 2>& streams,
                                   const std::vector<unsigned>& arrivals) {
  Receiver receiver(kLimits);
  std::array legs = {test::leg_in(Linked{.rtt = 1ms}, 1), test::leg_in(Linked{.rtt = 1ms}, 2)};
  std::array<std::size_t, 2> taken{};
  std::vector<std::uint64_t> delivered;
  for (const unsigned at : arrivals) {
    const Carried& next = streams[at][taken[at]++];
    if (next.switch_by) {
      EXPECT_EQ(receiver.handle_switch(legs[at], SeqDelta{*next.switch_by}, 2, test::kCwndInit),
                Reason::NONE);
    }
    const ReceptionResult result =
        receiver.handle_sequenced(legs[at], Token{next.cell}, 1, test::at(1s));
    EXPECT_NE(result.reception, Reception::kRefuse);
    if (result.reception == Reception::kDeliver) delivered.push_back(next.cell);
    while (const auto cell = test::drain_next(receiver).cell)
      delivered.push_back(cell->token.raw());
    EXPECT_TRUE(receiver.is_consistent());
  }
  EXPECT_TRUE(receiver.queue().empty());
  return delivered;
}

TEST(Reordering, RestoresTheStreamFromEveryPlanInEveryInterleaving) {
  constexpr unsigned kCells = 7;
  std::vector<std::uint64_t> expected;
  for (std::uint64_t cell = 1; cell <= kCells; ++cell) expected.push_back(cell);
  int cases = 0;
  for (unsigned plan = 0; plan < 1U << kCells; ++plan) {
    const std::array<LegStream, 2> streams = send(plan, kCells);
    std::vector<unsigned> arrivals;
    const std::function<void(std::size_t, std::size_t)> interleave = [&](std::size_t a,
                                                                         std::size_t b) {
      if (a == 0 && b == 0) {
        ++cases;
        ASSERT_EQ(receive(streams, arrivals), expected) << "plan " << plan;
        return;
      }
      for (const unsigned leg : {0U, 1U}) {
        if ((leg == 0 ? a : b) == 0) continue;
        arrivals.push_back(leg);
        interleave(a - (leg == 0 ? 1 : 0), b - (leg == 1 ? 1 : 0));
        arrivals.pop_back();
      }
    };
    interleave(streams[0].size(), streams[1].size());
  }
  EXPECT_EQ(cases, 3432) << "the sum of the squared binomials of 7";
}

}  // namespace
}  // namespace conflux
