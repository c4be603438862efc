#include "plugin/sidecar/serve/hub.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "test/region/support.h"

namespace conflux::sidecar {
namespace {

using namespace std::chrono_literals;

// Remembers what it was told, and lets a test wait for it.
class Ear final : public Hub::Listener {
 public:
  void handle_snapshot(const std::shared_ptr<const Snapshot>& snapshot) override {
    const std::lock_guard lock(lock_);
    heard_.push_back({std::chrono::steady_clock::now(), snapshot});
    changed_.notify_all();
  }
  void handle_stop() override {
    const std::lock_guard lock(lock_);
    ++stops_;
  }
  struct Heard {
    std::chrono::steady_clock::time_point at;
    std::shared_ptr<const Snapshot> snapshot;
  };
  std::vector<Heard> wait_for(std::size_t count) {
    std::unique_lock lock(lock_);
    EXPECT_TRUE(changed_.wait_for(lock, 20s, [&] { return heard_.size() >= count; }));
    return heard_;
  }
  int stops() {
    const std::lock_guard lock(lock_);
    return stops_;
  }

 private:
  std::mutex lock_;
  std::condition_variable changed_;
  std::vector<Heard> heard_;
  int stops_ = 0;
};

class HubTest : public testing::Test {
 protected:
  region::test::Directory directory_;
  Hub hub_{{.directory = directory_.path()}, nullptr};
};

TEST_F(HubTest, CallsAtOnceAndThenNoMoreOftenThanTheInterval) {
  Ear ear;
  ASSERT_TRUE(hub_.add(&ear, 100ms));
  const auto heard = ear.wait_for(4);
  hub_.remove(&ear);
  for (std::size_t i = 2; i < heard.size(); ++i) {
    EXPECT_GE(heard[i].at - heard[1].at, 100ms * (i - 1) - 50ms);
  }
}

TEST_F(HubTest, SharesOneLookAmongAll) {
  Ear one;
  Ear two;
  ASSERT_TRUE(hub_.add(&one, 100ms));
  ASSERT_TRUE(hub_.add(&two, 100ms));
  const auto by_one = one.wait_for(6);
  const auto by_two = two.wait_for(6);
  hub_.remove(&one);
  hub_.remove(&two);
  int shared = 0;
  for (const auto& a : by_one) {
    for (const auto& b : by_two) shared += a.snapshot == b.snapshot ? 1 : 0;
  }
  EXPECT_GE(shared, 3) << "on the grid they are due together";
}

TEST_F(HubTest, SaysOnceThatItStopsAndTakesNobodyThen) {
  Ear ear;
  ASSERT_TRUE(hub_.add(&ear, 100ms));
  hub_.stop();
  hub_.stop();
  EXPECT_EQ(ear.stops(), 1);
  EXPECT_FALSE(hub_.add(&ear, 100ms));
  EXPECT_NE(hub_.snapshot(), nullptr) << "whoever still serves gets an answer";
}

TEST_F(HubTest, NeverCallsWhoeverWasRemoved) {
  Ear stays;
  {
    Ear goes;
    ASSERT_TRUE(hub_.add(&goes, 100ms));
    static_cast<void>(goes.wait_for(1));
    hub_.remove(&goes);
  }
  ASSERT_TRUE(hub_.add(&stays, 100ms));
  EXPECT_GE(stays.wait_for(3).size(), 3U);
  hub_.remove(&stays);
}

TEST_F(HubTest, LooksElsewhereAfterItWasToldTo) {
  EXPECT_TRUE(hub_.snapshot()->regions.empty());
  const region::test::Directory other;
  const auto writer = region::test::make_writer(other.options());
  hub_.reconfigure({.directory = other.path()});
  EXPECT_EQ(hub_.snapshot()->regions.size(), 1U);
}

TEST_F(HubTest, IsAliveWhileItsThreadComesRound) {
  Ear ear;
  ASSERT_TRUE(hub_.add(&ear, 100ms));
  static_cast<void>(ear.wait_for(2));
  EXPECT_TRUE(hub_.is_alive(10s));
  hub_.remove(&ear);
  EXPECT_FALSE(hub_.is_alive(-1ms));
}

}  // namespace
}  // namespace conflux::sidecar
