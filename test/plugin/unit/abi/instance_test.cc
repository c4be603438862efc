#include "plugin/abi/instance.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "plugin/adapters/settings.h"
#include "test/plugin/unit/support/drains.h"
#include "test/plugin/unit/support/tunnels.h"

namespace conflux {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<const InstanceConfig> config_with_limit(std::uint64_t process_limit) {
  auto config = std::make_shared<InstanceConfig>(*read_config(nullptr).config);
  config->process_limit = process_limit;
  return config;
}

// What the cell path asks for first lies in few lines, and a leg begins with one.
TEST(TunnelSlot, HasItsLegsWhereTheyAreAskedForBeforehand) {
  constexpr std::size_t kLine = 64;
  SlotTable table;
  TunnelSlot& slot = *table.at(table.acquire().value_or(0));
  test::TunnelRig rig;
  rig.link_all(2);
  slot.tunnel.emplace(std::move(rig.tunnel));
  const auto line_of = [&](const void* part) {
    return static_cast<std::size_t>(static_cast<const char*>(part) -
                                    reinterpret_cast<const char*>(&slot)) /
           kLine;
  };
  const LegSet& legs = slot.tunnel->legs();
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&slot) % kLine, 0U);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&legs[0]) % kLine, 0U);
  EXPECT_EQ(line_of(&slot.tunnel->receiver()), 0U) << "what one in turn counts, beside the gate";
  EXPECT_EQ(line_of(&legs[0]), 6U);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&legs[1]) % kLine, 0U);
  EXPECT_EQ(line_of(&legs[1]), 11U);
  EXPECT_EQ(line_of(&legs[1].sequence()), 11U);
}

// Tunnels whose slots say what they hold, as settle() would after a call of their owners.
class InstanceTest : public ::testing::Test {
 protected:
  mpath_tunnel_id add() {
    const std::uint32_t index = instance_.tunnels().acquire().value_or(0);
    TunnelSlot& slot = *instance_.tunnels().at(index);
    slot.tunnel.emplace(TunnelIdentity{instance_.next_ordinal(), Cookie{0}}, TunnelConfig{},
                        test::test_nonce(), JoinRequest{.path = test::three_hops()});
    const mpath_tunnel_id id = instance_.tunnels().publish(index);
    link(*slot.tunnel);
    instance_.settle(slot);
    return id;
  }
  // Cells that arrive early on the second leg at `when`.
  void hold(mpath_tunnel_id id, int cells, Instant when, std::uint32_t cost = 1000) {
    TunnelSlot& slot = *instance_.tunnels().find(id);
    for (int i = 0; i < cells; ++i) {
      Reason violation = Reason::NONE;
      ASSERT_EQ(slot.tunnel->handle_cell({.leg = slot.tunnel->legs()[1].id(),
                                          .command = 2,
                                          .hop = test::kJoinHop,
                                          .body = {},
                                          .token = Token{1},
                                          .cost = cost},
                                         when, violation),
                Outcome::kHeld);
    }
    instance_.settle(slot);
  }
  bool is_marked(mpath_tunnel_id id) { return instance_.tunnels().find(id)->is_marked(); }
  void close_and_drain(mpath_tunnel_id id) {
    TunnelSlot& slot = *instance_.tunnels().find(id);
    instance_.close_if_marked(slot);
    slot.tunnel->close(Reason::HOST_REQUEST);
    std::vector<DrainedToken> tokens(1000);
    test::drain(*slot.tunnel, tokens);
    instance_.settle(slot);
  }

  Instance instance_{config_with_limit(1'000'000), nullptr};

 private:
  static void link(Tunnel& tunnel) {
    std::vector<LegView> views(2);
    const auto look = [&] {
      for (std::size_t i = 0; i < tunnel.legs().size(); ++i) {
        views[i].leg = tunnel.legs()[i].id().raw();
      }
      return LegViews(views.data(), tunnel.legs().size(), sizeof(LegView), Cells{0});
    };
    const std::vector<JoinRequest> requests(1, JoinRequest{.path = test::three_hops()});
    std::vector<LegId> ids(1);
    ASSERT_EQ(tunnel.add_legs(requests, look(), ids), Outcome::kOk);
    ASSERT_EQ(tunnel.link(test::at(1s)), Outcome::kOk);
    std::vector<Event> storage(MPATH_EVENTS_MAX);
    EventSink sink(storage);
    ASSERT_EQ(tunnel.poll(look(), test::at(1s), sink), Outcome::kOk);
    const auto body = encode({.nonce = test::test_nonce(),
                              .last_seq_sent = SeqNo{0},
                              .last_seq_received = SeqNo{0},
                              .desired_ux = 1});
    const auto receive = [&](RelayCommand command, std::span<const std::uint8_t> bytes) {
      Reason violation = Reason::NONE;
      return tunnel.handle_cell({.leg = tunnel.legs()[1].id(),
                                 .command = static_cast<std::uint8_t>(command),
                                 .hop = test::kJoinHop,
                                 .body = bytes,
                                 .token = {},
                                 .cost = 1},
                                test::at(2s), violation);
    };
    ASSERT_EQ(receive(RelayCommand::kConfluxLinked, body), Outcome::kConsumed);
    ASSERT_EQ(receive(RelayCommand::kConfluxSwitch, encode_switch(SeqDelta{1})),
              Outcome::kConsumed);
  }
};

