#include "examples/onion_proxy/net/timer.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

#include "test/onion_proxy/support/event_loop.h"

namespace onion_proxy {
namespace {

using namespace std::chrono_literals;

// Waits that are over are queued together, the earliest first: while the first calls back, the
// handler of the second waits in the queue with "no error".
class TimerTest : public ::testing::Test {
 protected:
  static constexpr Timer::Clock::time_point kEarlier{1s};
  static constexpr Timer::Clock::time_point kLater{2s};

  boost::asio::io_context io_;
  Timer first_{io_};
  std::optional<Timer> second_{std::in_place, io_};
  int calls_ = 0;
};

TEST_F(TimerTest, CallsBackOnce) {
  second_->run_after(0s, [this] { ++calls_; });
  EXPECT_TRUE(test::run_until(io_, [this] { return calls_ > 0; }));
  test::run_ready(io_);
  EXPECT_EQ(calls_, 1);
}

TEST_F(TimerTest, ACallbackThatIsQueuedIsNotCalledOnceItsTimerIsGone) {
  first_.run_at(kEarlier, [this] { second_.reset(); });
  second_->run_at(kLater, [this] { ++calls_; });
  test::run_ready(io_);
  ASSERT_FALSE(second_);
  EXPECT_EQ(calls_, 0);
}

TEST_F(TimerTest, ACallbackThatIsQueuedIsNotCalledOnceItIsCancelled) {
  first_.run_at(kEarlier, [this] { second_->cancel(); });
  second_->run_at(kLater, [this] { ++calls_; });
  test::run_ready(io_);
  EXPECT_EQ(calls_, 0);
}

TEST_F(TimerTest, ATimerThatIsSetAnewCallsOnlyTheNewCallback) {
  first_.run_at(kEarlier, [this] { second_->run_at(kLater, [this] { calls_ += 100; }); });
  second_->run_at(kLater, [this] { ++calls_; });
  test::run_ready(io_);
  EXPECT_EQ(calls_, 100);
}

TEST_F(TimerTest, ACallbackMaySetItsOwnTimerAnew) {
  second_->run_at(kEarlier, [this] {
    ++calls_;
    second_->run_at(kLater, [this] { calls_ += 10; });
  });
  EXPECT_TRUE(test::run_until(io_, [this] { return calls_ > 1; }));
  EXPECT_EQ(calls_, 11);
}

TEST_F(TimerTest, ACallbackMayDestroyItsTimer) {
  second_->run_at(kEarlier, [this, big = std::string(100, 'x')] {
    second_.reset();
    calls_ += static_cast<int>(big.size());
  });
  test::run_ready(io_);
  EXPECT_EQ(calls_, 100);
}

}  // namespace
}  // namespace onion_proxy
