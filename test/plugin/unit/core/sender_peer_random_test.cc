// What the peer holds stays bounded, whatever freezes, and no transfer waits for ever.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "test/plugin/unit/support/upload.h"

namespace conflux {
namespace {

using namespace std::chrono_literals;

struct History {
  SchedulerKind kind;
  std::uint32_t seed;
  bool rtts_move;
};

class Transfer {
 public:
  explicit Transfer(const History& history)
      : random_(history.seed),
        limit_(400 + below(600)),
        upload_({.scheduler = history.kind, .peer_limit = Cells{limit_}}, rtts()) {
    upload_.rtts_move = history.rtts_move;
    for (std::size_t i = 0; i < count(); ++i) {
      upload_.legs.views[i].cwnd = static_cast<std::uint32_t>(62 + below(400));
    }
  }

  // One leg at most is frozen. Bursts, and pauses in which all that moves is delivered.
  void step() {
    upload_.now += Micros(static_cast<std::int64_t>(below(2000)));
    if (below(500) == 0) frozen_ = below(2) == 0 ? kNone : below(count());
    if (below(3) != 0) upload_.send(1 + below(8));
    const std::size_t leg = below(count());
    if (leg == frozen_) return;
    upload_.deliver(leg, below(100) == 0 ? SIZE_MAX : below(12));
  }
  void expect_bounded() const {
    EXPECT_LE(upload_.held(), limit_ + count() * test::kSendmeInc.raw())
        << "limit " << limit_ << ", legs " << count();
  }
  // With everything that is under way delivered, something can be sent.
  void expect_free() {
    for (int round = 0; round < 2; ++round) {
      for (std::size_t i = 0; i < count(); ++i) upload_.deliver_all(i);
      EXPECT_EQ(upload_.held(), 0U);
      EXPECT_EQ(upload_.send(1).blocked, Reason::NONE) << "for ever";
    }
  }

 private:
  static constexpr std::size_t kNone = SIZE_MAX;
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  std::vector<std::uint32_t> rtts() {
    std::vector<std::uint32_t> result(2 + below(3));
    for (std::uint32_t& rtt : result) rtt = static_cast<std::uint32_t>(10'000 + below(90'000));
    return result;
  }
  [[nodiscard]] std::size_t count() const { return upload_.legs.set.size(); }

  std::mt19937_64 random_;
  std::uint64_t limit_;
  test::Upload upload_;
  std::size_t frozen_ = kNone;
};

class SenderPeerRandom : public ::testing::TestWithParam<std::size_t> {
 protected:
  void run(bool rtts_move) {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
      SCOPED_TRACE("seed " + std::to_string(seed));
      Transfer transfer(
          {.kind = static_cast<SchedulerKind>(GetParam()), .seed = seed, .rtts_move = rtts_move});
      for (int step = 0; step < 4000; ++step) {
        transfer.step();
        ASSERT_NO_FATAL_FAILURE(transfer.expect_bounded());
        if (HasFailure()) return;
      }
      transfer.expect_free();
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Kind, SenderPeerRandom, ::testing::Range(std::size_t{0}, kSchedulers));

TEST_P(SenderPeerRandom, ThePeerHoldsNoMoreThanTheLimitAndASendmePerLeg) { run(true); }

TEST_P(SenderPeerRandom, ThePeerHoldsNoMoreThoughRttsSayNothingNew) { run(false); }

}  // namespace
}  // namespace conflux
