// Every single allocation may fail, once: nothing changes, nothing crashes, and a second try works.
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "test/alloc/interposed_malloc.h"
#include "test/support/bare_tunnel.h"

namespace conflux {
namespace {

using test::BareTunnel;
using test::conflux_table;
using test::FailingAllocation;

// What a failed call must leave as it was.
struct Standing {
  std::uint32_t state;
  std::uint32_t legs;
  std::uint32_t unlinked;
  std::uint32_t held;
  std::uint64_t received;

  bool operator==(const Standing&) const = default;
};

Standing standing_of(const BareTunnel& tunnel) {
  const mpath_tunnel_info info = tunnel.info();
  return {info.state, info.leg_count, info.unlinked_count, info.held_cells, info.cells_received};
}

std::uint32_t tunnels_of(mpath_instance* instance) {
  mpath_instance_info info{};
  info.struct_size = sizeof(info);
  EXPECT_EQ(conflux_table().instance_info(instance, &info), MPATH_OK);
  return info.tunnels;
}

class FailingMemory : public ::testing::Test {
 protected:
  // Prepares a tunnel, lets the n-th allocation of `step` fail, for every n until it needs fewer.
  // `step` answers `success` or MPATH_E_NO_MEMORY; after a failure it is tried again.
  // Answers how many allocations failed one after another.
  int fail_each(const std::function<void(BareTunnel&)>& prepare,
                const std::function<mpath_status(BareTunnel&)>& step, mpath_status success) {
    for (int n = 1;; ++n) {
      mpath_instance* instance = test::open_instance();
      bool was_reached = false;
      {
        BareTunnel tunnel(instance, 4);
        prepare(tunnel);
        was_reached = fail_one(tunnel, step, success, n);
        EXPECT_EQ(tunnel.poll(), MPATH_OK) << "not poisoned, n = " << n;
      }
      EXPECT_EQ(tunnels_of(instance), 0U);
      EXPECT_EQ(conflux_table().instance_close(instance), MPATH_OK);
      if (!was_reached || HasFailure()) return n - 1;
    }
  }

