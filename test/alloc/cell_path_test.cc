// Once warm, the cell path allocates nothing and frees nothing.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <string>

#include "test/alloc/interposed_malloc.h"
#include "test/support/bare_tunnel.h"

namespace conflux {
namespace {

using test::AllocationCount;
using test::BareTunnel;
using test::conflux_table;
using test::kBegin;

constexpr int kCells = 10'000;

class CellPath : public ::testing::Test {
 protected:
  void SetUp() override { tunnel_.build(); }
  void TearDown() override {
    // The statuses that make the measurements mean something.
    EXPECT_EQ(unexpected_, 0);
  }

  void expect(mpath_status status, mpath_status expected) {
    if (status != expected) ++unexpected_;
  }

  // The exit was `held` cells ahead on leg 1 when those of leg 0 arrive. Both end level.
  void round_out_of_order(std::uint32_t held) {
    expect(tunnel_.receive_switch(1, 1 + behind_), MPATH_CONSUMED);
    for (std::uint32_t i = 0; i < held; ++i) expect(tunnel_.receive(1, i), MPATH_HELD);
    expect(tunnel_.receive(0, 0), MPATH_OK);
    std::uint32_t drained = 0;
    while (const std::uint32_t count = tunnel_.drain()) drained += count;
    if (drained != held) ++unexpected_;
    expect(tunnel_.receive_switch(0, held), MPATH_CONSUMED);
    behind_ = 0;
    // One in order on leg 0, which leg 1 then skips with the next round's gap.
    expect(tunnel_.receive(0, 0), MPATH_OK);
    behind_ = 1;
  }

