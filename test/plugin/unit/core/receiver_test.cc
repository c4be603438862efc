#include "plugin/core/receiver.h"

#include <gtest/gtest.h>

#include <vector>

#include "test/plugin/unit/support/drains.h"
#include "test/plugin/unit/support/legs.h"

namespace conflux {
namespace {

using namespace std::chrono_literals;
using test::at;

constexpr ReorderLimits kLimits{.tunnel_limit = Bytes{1000},
                                .high_water = Bytes{500},
                                .low_water = Bytes{100},
                                .stall_timeout = 30s};

class ReceiverTest : public ::testing::Test {
 protected:
  ReceptionResult receive(Leg& leg, std::uint64_t token, std::uint32_t cost = 1,
                          Instant now = at(1s)) {
    return receiver_.handle_sequenced(leg, Token{token}, cost, now);
  }
  Reception reception(Leg& leg, std::uint64_t token) { return receive(leg, token).reception; }
  Reason switch_by(Leg& leg, std::uint32_t delta) {
    return receiver_.handle_switch(leg, SeqDelta{delta}, 2, test::kCwndInit);
  }
  std::vector<std::uint64_t> drain() {
    std::vector<std::uint64_t> tokens;
    while (const auto cell = test::drain_next(receiver_).cell) tokens.push_back(cell->token.raw());
    return tokens;
  }

