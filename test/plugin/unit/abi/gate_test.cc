#include "plugin/abi/gate.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>

namespace conflux {
namespace {

constexpr std::uint32_t kIndex = 6;
constexpr std::uint64_t kId = std::uint64_t{1} << 32U | kIndex;

// Whether a number that leads to this slot is let in: with this generation, and anything where
// flags are.
bool lets_any_in(const Gate& gate, std::uint64_t generation) {
  for (std::uint64_t between = 0; between < 256; ++between) {
    if (gate.lets_in(generation << 32U | between << 24U | kIndex)) return true;
  }
  return false;
}

TEST(Gate, LetsInWhomItNamesWhileATunnelLivesHere) {
  Gate gate(kIndex);
  EXPECT_FALSE(lets_any_in(gate, 0)) << "nobody has moved in yet";
  gate.move_on(1, kIndex);
  EXPECT_TRUE(gate.lets_in(kId));
  EXPECT_FALSE(gate.lets_in(kId + 1));
  EXPECT_FALSE(gate.lets_in(kId + (std::uint64_t{2} << 32U))) << "a later tunnel";
  gate.move_on(2, kIndex);
  EXPECT_FALSE(lets_any_in(gate, 1));
  EXPECT_FALSE(lets_any_in(gate, 2)) << "it has moved out";
}

TEST(Gate, LetsNobodyInWhileAFlagIsSetWhateverNumberTheHostMakesUp) {
  constexpr std::array kAll = {Gate::kMarked, Gate::kPoisoned, Gate::kUntold};
  for (unsigned set = 1; set < 1U << kAll.size(); ++set) {
    Gate gate(kIndex);
    gate.move_on(1, kIndex);
    std::uint64_t raised = 0;
    for (std::size_t i = 0; i < kAll.size(); ++i) {
      if ((set >> i & 1U) == 0) continue;
      EXPECT_TRUE(gate.raise(kAll[i], 1));
      EXPECT_FALSE(gate.raise(kAll[i], 1)) << "it is set";
      raised |= kAll[i];
    }
    EXPECT_FALSE(lets_any_in(gate, 1)) << set;
    EXPECT_TRUE(gate.is_home_of(kId)) << "its owner still finds it";
    EXPECT_EQ(gate.generation(), 1U);
    for (const std::uint64_t flag : kAll) EXPECT_EQ(gate.has(flag), (raised & flag) != 0);
    // When they are lowered one by one, then it lets its tunnel in with the last one.
    for (const std::uint64_t flag : kAll) {
      EXPECT_EQ(gate.lets_in(kId), raised == 0);
      gate.lower(flag);
      gate.lower(flag);
      raised &= ~flag;
    }
    EXPECT_TRUE(gate.lets_in(kId));
  }
}

TEST(Gate, ForgetsEveryFlagWhenTheNextTunnelMovesIn) {
  Gate gate(kIndex);
  gate.move_on(1, kIndex);
  ASSERT_TRUE(gate.raise(Gate::kMarked, 1));
  gate.move_on(2, kIndex);
  EXPECT_FALSE(gate.has(Gate::kOwnerLooksTwice));
  EXPECT_FALSE(gate.raise(Gate::kMarked, 1)) << "of a tunnel that has gone";
  gate.move_on(3, kIndex);
  EXPECT_TRUE(gate.lets_in(std::uint64_t{3} << 32U | kIndex));
}

}  // namespace
}  // namespace conflux