 private:
  static bool fail_one(BareTunnel& tunnel, const std::function<mpath_status(BareTunnel&)>& step,
                       mpath_status success, int n) {
    const std::optional<Standing> before =
        tunnel.id() == 0 ? std::nullopt : std::optional(standing_of(tunnel));
    mpath_status status = success;
    bool failed = false;
    {
      const FailingAllocation failing(static_cast<std::uint64_t>(n));
      status = step(tunnel);
      failed = failing.has_failed();
    }
    if (status == MPATH_E_NO_MEMORY) {
      EXPECT_TRUE(failed);
      EXPECT_TRUE(!before || standing_of(tunnel) == *before) << "n = " << n;
      status = step(tunnel);
    }
    // Some allocations are a convenience (a log entry): their failure is no error.
    EXPECT_EQ(status, success) << "n = " << n;
    return failed;
  }
};

TEST_F(FailingMemory, LeavesNoTraceOfATunnelThatWasNotCreated) {
  const int failed =
      fail_each([](BareTunnel&) {}, [](BareTunnel& it) { return it.create(); }, MPATH_OK);
  EXPECT_GT(failed, 1);
}

// Where the list of free slots is full, which has room for every slot to come back.
TEST(FailingMemoryOfManyTunnels, LeavesTheTableAsItWas) {
  mpath_instance* instance = test::open_instance();
  constexpr std::array<std::size_t, 5> kFull = {256, 512, 1024, 2048, 4096};
  std::vector<mpath_tunnel_id> ids;
  ids.reserve(kFull.back() + 1);  // whose memory is not what fails here
  const auto add = [&] {
    BareTunnel tunnel(instance, 2);
    const mpath_status status = tunnel.create();
    if (status == MPATH_OK) ids.push_back(tunnel.release());
    return status;
  };
  // Adds one when the n-th allocation does not fail it any more; answers how many did.
  const auto failures = [&] {
    for (std::uint64_t n = 1;; ++n) {
      mpath_status status = MPATH_OK;
      {
        const FailingAllocation failing(n);
        status = add();
        // Some are a convenience (a log entry), and their failure is no error.
        EXPECT_TRUE(status == MPATH_OK || (status == MPATH_E_NO_MEMORY && failing.has_failed()));
      }
      EXPECT_EQ(tunnels_of(instance), ids.size());
      if (status == MPATH_OK) return n - 1;
    }
  };
  ASSERT_EQ(add(), MPATH_OK);
  const std::uint64_t of_one_tunnel = failures();
  for (const std::size_t full : kFull) {
    while (ids.size() < full) ASSERT_EQ(add(), MPATH_OK);
    EXPECT_EQ(failures(), of_one_tunnel + 1) << "the list too, at " << full;
  }
  for (const mpath_tunnel_id id : ids) {
    EXPECT_EQ(conflux_table().tunnel_destroy(instance, id), MPATH_OK);
  }
  EXPECT_EQ(conflux_table().instance_close(instance), MPATH_OK);
}

TEST_F(FailingMemory, JoinsAllLegsOrNone) {
  const int failed = fail_each([](BareTunnel& it) { ASSERT_EQ(it.create(), MPATH_OK); },
                               [](BareTunnel& it) { return it.add_legs(); }, MPATH_OK);
  EXPECT_GE(failed, 2);
}

TEST_F(FailingMemory, LinksWithoutNeedingAny) {
  fail_each(
      [](BareTunnel& it) {
        ASSERT_EQ(it.create(), MPATH_OK);
        ASSERT_EQ(it.add_legs(), MPATH_OK);
      },
      [](BareTunnel& it) { return it.link(); }, MPATH_OK);
}

TEST_F(FailingMemory, KeepsACellThatItCannotHoldWithTheHost) {
  const int failed = fail_each(
      [](BareTunnel& it) {
        it.build();
        ASSERT_EQ(it.receive_switch(1, 1), MPATH_CONSUMED);
      },
      [](BareTunnel& it) { return it.receive(1, 7); }, MPATH_HELD);
  EXPECT_EQ(failed, 3) << "the lanes, a block and its place in the list";
}

TEST_F(FailingMemory, KeepsWhatItHoldsWhenThereIsNoRoomForAnotherBlock) {
  const int failed = fail_each(
      [](BareTunnel& it) {
        it.build();
        ASSERT_EQ(it.receive_switch(1, 1), MPATH_CONSUMED);
        for (std::uint64_t token = 1; token <= 64; ++token) {
          ASSERT_EQ(it.receive(1, token), MPATH_HELD);
        }
      },
      [](BareTunnel& it) { return it.receive(1, 65); }, MPATH_HELD);
  EXPECT_EQ(failed, 2) << "a block and its place in the list";
}

TEST_F(FailingMemory, DeliversInOrderAfterAFailure) {
  mpath_instance* instance = test::open_instance();
  {
    BareTunnel tunnel(instance, 2);
    tunnel.build();
    ASSERT_EQ(tunnel.receive_switch(1, 1), MPATH_CONSUMED);
    for (std::uint64_t token = 2; token <= 200; ++token) {
      {
        const FailingAllocation failing(1);
        const mpath_status status = tunnel.receive(1, token);
        if (status == MPATH_HELD) continue;
        ASSERT_EQ(status, MPATH_E_NO_MEMORY);
      }
      ASSERT_EQ(tunnel.receive(1, token), MPATH_HELD);
    }
    ASSERT_EQ(tunnel.receive(0, 1), MPATH_OK);
    std::uint64_t expected = 2;
    while (const std::uint32_t count = tunnel.drain()) {
      for (std::uint32_t i = 0; i < count; ++i) {
        ASSERT_EQ(tunnel.tokens[i].token, expected++);
        ASSERT_EQ(tunnel.tokens[i].verdict, MPATH_DELIVER);
      }
    }
    EXPECT_EQ(expected, 201U);
  }
  EXPECT_EQ(conflux_table().instance_close(instance), MPATH_OK);
}

TEST_F(FailingMemory, RoutesAndDrainsAndPollsWithNone) {
  mpath_instance* instance = test::open_instance();
  {
    BareTunnel tunnel(instance, 2);
    tunnel.build();
    ASSERT_EQ(tunnel.receive_switch(1, 1), MPATH_CONSUMED);
    ASSERT_EQ(tunnel.receive(1, 2), MPATH_HELD);
    const test::AllocationCount count;
    ASSERT_EQ(tunnel.route(), MPATH_OK);
    ASSERT_EQ(tunnel.receive(0, 1), MPATH_OK);
    ASSERT_EQ(tunnel.drain(), 1U);
    ASSERT_EQ(tunnel.poll(), MPATH_OK);
    EXPECT_EQ(count.allocations(), 0U);
  }
  EXPECT_EQ(conflux_table().instance_close(instance), MPATH_OK);
}

std::uint32_t legs_in_snapshot(mpath_instance* instance, const BareTunnel& tunnel) {
  mpath_leg_summaries summaries{};
  summaries.stride = sizeof(mpath_leg_summary);
  EXPECT_EQ(conflux_table().tunnel_snapshot(instance, tunnel.id(), &summaries), MPATH_OK);
  return summaries.count;
}

TEST_F(FailingMemory, PublishesAtTheNextCellWhatItCouldNotBefore) {
  int unpublished = 0;
  bool was_reached = true;
  for (std::uint64_t n = 1; was_reached; ++n) {
    mpath_instance* instance = test::open_instance();
    {
      BareTunnel tunnel(instance, 2);
      tunnel.build();
      mpath_status status = MPATH_OK;
      {
        const FailingAllocation failing(n);
        status = tunnel.add_one_leg();
        was_reached = failing.has_failed();
      }
      if (status == MPATH_OK && legs_in_snapshot(instance, tunnel) == 2) {
        ++unpublished;
        EXPECT_EQ(tunnel.receive(0, 1), MPATH_OK) << "the shortest way of all calls";
        EXPECT_EQ(legs_in_snapshot(instance, tunnel), 3U);
        EXPECT_EQ(tunnel.receive(0, 2), MPATH_OK);
      }
    }
    EXPECT_EQ(conflux_table().instance_close(instance), MPATH_OK);
  }
  EXPECT_EQ(unpublished, 1);
}

// Opens and closes with the n-th allocation failing, for every n; answers how many there are.
int fail_each_of_open(const mpath_config_text* config) {
  static_cast<void>(conflux_table());  // loading is not under test
  std::array<char, 256> buffer{};
  mpath_text diagnostics{buffer.data(), buffer.size(), 0};
  for (std::uint64_t n = 1;; ++n) {
    mpath_instance* instance = nullptr;
    mpath_status status = MPATH_OK;
    bool was_reached = false;
    {
      const FailingAllocation failing(n);
      status = conflux_table().instance_open(config, &diagnostics, &instance);
      was_reached = failing.has_failed();
    }
    EXPECT_TRUE(status == MPATH_E_NO_MEMORY || status == MPATH_OK)
        << "n = " << n << ": " << conflux_table().status_text(status);
    EXPECT_EQ(instance != nullptr, status == MPATH_OK);
    EXPECT_EQ(conflux_table().instance_close(instance), MPATH_OK);
    if (was_reached) continue;
    EXPECT_EQ(status, MPATH_OK) << buffer.data();
    return static_cast<int>(n - 1);
  }
}

TEST_F(FailingMemory, OpensAnInstanceOrSaysThatThereIsNoMemory) {
  EXPECT_GT(fail_each_of_open(nullptr), 2);
}

TEST_F(FailingMemory, ReadsAConfigurationOrSaysThatThereIsNoMemory) {
  const std::string text =
      "version: 1\nconflux:\n  profile: fast\n  legs: {count: 2}\n  log: {level: debug}\n";
  mpath_config_text config{};
  config.struct_size = sizeof(config);
  config.text = text.data();
  config.length = static_cast<std::uint32_t>(text.size());
  config.name = "test";
  EXPECT_GT(fail_each_of_open(&config), 30);
}

}  // namespace
}  // namespace conflux