  Receiver receiver_{kLimits};
  Leg first_ = test::leg_in(Linked{.rtt = 10ms}, 1);
  Leg second_ = test::leg_in(Linked{.rtt = 20ms}, 2);
};

TEST_F(ReceiverTest, DeliversWhatIsInOrder) {
  for (std::uint64_t token = 1; token <= 3; ++token) {
    EXPECT_EQ(reception(first_, token), Reception::kDeliver);
  }
  EXPECT_EQ(receiver_.last_delivered(), SeqNo{3});
  EXPECT_EQ(receiver_.received(), Cells{3});
  EXPECT_FALSE(receiver_.has_next());
  EXPECT_TRUE(receiver_.is_consistent());
}

TEST_F(ReceiverTest, HoldsACellUntilThoseBeforeItCame) {  // regression R48
  ASSERT_EQ(switch_by(second_, 2), Reason::NONE);
  EXPECT_EQ(reception(second_, 3), Reception::kHold);
  EXPECT_EQ(reception(second_, 4), Reception::kHold);
  EXPECT_EQ(reception(first_, 1), Reception::kDeliver);
  EXPECT_FALSE(receiver_.has_next());
  EXPECT_EQ(reception(first_, 2), Reception::kDeliver);
  EXPECT_TRUE(receiver_.has_next());
  EXPECT_EQ(drain(), (std::vector<std::uint64_t>{3, 4}));
  EXPECT_EQ(receiver_.last_delivered(), SeqNo{4});
  // And on in order.
  EXPECT_EQ(reception(second_, 5), Reception::kDeliver);
  EXPECT_TRUE(receiver_.is_consistent());
}

TEST_F(ReceiverTest, RefusesANumberThatWasDelivered) {  // attack A18
  ASSERT_EQ(reception(first_, 1), Reception::kDeliver);
  const ReceptionResult result = receive(second_, 9);
  EXPECT_EQ(result.reception, Reception::kRefuse);
  EXPECT_EQ(result.reason, Reason::SEQUENCE_REPEATED);
}

TEST_F(ReceiverTest, FindsANumberThatTwoLegsClaimAhead) {  // attack A17, regression R36
  ASSERT_EQ(switch_by(second_, 1), Reason::NONE);
  ASSERT_EQ(switch_by(first_, 1), Reason::NONE);
  ASSERT_EQ(reception(second_, 21), Reception::kHold);
  ASSERT_EQ(reception(first_, 11), Reception::kHold);
  Leg third = test::leg_in(Linked{.rtt = 10ms}, 3);
  ASSERT_EQ(reception(third, 1), Reception::kDeliver);
  EXPECT_TRUE(test::drain_next(receiver_).cell);
  ASSERT_TRUE(receiver_.has_next());
  EXPECT_EQ(test::drain_next(receiver_).violation, Reason::SEQUENCE_REPEATED);
}

TEST_F(ReceiverTest, RefusesANumberPastTheLargest) {  // attack A19
  first_.sequence().commit_switch(SeqNo{UINT64_MAX});
  EXPECT_EQ(receive(first_, 1).reason, Reason::SEQUENCE_OVERFLOW);
}

TEST_F(ReceiverTest, HoldsUpToItsLimitToTheByte) {  // attack A16, regression R41
  constexpr std::uint32_t kOurs = sizeof(HeldCell);
  ASSERT_EQ(switch_by(second_, 5), Reason::NONE);
  EXPECT_EQ(receive(second_, 1, 600 - kOurs).reception, Reception::kHold);
  const SeqNo before = second_.sequence().last_received();
  EXPECT_EQ(receive(second_, 2, 401 - kOurs).reason, Reason::REORDER_LIMIT);
  EXPECT_EQ(second_.sequence().last_received(), before) << "a refusal changes nothing";
  EXPECT_EQ(receive(second_, 2, 400 - kOurs).reception, Reception::kHold);
  EXPECT_EQ(receive(second_, 3, 1).reason, Reason::REORDER_LIMIT);
  EXPECT_EQ(receiver_.queue().footprint(), Bytes{1000});
  EXPECT_TRUE(receiver_.is_consistent());
}

TEST_F(ReceiverTest, BoundsCellsThatCostTheHostNextToNothing) {  // attack A30
  ASSERT_EQ(switch_by(second_, 5), Reason::NONE);
  int held = 0;
  while (receive(second_, 1, 1).reception == Reception::kHold) ++held;
  EXPECT_EQ(held, static_cast<int>(1000 / (1 + sizeof(HeldCell))));
}

TEST_F(ReceiverTest, DoesNotWrapItsByteCountAtTheLargestCost) {
  ASSERT_EQ(switch_by(second_, 5), Reason::NONE);
  EXPECT_EQ(receive(second_, 1, UINT32_MAX).reason, Reason::REORDER_LIMIT);
}

TEST_F(ReceiverTest, CountsSwitchesAndRefusesABadOne) {
  EXPECT_EQ(switch_by(second_, 3), Reason::NONE);
  EXPECT_EQ(receiver_.switches(), 1U);
  EXPECT_EQ(switch_by(second_, 3), Reason::SWITCH_REPEATED);
  EXPECT_EQ(receiver_.switches(), 1U);
  EXPECT_EQ(second_.sequence().last_received(), SeqNo{3});
}

TEST_F(ReceiverTest, DeliversCellsOfALegThatHasGone) {
  // Given a leg that brought an early cell and then left (its Leg is destroyed):
  {
    Leg gone = test::leg_in(Linked{.rtt = 10ms}, 3);
    ASSERT_EQ(receiver_.handle_switch(gone, SeqDelta{1}, 2, test::kCwndInit), Reason::NONE);
    ASSERT_EQ(reception(gone, 2), Reception::kHold);
  }
  ASSERT_EQ(reception(first_, 1), Reception::kDeliver);
  const test::DrainStep step = test::drain_next(receiver_);
  ASSERT_TRUE(step.cell);
  EXPECT_EQ(step.cell->leg, test::leg_id(3));
}

TEST_F(ReceiverTest, DiscardsEverythingOnce) {
  ASSERT_EQ(switch_by(second_, 5), Reason::NONE);
  ASSERT_EQ(reception(second_, 1), Reception::kHold);
  ASSERT_EQ(reception(second_, 2), Reception::kHold);
  EXPECT_EQ(receiver_.discard_next()->token, Token{1});
  EXPECT_EQ(receiver_.discard_next()->token, Token{2});
  EXPECT_FALSE(receiver_.discard_next());
  EXPECT_EQ(receiver_.received(), Cells{2}) << "they did arrive";
  EXPECT_EQ(receiver_.queue().bytes(), Bytes{0});
  EXPECT_EQ(receiver_.stall_deadline(), kNever);
  EXPECT_TRUE(receiver_.is_consistent());
}

TEST_F(ReceiverTest, StallsExactlyAtTheTimeout) {  // attack A21
  ASSERT_EQ(switch_by(second_, 5), Reason::NONE);
  EXPECT_EQ(receiver_.stall_deadline(), kNever);
  ASSERT_EQ(receive(second_, 1, 1, at(10s)).reception, Reception::kHold);
  EXPECT_EQ(receiver_.stall_deadline(), at(40s));
  EXPECT_FALSE(receiver_.commit_stall_check(at(40s - Micros{1})));
  EXPECT_TRUE(receiver_.commit_stall_check(at(40s)));
}

TEST_F(ReceiverTest, ForgivesWhatHasBeenDrainedSince) {
  // Given one cell held since 10 s and one since 20 s, and the first drained:
  ASSERT_EQ(switch_by(second_, 1), Reason::NONE);
  ASSERT_EQ(receive(second_, 2, 1, at(10s)).reception, Reception::kHold);
  ASSERT_EQ(switch_by(second_, 1), Reason::NONE);
  ASSERT_EQ(receive(second_, 4, 1, at(20s)).reception, Reception::kHold);
  ASSERT_EQ(reception(first_, 1), Reception::kDeliver);
  ASSERT_EQ(drain(), (std::vector<std::uint64_t>{2}));
  // When the first one's time comes, then only the second one's counts.
  EXPECT_FALSE(receiver_.commit_stall_check(at(40s)));
  EXPECT_EQ(receiver_.stall_deadline(), at(50s));
  EXPECT_TRUE(receiver_.commit_stall_check(at(50s)));
}

TEST_F(ReceiverTest, DoesNotBlameThePeerForAHostThatDoesNotDrain) {
  ASSERT_EQ(switch_by(second_, 1), Reason::NONE);
  ASSERT_EQ(receive(second_, 2, 1, at(10s)).reception, Reception::kHold);
  ASSERT_EQ(reception(first_, 1), Reception::kDeliver);
  ASSERT_TRUE(receiver_.has_next());
  EXPECT_FALSE(receiver_.commit_stall_check(at(40s)));
  EXPECT_EQ(receiver_.stall_deadline(), at(70s));
}

TEST_F(ReceiverTest, StaysConsistentAtTheEndOfTime) {
  ASSERT_EQ(switch_by(second_, 1), Reason::NONE);
  ASSERT_EQ(receive(second_, 2, 1, kNever - Micros{1}).reception, Reception::kHold);
  EXPECT_EQ(receiver_.stall_deadline(), kNever);
  EXPECT_TRUE(receiver_.is_consistent());
}

}  // namespace
}  // namespace conflux
