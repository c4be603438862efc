// C tor's test_conflux_cell.c and test_conflux_pool.c: linking, relinking and shared streams. An
// exit set is modelled by the set of legs whose LINK it has answered.
#include <gmock/gmock.h>

#include <random>
#include <set>

#include "test/plugin/support/exit.h"
#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

using ::testing::ElementsAre;

TEST(CTor, CellLinkEncodesAsItParses) {
  Host host;
  host.join(2);
  host.link();
  host.poll();
  const auto sent = mpath::body_of(host.sent_cell(1));
  EXPECT_EQ(encode(decode_link(sent)), Body(sent.begin(), sent.end()));
}

TEST(CTor, LinkJoinsTwoLegsAndLeavesNothingBehind) {
  Host host;
  host.join_and_link(2);
  EXPECT_EQ(host.info().linked_count, 2U);
  EXPECT_EQ(host.info().unlinked_count, 0U);
  EXPECT_EQ(host.leg_info(1).joined, 1U);
  EXPECT_EQ(host.link_body(1).nonce, host.link_body(2).nonce);
  host.remove(2);
  host.remove(1);
  EXPECT_EQ(host.close_reason(), Reason::kDepleted);
  EXPECT_THAT(host.poll(), ElementsAre("leg 2: LEG_GONE CHANNEL_CLOSED",
                                       "leg 1: LEG_GONE CHANNEL_CLOSED", "CLOSED DEPLETED"));
  EXPECT_EQ(host.info().leg_count, 0U);
  EXPECT_EQ(host.info().held_cells, 0U);
}

// One run of link_retry: cells are delivered in random order; a leg that is not linked yet may be
// closed at any step, its cells in flight are lost, and another takes its place.
class LinkRetry {
 public:
  explicit LinkRetry(std::uint32_t seed) : random_(seed) {
    host_.join(2);
    legs_ = {1, 2};
    restart();
  }

  void run() {
    for (int step = 0; host_.info().linked_count < 2 && step < 200; ++step) {
      host_.advance(ms(1 + random_() % 20));
      int& leg = legs_[random_() % legs_.size()];
      if (random_() % 4 == 0 && closes_ < 3) {
        replace(leg);
      } else if (!answered_.contains(leg)) {
        ASSERT_EQ(host_.linked(leg).status, Status::kConsumed);
        answered_.insert(leg);
        host_.poll();
      }
    }
  }

  void expect_two_linked_on_both_sides() {
    EXPECT_EQ(host_.info().linked_count, 2U);
    EXPECT_EQ(host_.info().leg_count, 2U);
    EXPECT_EQ(answered_, std::set<int>(legs_.begin(), legs_.end()));
    for (const int leg : legs_) EXPECT_EQ(host_.leg_info(leg).state, MPATH_LEG_LINKED);
  }

  void close_all() {
    for (const int leg : legs_) host_.remove(leg);
    EXPECT_EQ(host_.close_reason(), Reason::kDepleted);
    EXPECT_EQ(host_.info().leg_count, 0U);
  }

 private:
  void restart() {
    host_.link();
    host_.poll();
  }

  void replace(int& leg) {
    if (answered_.contains(leg)) return;
    ++closes_;
    ASSERT_EQ(host_.add({Circuit{}}), Status::kOk);
    ASSERT_EQ(host_.remove(leg), Status::kOk);
    ASSERT_EQ(host_.close_reason(), Reason::kNone);
    leg = next_leg_++;
    restart();
  }

  Host host_;
  std::mt19937 random_;
  std::vector<int> legs_;
  std::set<int> answered_;  // the exit's side
  int next_leg_ = 3;
  int closes_ = 0;
};

TEST(CTor, LinkRetryEndsWithTwoLinkedLegsInFiveHundredRuns) {
  for (std::uint32_t seed = 0; seed < 500 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    LinkRetry run(seed);
    run.run();
    run.expect_two_linked_on_both_sides();
    run.close_all();
  }
}

TEST(CTor, LinkRelinkReplacesAThirdLeg) {
  Host host;
  host.join_and_link(3);
  ASSERT_EQ(host.remove(3), Status::kOk);
  ASSERT_EQ(host.info().linked_count, 2U);
  ASSERT_EQ(host.add({Circuit{}}), Status::kOk);
  host.link();
  EXPECT_THAT(host.poll(), ElementsAre("leg 3: LEG_GONE CHANNEL_CLOSED", "leg 4: SEND_CELL LINK"));
  EXPECT_EQ(host.link_body(4).nonce, host.link_body(1).nonce);
  host.advance(ms(50));
  host.linked(4);
  host.poll();
  EXPECT_EQ(host.info().linked_count, 3U);
  for (const int leg : {4, 2, 1}) host.remove(leg);
  EXPECT_EQ(host.close_reason(), Reason::kDepleted);
}

// The lists of streams are the host's; what the plugin owes them is one sequence over whichever
// legs there are.
TEST(CTor, LinkStreamsGoOnWhenALegLeavesAndAnotherJoins) {
  Host host;
  Exit exit;
  host.join_and_link(3);
  for (int stream = 0; stream < 3; ++stream) exit.receive(host.send(kBegin));
  for (const int leg : {1, 2, 3, 1})
    EXPECT_NE(exit.send(host, leg, kConnected).status, Status::kErrorProtocol);
  ASSERT_EQ(host.remove(3), Status::kOk);
  ASSERT_EQ(host.add({Circuit{}}), Status::kOk);
  host.link();
  host.poll();
  host.advance(ms(20));
  host.linked(4);
  host.poll();
  exit.receive(host.send(kBegin));
  EXPECT_EQ(exit.send(host, 4, kConnected).status, Status::kOk);
  EXPECT_EQ(host.delivered(), in_order(5));
  EXPECT_TRUE(exit.has_all());
}

// R10: a leg that joins while the last linked legs go must not revive the tunnel.
TEST(CTor, RecoveryLegDoesNotReviveAClosedTunnel) {
  Host host;
  host.join_and_link(2);
  host.send(kBegin);
  host.add({Circuit{}});
  host.link();
  host.poll();
  host.remove(2);
  host.remove(1);
  EXPECT_EQ(host.close_reason(), Reason::kPrimaryLost);
  EXPECT_EQ(host.linked(3).status, Status::kErrorClosed);
  EXPECT_EQ(host.add({Circuit{}}), Status::kErrorClosed);
  EXPECT_EQ(host.info().leg_count, 0U);
}

TEST(CTor, OooQueueIsAccountedForWhenATunnelGoes) {
  Host host;
  host.join_and_link(2);
  host.switched(2, 1);
  host.cell(2, 2);
  host.cell(2, 3);
  auto info = mpath::sized<mpath_instance_info>();
  host.table.instance_info(host.instance, &info);
  EXPECT_GE(info.held_bytes, 2U * host.cell_cost);
  host.table.tunnel_close(host.instance, host.tunnel, host.now_us);
  host.drain();
  EXPECT_THAT(host.discarded(), ElementsAre(2U, 3U));
  host.table.instance_info(host.instance, &info);
  EXPECT_EQ(info.held_bytes, 0U);
}

}  // namespace
}  // namespace conflux::test