TEST_F(InstanceTest, ShedsTheOldestDataFirst) {  // attack A16, regression R45
  const mpath_tunnel_id young = add();
  const mpath_tunnel_id old = add();
  const mpath_tunnel_id idle = add();
  hold(young, 3, test::at(9s));
  hold(old, 3, test::at(5s));
  std::vector<mpath_tunnel_id> victims(4);
  EXPECT_EQ(instance_.shed(1, victims), 1U);
  EXPECT_EQ(victims[0], old);
  EXPECT_TRUE(is_marked(old));
  EXPECT_FALSE(is_marked(young));
  EXPECT_FALSE(is_marked(idle)) << "it holds nothing";
}

TEST_F(InstanceTest, ShedsAsManyAsItTakesAndNamesThoseMarkedBefore) {
  std::vector<mpath_tunnel_id> tunnels;
  for (int i = 0; i < 4; ++i) {
    tunnels.push_back(add());
    hold(tunnels.back(), 3, test::at(Micros(5s) + Micros{i}));
  }
  std::vector<mpath_tunnel_id> victims(4);
  EXPECT_EQ(instance_.shed(1, victims), 1U);
  EXPECT_EQ(instance_.shed(4'000, victims), 2U) << "one is leaving already";
  EXPECT_EQ(victims[0], tunnels[0]);
  EXPECT_EQ(victims[1], tunnels[1]);
  EXPECT_EQ(instance_.shed(0, victims), 2U) << "who is marked?";
  EXPECT_EQ(instance_.shed(UINT64_MAX, std::span(victims).first(1)), 4U)
      << "more than the caller has room for are marked and counted";
  EXPECT_TRUE(is_marked(tunnels[3]));
}

TEST_F(InstanceTest, ForgetsAMarkOnceItsVictimIsEmpty) {
  const mpath_tunnel_id victim = add();
  hold(victim, 3, test::at(5s));
  EXPECT_FALSE(instance_.has_marked());
  instance_.shed(1, {});
  EXPECT_TRUE(instance_.has_marked());
  close_and_drain(victim);
  EXPECT_FALSE(instance_.has_marked());
  EXPECT_EQ(instance_.held_bytes(), 0U);
  EXPECT_EQ(instance_.shed(UINT64_MAX, {}), 0U);
}

TEST_F(InstanceTest, RelievesTheProcessWhenItHoldsTooMuch) {
  instance_.replace_config(config_with_limit(200'000));
  const mpath_tunnel_id old = add();
  const mpath_tunnel_id young = add();
  hold(old, 100, test::at(5s));
  EXPECT_FALSE(is_marked(old));
  hold(young, 100, test::at(6s));
  EXPECT_TRUE(is_marked(old)) << "the oldest data goes";
  EXPECT_FALSE(is_marked(young));
  // Its owner is slow, and another goes on: then that one goes as well.
  hold(young, 50, test::at(6s));
  EXPECT_TRUE(is_marked(young)) << "the bound holds";
}

TEST_F(InstanceTest, PublishesEveryChangeOfItsLegs) {
  const mpath_tunnel_id id = add();
  TunnelSlot& slot = *instance_.tunnels().find(id);
  instance_.settle(slot);
  ASSERT_EQ(slot.snapshot.size(), 2U);
  EXPECT_EQ(slot.snapshot[1].state, std::uint32_t{MPATH_LEG_ACK_QUEUED});
  EXPECT_EQ(slot.snapshot[0].state, std::uint32_t{MPATH_LEG_AWAITING_LINKED});
  slot.tunnel->close(Reason::HOST_REQUEST);
  instance_.settle(slot);
  EXPECT_TRUE(slot.snapshot.empty());
}

TEST_F(InstanceTest, LogsByOrdinalNeverById) {
  const mpath_tunnel_id id = add();
  mpath_log_record record{};
  while (instance_.log().pop(record)) {
    EXPECT_EQ(record.tunnel_ordinal, 1U);
    EXPECT_NE(record.value, id);
    EXPECT_LE(record.leg_ordinal, 2U);
  }
}

}  // namespace
}  // namespace conflux
