#include "plugin/abi/slot_table.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <vector>

namespace conflux {
namespace {

mpath_tunnel_id add(SlotTable& table) {
  const std::optional<std::uint32_t> index = table.acquire();
  EXPECT_TRUE(index);
  return table.publish(index.value_or(0));
}

TEST(SlotTable, FindsWhatWasPublishedAndNothingElse) {
  SlotTable table;
  EXPECT_EQ(table.find_quiet<SlotTable::First::kGate>(0), nullptr) << "before any was published";
  const mpath_tunnel_id id = add(table);
  ASSERT_NE(table.find(id), nullptr);
  EXPECT_EQ(table.find(0), nullptr);
  EXPECT_EQ(table.find(id + 1), nullptr) << "a neighbour that was never used";
  EXPECT_EQ(table.find(id + (std::uint64_t{1} << 32U)), nullptr) << "an even generation";
  EXPECT_EQ(table.find(id + (std::uint64_t{2} << 32U)), nullptr) << "a later generation";
  EXPECT_EQ(table.find(UINT64_MAX), nullptr);
  EXPECT_EQ(table.find(std::uint64_t{1} << 32U | kTunnelsMax), nullptr) << "past the last slot";
}

TEST(SlotTable, FindsNothingBeforeItIsPublished) {
  SlotTable table;
  const std::optional<std::uint32_t> index = table.acquire();
  ASSERT_TRUE(index);
  EXPECT_EQ(table.find(*index), nullptr);
  EXPECT_EQ(table.count(), 0U);
  table.release(*index);
  EXPECT_EQ(table.acquire(), index);
}

TEST(SlotTable, MintsAnotherIdForEachTunnelInTheSameSlot) {
  SlotTable table;
  std::set<mpath_tunnel_id> seen;
  TunnelSlot* slot = nullptr;
  for (int i = 0; i < 1000; ++i) {
    const mpath_tunnel_id id = add(table);
    EXPECT_TRUE(seen.insert(id).second);
    ASSERT_NE(table.find(id), nullptr);
    EXPECT_TRUE(slot == nullptr || table.find(id) == slot) << "the slot is used again";
    slot = table.find(id);
    table.retire(id);
    EXPECT_EQ(table.find(id), nullptr);
  }
}

TEST(SlotTable, NeverMovesASlot) {
  SlotTable table;
  std::vector<std::pair<mpath_tunnel_id, TunnelSlot*>> all;
  constexpr std::uint32_t kSlots = SlotTable::kSegment + 100;
  for (std::uint32_t i = 0; i < kSlots; ++i) {  // over two segments, small pages and huge ones
    const mpath_tunnel_id id = add(table);
    all.emplace_back(id, table.find(id));
  }
  std::set<TunnelSlot*> distinct;
  for (const auto& [id, slot] : all) {
    EXPECT_EQ(table.find(id), slot);
    EXPECT_EQ(table.find_quiet<SlotTable::First::kGate>(id), slot);
    EXPECT_TRUE(distinct.insert(slot).second);
  }
  const std::uint64_t generation = std::uint64_t{1} << 32U;
  EXPECT_EQ(table.find_quiet<SlotTable::First::kGate>(generation | kSlots), nullptr)
      << "a neighbour that was never used";
  EXPECT_EQ(table.count(), kSlots);
  EXPECT_EQ(table.high_mark(), kSlots);
  for (const auto& [id, slot] : all) table.retire(id);
  EXPECT_EQ(table.count(), 0U);
}

TEST(SlotTable, FindsNothingBeyondTheSlotsThatWereEverUsed) {
  SlotTable table;
  static_cast<void>(add(table));
  for (const std::uint32_t index :
       {1U, 255U, 256U, SlotTable::kSegment, std::uint32_t{kTunnelsMax} - 1, UINT32_MAX}) {
    const mpath_tunnel_id invented = std::uint64_t{1} << 32U | index;
    EXPECT_EQ(table.find(invented), nullptr) << "not made yet, and no overrun";
    EXPECT_EQ(table.find_quiet<SlotTable::First::kGate>(invented), nullptr);
  }
}

void expect_to_find_only_what_is_quiet(SlotTable& table) {
  const auto finds = [&](mpath_tunnel_id id) {
    TunnelSlot* const by_gate = table.find_quiet<SlotTable::First::kGate>(id);
    EXPECT_EQ(table.find_quiet<SlotTable::First::kLegs>(id), by_gate);
    return by_gate;
  };
  const mpath_tunnel_id id = add(table);
  TunnelSlot* slot = table.find(id);
  ASSERT_NE(slot, nullptr);
  EXPECT_EQ(finds(id), slot);
  EXPECT_EQ(finds(id + (std::uint64_t{2} << 32U)), nullptr) << "a later generation";
  slot->commit_untold(true);
  EXPECT_EQ(finds(id), nullptr);
  EXPECT_EQ(table.find(id), slot);
  slot->commit_untold(false);
  EXPECT_EQ(finds(id), slot);
  ASSERT_TRUE(slot->mark(static_cast<std::uint32_t>(id >> 32U)));
  EXPECT_EQ(finds(id), nullptr);
  EXPECT_EQ(table.find(id), slot);
  slot->poison();
  EXPECT_EQ(table.find(id), slot) << "its owner drains and destroys it";
  table.retire(id);
  EXPECT_EQ(finds(id), nullptr);
  EXPECT_EQ(table.find(id), nullptr);
  const mpath_tunnel_id later = add(table);
  EXPECT_EQ(finds(later), slot) << "the next tunnel in the slot has no flag set";
}

TEST(SlotTable, FindsQuietlyOnlyWhatNobodyHasToLookAtTwice) {
  SlotTable table;
  static_cast<void>(add(table));
  expect_to_find_only_what_is_quiet(table);
}

TEST(SlotTable, FindsQuietlyOnlyWhatNobodyHasToLookAtTwiceBeyondTheFirstSegment) {
  SlotTable table;
  for (std::uint32_t i = 0; i <= SlotTable::kSegment; ++i) ASSERT_TRUE(table.acquire());
  expect_to_find_only_what_is_quiet(table);
}

// What stands at a gate is no id while a flag is set there, though a host may invent any number.
TEST(SlotTable, FindsNothingByANumberThatStandsAtAGate) {
  SlotTable table;
  const std::optional<std::uint32_t> index = table.acquire();
  ASSERT_TRUE(index);
  TunnelSlot* slot = table.at(index.value_or(0));
  const auto finds_by_gate = [&] {
    std::uint64_t gate = 0;
    std::memcpy(&gate, &slot->gate, sizeof(gate));
    return table.find(gate) != nullptr ||
           table.find_quiet<SlotTable::First::kGate>(gate) != nullptr;
  };
  EXPECT_FALSE(finds_by_gate()) << "not published yet";
  const mpath_tunnel_id id = table.publish(index.value_or(0));
  EXPECT_TRUE(finds_by_gate()) << "alive and quiet: this is its id";
  slot->poison();
  EXPECT_FALSE(finds_by_gate());
  table.retire(id);
  EXPECT_FALSE(finds_by_gate());
}

TEST(TunnelSlot, IsShedOnlyInTheGenerationThatWasMarked) {
  SlotTable table;
  const mpath_tunnel_id first = add(table);
  TunnelSlot* slot = table.find(first);
  EXPECT_FALSE(slot->is_marked());
  EXPECT_TRUE(slot->mark(static_cast<std::uint32_t>(first >> 32U)));
  EXPECT_TRUE(slot->is_marked());
  EXPECT_FALSE(slot->mark(static_cast<std::uint32_t>(first >> 32U))) << "marked once";
  table.retire(first);
  const mpath_tunnel_id second = add(table);
  ASSERT_EQ(table.find(second), slot);
  EXPECT_FALSE(slot->is_marked()) << "the next tunnel in the slot is innocent";
}

}  // namespace
}  // namespace conflux
