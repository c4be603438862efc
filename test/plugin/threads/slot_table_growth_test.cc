// The table of tunnels, asked by one thread while another one makes it grow. In a build with
// -DCONFLUX_SANITIZE=thread this tells whether a slot is whole before its number is let out.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>

#include "plugin/abi/slot_table.h"

namespace conflux {
namespace {

constexpr std::uint64_t kGeneration = std::uint64_t{1} << 32U;

// The first id of each slot in turn, made up beforehand, until the tunnel that has it is there.
// Nothing may be looked at but the table: whatever else the two threads share would put them in
// order.
void find_what_is_being_made(const SlotTable& table, std::uint32_t slots, std::atomic<bool>& asks) {
  for (std::uint32_t index = 0; index < slots; ++index) {
    const TunnelSlot* slot = nullptr;
    while ((slot = table.find_quiet<SlotTable::First::kGate>(kGeneration | index)) == nullptr) {
      asks.store(true, std::memory_order_relaxed);
    }
    EXPECT_EQ(slot->published_version, UINT64_MAX) << "what is no atomic must have been made";
    EXPECT_EQ(table.find_quiet<SlotTable::First::kGate>((kGeneration | index) + kGeneration),
              nullptr);
  }
}

void grow(SlotTable& table, std::uint32_t slots) {
  for (std::uint32_t i = 0; i < slots; ++i) {
    const std::optional<std::uint32_t> index = table.acquire();
    ASSERT_EQ(index, i);
    ASSERT_EQ(table.publish(i), kGeneration | i);
  }
}

TEST(SlotTableGrowth, IsFinishedForEachSlotBeforeAnInventedIdReachesIt) {
  // Many tables, as each slot is made only once.
  constexpr std::uint32_t kSlots = 200;
  for (int round = 0; round < 30; ++round) {
    SlotTable table;
    std::atomic<bool> asks{false};
    std::thread onlooker(find_what_is_being_made, std::cref(table), kSlots, std::ref(asks));
    while (!asks.load(std::memory_order_relaxed)) std::this_thread::yield();
    grow(table, kSlots);
    onlooker.join();
  }
}

}  // namespace
}  // namespace conflux
