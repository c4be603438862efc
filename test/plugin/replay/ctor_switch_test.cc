// C tor's test_conflux_pool.c `switch`, with its numbers: LOWRTT at both ends, RTTs of 100 and
// 125 ms, windows of 300 cells.
#include <gmock/gmock.h>

#include <random>

#include "test/plugin/support/exit.h"
#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

constexpr std::uint32_t kWindow = 300;

class SwitchScenario : public Host {
 public:
  SwitchScenario() {
    join_and_link(2);
    shape(1, 100);
    shape(2, 125);
  }

  void shape(int leg, std::uint32_t rtt_ms) {
    view(leg).cwnd = kWindow;
    view(leg).ewma_rtt_us = rtt_ms * 1000;
  }

  // Sends until another leg takes over; answers which one did.
  int send_until_switch() {
    const int from = sending();
    for (std::uint32_t i = 0; i <= 2 * kWindow; ++i) {
      const std::uint64_t exit_had = from == 0 ? 0 : exit.last_received(from);
      const std::uint64_t sent_on_old = from == 0 ? 0 : leg_info(from).last_seq_sent;
      const Grant grant = send(kData);
      EXPECT_EQ(grant.status, Status::kOk) << words(grant.reason);
      exit.receive(grant);
      expect_same_count(grant.leg);
      if (!grant.switch_delta) continue;
      EXPECT_EQ(leg_info(grant.leg).last_seq_sent, sent_on_old + 1);
      EXPECT_EQ(exit.last_received(grant.leg), exit_had + 1);
      EXPECT_EQ(leg_info(grant.leg).last_seq_received, 0U) << "nothing came from the exit";
      return grant.leg;
    }
    ADD_FAILURE() << "no switch after two windows";
    return 0;
  }

  void expect_same_count(int leg) {
    EXPECT_EQ(leg_info(leg).last_seq_sent, exit.last_received(leg));
  }
  [[nodiscard]] int sending() const { return info().cells_sent == 0 ? 0 : number(info().primary); }
  void drain_window(int leg) { acknowledge(leg, view(leg).inflight); }

  Exit exit;
};

TEST(CTor, SwitchGoesBackAndForthFourTimes) {
  SwitchScenario scenario;
  scenario.exit.receive(scenario.send(kBegin));
  for (int round = 0; round < 4; ++round) {
    EXPECT_EQ(scenario.send_until_switch(), 2) << "leg 1 is full after " << kWindow;
    scenario.drain_window(1);
    EXPECT_EQ(scenario.send_until_switch(), 1) << "the faster leg has room again";
    scenario.drain_window(2);
  }
  EXPECT_TRUE(scenario.exit.has_all());
  EXPECT_EQ(scenario.info().switches_sent, 8U);
}

// A third leg joins; the slowest leg that does not send leaves. The set survives each time.
class Replacements : public SwitchScenario {
 public:
  void add_third(std::uint32_t rtt_ms) {
    ASSERT_EQ(add({Circuit{}}), Status::kOk);
    link();
    poll();
    advance(ms(10));
    const int third = ++newest_;
    ASSERT_EQ(linked(third).status, Status::kConsumed);
    poll();
    shape(third, rtt_ms);
    legs_.push_back(third);
    for (const int leg : legs_) drain_window(leg);
  }
  void remove_slowest_idle() {
    int slowest = 0;
    for (const int leg : legs_) {
      if (leg == sending()) continue;
      if (slowest == 0 || view(leg).ewma_rtt_us > view(slowest).ewma_rtt_us) slowest = leg;
    }
    ASSERT_EQ(remove(slowest), Status::kOk);
    std::erase(legs_, slowest);
    poll();
  }

 private:
  std::vector<int> legs_ = {1, 2};
  int newest_ = 2;
};

TEST(CTor, SwitchSurvivesFiveHundredReplacementsOfALeg) {
  Replacements scenario;
  std::mt19937 random(329);
  scenario.exit.receive(scenario.send(kBegin));
  for (int round = 0; round < 500 && !HasFailure(); ++round) {
    scenario.add_third(static_cast<std::uint32_t>(90 + random() % 110));
    scenario.remove_slowest_idle();
    ASSERT_EQ(scenario.close_reason(), Reason::kNone);
    ASSERT_EQ(scenario.info().linked_count, 2U);
    for (int i = 0; i < 2; ++i) {
      const int left = scenario.sending();
      ASSERT_NE(scenario.send_until_switch(), 0);
      scenario.drain_window(left);
    }
  }
  EXPECT_TRUE(scenario.exit.has_all());
}

}  // namespace
}  // namespace conflux::test