  mpath_instance* instance_ =
      test::open_instance("  reorder: {tunnel_limit: 64MiB, high_water: 32MiB, low_water: 1MiB}\n");
  struct Closer {
    mpath_instance* instance;
    ~Closer() { conflux_table().instance_close(instance); }
  } closer_{instance_};
  BareTunnel tunnel_{instance_, 2};
  std::uint32_t behind_ = 0;
  int unexpected_ = 0;
};

TEST(InterposedMalloc, SeesWhatTheProgramAndThePluginAllocate) {
  const AllocationCount ours;
  void* volatile block = std::malloc(1);
  std::free(block);
  ::operator delete(::operator new(1));
  EXPECT_EQ(ours.allocations(), 2U);
  EXPECT_EQ(ours.frees(), 2U);
  const AllocationCount plugins;
  ASSERT_EQ(conflux_table().instance_close(test::open_instance()), MPATH_OK);
  EXPECT_GT(plugins.allocations(), 100U) << "conflux.so must call this malloc";
}

TEST_F(CellPath, RoutesWithoutAllocating) {
  expect(tunnel_.route(), MPATH_OK);
  const AllocationCount count;
  for (int i = 0; i < kCells; ++i) {
    expect(tunnel_.route(), MPATH_OK);
    expect(tunnel_.route(32), MPATH_OK);
    expect(tunnel_.route(1, kBegin), MPATH_OK);
  }
  EXPECT_EQ(count.allocations() + count.frees(), 0U);
}

TEST_F(CellPath, SwitchesLegsWithoutAllocating) {
  expect(tunnel_.route(), MPATH_OK);
  const AllocationCount count;
  int switches = 0;
  for (int i = 0; i < kCells; ++i) {
    tunnel_.views[0].inflight = i % 2 == 0 ? tunnel_.views[0].cwnd : 0;
    expect(tunnel_.route(), MPATH_OK);
    switches += tunnel_.grant.has_first != 0 ? 1 : 0;
  }
  EXPECT_EQ(count.allocations() + count.frees(), 0U);
  EXPECT_EQ(switches, kCells);
}

TEST_F(CellPath, IsBlockedWithoutAllocating) {
  expect(tunnel_.route(), MPATH_OK);
  for (int leg = 0; leg < 2; ++leg) tunnel_.views[leg].inflight = tunnel_.views[leg].cwnd;
  const AllocationCount count;
  for (int i = 0; i < kCells; ++i) {
    expect(tunnel_.route(), MPATH_BLOCKED);
    expect(tunnel_.route(1, kBegin), MPATH_OK);
  }
  EXPECT_EQ(count.allocations() + count.frees(), 0U);
}

TEST_F(CellPath, ReceivesInOrderWithoutAllocating) {
  const AllocationCount count;
  for (int i = 0; i < kCells; ++i) {
    expect(tunnel_.receive(0, 1), MPATH_OK);
    tunnel_.now_us += 10;
  }
  EXPECT_EQ(count.allocations() + count.frees(), 0U);
}

TEST_F(CellPath, HoldsAndDrainsAThousandWithoutAllocating) {
  round_out_of_order(1024);  // warm: what it needs is kept in reserve
  const AllocationCount count;
  for (int round = 0; round < 20; ++round) round_out_of_order(1024);
  EXPECT_EQ(count.allocations() + count.frees(), 0U);
}

TEST_F(CellPath, PollsWithoutAllocating) {
  tunnel_.views[0].flags = MPATH_VIEW_INPUT_READY;
  expect(tunnel_.poll(), MPATH_OK);
  const AllocationCount count;
  for (int i = 0; i < kCells; ++i) {
    expect(tunnel_.poll(), MPATH_OK);
    expect(tunnel_.route(), MPATH_OK);
    expect(tunnel_.receive(0, 1), MPATH_OK);
    tunnel_.now_us += 1'000;
  }
  EXPECT_EQ(count.allocations() + count.frees(), 0U);
  EXPECT_EQ(tunnel_.told.count, 1U);
}

TEST_F(CellPath, CrossesWaterMarksWithoutAllocating) {
  mpath_instance* instance =
      test::open_instance("  reorder: {high_water: 256KiB, low_water: 4KiB}\n");
  {
    BareTunnel tunnel(instance, 2);
    tunnel.build();
    const auto cross = [&] {
      expect(tunnel.receive_switch(1, 1), MPATH_CONSUMED);
      for (int i = 0; i < 1000; ++i) expect(tunnel.receive(1, 1), MPATH_HELD);
      expect(tunnel.poll(), MPATH_OK);
      if (tunnel.told.count != 1 || tunnel.events[0].kind != MPATH_EVENT_PRESSURE) ++unexpected_;
      expect(tunnel.receive(0, 1), MPATH_OK);
      while (tunnel.drain() > 0) {
      }
      expect(tunnel.poll(), MPATH_OK);
      // Leg 0 skips what leg 1 carried: both stand at the same cell again.
      expect(tunnel.receive_switch(0, 1000), MPATH_CONSUMED);
    };
    cross();
    const AllocationCount count;
    cross();
    EXPECT_EQ(count.allocations() + count.frees(), 0U);
  }
  EXPECT_EQ(conflux_table().instance_close(instance), MPATH_OK);
}

TEST_F(CellPath, GivesALongLaneBackOnceItIsEmpty) {
  round_out_of_order(64);
  const std::uint64_t before = test::allocated_bytes();
  round_out_of_order(20'000);
  EXPECT_LT(test::allocated_bytes(), before + 40 * 1024) << "20'000 cells took 32 bytes each";
}

TEST_F(CellPath, GivesALongLaneBackWhileItIsDrained) {
  expect(tunnel_.receive_switch(1, 1), MPATH_CONSUMED);
  for (int i = 0; i < 20'000; ++i) expect(tunnel_.receive(1, 1), MPATH_HELD);
  const std::uint64_t before = test::allocated_bytes();
  expect(tunnel_.receive(0, 1), MPATH_OK);
  std::uint64_t drained = 0;
  while (drained < 10'000) drained += tunnel_.drain();
  EXPECT_LT(test::allocated_bytes(), before - drained * 32 + 64 * 1024);
}

// A leg that is always ahead: its lane is never empty, and the block that has been drained is the
// next one to be filled.
TEST_F(CellPath, HoldsAndDrainsForEverWithoutAllocating) {
  const auto hold_one = [&] {
    expect(tunnel_.receive_switch(1, 1), MPATH_CONSUMED);
    expect(tunnel_.receive(1, 1), MPATH_HELD);
  };
  const auto release_one = [&] {
    expect(tunnel_.receive(0, 1), MPATH_OK);
    if (tunnel_.drain() != 1) ++unexpected_;
    expect(tunnel_.receive_switch(0, 1), MPATH_CONSUMED);
  };
  for (int i = 0; i < 300; ++i) hold_one();
  const auto flow = [&] {
    for (int i = 0; i < 5000; ++i) {
      release_one();
      hold_one();
    }
  };
  flow();  // warm
  const AllocationCount count;
  flow();
  EXPECT_EQ(count.allocations() + count.frees(), 0U);
}

TEST_F(CellPath, GoesOnAfterADeadlineWithoutAllocating) {
  const AllocationCount count;
  for (int i = 0; i < 100; ++i) {
    tunnel_.now_us += 10'000'000;
    expect(tunnel_.receive(0, 1), MPATH_OK);
    expect(tunnel_.poll(), MPATH_OK);
  }
  EXPECT_EQ(count.allocations() + count.frees(), 0U);
}

}  // namespace
}  // namespace conflux
