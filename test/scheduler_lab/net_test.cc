// Virtual time, token buckets, connections and queues: each against what it is modelled on.
#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "examples/scheduler_lab/net/circuit_queues.h"
#include "examples/scheduler_lab/net/clock.h"
#include "examples/scheduler_lab/net/engine.h"
#include "examples/scheduler_lab/net/pipe.h"
#include "examples/scheduler_lab/net/token_bucket.h"

namespace scheduler_lab {
namespace {

std::vector<Cell> cells(std::size_t count, std::uint64_t first = 0) {
  std::vector<Cell> out(count);
  for (std::size_t i = 0; i < count; ++i) out[i].content = first + i;
  return out;
}

// Reads whatever comes and remembers when.
struct Reader {
  Engine& engine;
  Pipe& pipe;
  std::vector<std::uint64_t> contents{};
  std::vector<Time> times{};

  void attach() {
    pipe.on_readable([this] {
      while (pipe.unread() > 0) {
        contents.push_back(pipe.read().content);
        times.push_back(engine.now());
      }
    });
  }
};

TEST(LabEngine, EventsOfOneMomentHappenInTheOrderOfTheirMaking) {
  Engine engine;
  std::vector<int> order;
  engine.at(5, [&] { order.push_back(2); });
  engine.at(3, [&] { order.push_back(1); });
  engine.at(5, [&] { order.push_back(3); });
  engine.run(10);
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(engine.now(), 10U);
}

TEST(LabEngine, AStoppedRunStaysAtItsMoment) {
  Engine engine;
  engine.at(4, [&] { engine.stop(); });
  engine.at(6, [] { FAIL() << "after the stop"; });
  engine.run(10);
  EXPECT_EQ(engine.now(), 4U);
}

TEST(LabTokenBucket, LosesTheRestOfAStepAtEachRefillAsTorDoes) {
  // given an empty bucket that is refilled every 24 stamps, one and a half steps
  const TokenBucket::Options options{.rate = 953'000, .burst = 953'000};
  TokenBucket bucket(options, 0);
  bucket.take_read(953'000);
  // when 100 such refills have come
  for (Time at = 24; at <= 2400; at += 24) bucket.refill(at);
  // then each brought one step of 16,000 bytes
  bucket.take_read(953'000 - 1);
  EXPECT_TRUE(bucket.may_read());
  TokenBucket same(options, 0);
  same.take_read(953'000);
  for (Time at = 24; at <= 24 * 50; at += 24) same.refill(at);
  same.take_read(50 * 16'000 - 1);
  EXPECT_TRUE(same.may_read());
  same.take_read(1);
  EXPECT_FALSE(same.may_read());
}

TEST(LabTokenBucket, AnExactOneKeepsTheRestOfAStep) {
  TokenBucket bucket({.rate = 953'000, .burst = 953'000, .exact = true}, 0);
  bucket.take_read(953'000);
  for (Time at = 24; at <= 480; at += 24) bucket.refill(at);
  // 480 stamps are 30 steps, however they are cut
  bucket.take_read(30 * 16'000 - 1);
  EXPECT_TRUE(bucket.may_read());
  bucket.take_read(1);
  EXPECT_FALSE(bucket.may_read());
}

TEST(LabTokenBucket, GivesOneConnectionAnEighthBetweenFourAndThirtyTwoCells) {
  TokenBucket bucket({.rate = 1000, .burst = 514 * 800}, 0);
  EXPECT_EQ(bucket.read_share(), 514U * 32);
  bucket.take_read(514 * 680);
  EXPECT_EQ(bucket.read_share(), 514U * 15);
  bucket.take_read(514 * 100);
  EXPECT_EQ(bucket.read_share(), 514U * 4);
  bucket.take_read(514 * 18 + 14);
  EXPECT_EQ(bucket.read_share(), 514U + 500);
  bucket.take_read(514 * 3);
  EXPECT_EQ(bucket.read_share(), 0U);
  EXPECT_EQ(bucket.write_share(), 514U * 32);
}

TEST(LabClock, StampsAreOfTwoToTheTwentyNanosecondsOnACoarseClock) {
  const CoarseClock clock{};
  EXPECT_EQ(clock.stamp(0), 0U);
  EXPECT_EQ(clock.stamp(3999), 0U);
  EXPECT_EQ(clock.stamp(4000), 3U);
  EXPECT_EQ(clock.stamp(kSecond), CoarseClock::kStampsPerSecond);
}

TEST(LabClock, TimersFireWhenTheCoarseClockShowsThem) {
  const CoarseClock clock{.period = 4000, .phase = 1000};
  EXPECT_EQ(clock.timer(0, 100'000), 100'000U);
  // 10 ms after a clock that shows 0 is shown as 12 ms, 1 ms of which had passed
  EXPECT_EQ(clock.timer(0, 10'000), 11'000U);
}

TEST(LabPipe, JitterNeverChangesTheOrder) {
  Engine engine;
  Pipe pipe(engine, {.delay = 1000, .jitter = 50'000, .nagle = false}, Random(7));
  Reader reader{engine, pipe};
  reader.attach();
  for (std::uint64_t i = 0; i < 200; ++i) {
    engine.at(i * 500, [&pipe, i] { pipe.write(cells(1, i)); });
  }
  engine.run(kSecond);
  ASSERT_EQ(reader.contents.size(), 200U);
  for (std::uint64_t i = 0; i < 200; ++i) EXPECT_EQ(reader.contents[i], i);
  EXPECT_GT(reader.times.front(), 1000U);
}

TEST(LabPipe, ASmallWriteWaitsUntilTheOneBeforeIsAcknowledged) {
  // given a connection on which nothing travels back
  Engine engine;
  Pipe pipe(engine, {.delay = 1000, .ack_delay = 1000}, Random(7));
  Reader reader{engine, pipe};
  reader.attach();
  // when two small writes follow each other
  pipe.write(cells(1, 0));
  pipe.write(cells(1, 1));
  engine.run(kSecond);
  // then the second goes with the delayed acknowledgement of the first
  ASSERT_EQ(reader.times.size(), 2U);
  EXPECT_EQ(reader.times[0], 1000U);
  EXPECT_GE(reader.times[1], 1000U + 40'000 + 1000 + 1000);
  EXPECT_LE(reader.times[1], 1000U + 44'000 + 1000 + 1000);
}

TEST(LabPipe, WhatTravelsBackAcknowledges) {
  Engine engine;
  Pipe there(engine, {.delay = 1000, .ack_delay = 1000}, Random(7));
  Pipe back(engine, {.delay = 1000, .ack_delay = 1000}, Random(8));
  there.join(back);
  back.join(there);
  Reader reader{engine, there};
  reader.attach();
  there.write(cells(1, 0));
  there.write(cells(1, 1));
  engine.at(5000, [&back] { back.write(cells(1)); });
  engine.run(kSecond);
  ASSERT_EQ(reader.times.size(), 2U);
  EXPECT_EQ(reader.times[1], 5000U + 1000 + 1000);
}

TEST(LabPipe, FullSegmentsDoNotWait) {
  Engine engine;
  Pipe pipe(engine, {.delay = 1000, .mss = 2 * kWireBytes}, Random(7));
  Reader reader{engine, pipe};
  reader.attach();
  pipe.write(cells(1, 0));
  pipe.write(cells(2, 1));
  engine.run(2000);
  EXPECT_EQ(reader.contents, (std::vector<std::uint64_t>{0, 1, 2}));
}

TEST(LabPipe, NothingArrivesDuringAStallAndAllOfItAfterwards) {
  Engine engine;
  Pipe pipe(engine, {.delay = 1000, .stalls = {{5000, 90'000}}, .nagle = false}, Random(7));
  Reader reader{engine, pipe};
  reader.attach();
  for (Time at : {Time{0}, Time{6000}, Time{50'000}}) {
    engine.at(at, [&pipe] { pipe.write(cells(1)); });
  }
  engine.run(kSecond);
  EXPECT_EQ(reader.times, (std::vector<Time>{1000, 90'000, 90'000}));
}

TEST(LabPipe, TakesNoMoreThanBothKernelsHoldUntilSomethingIsRead) {
  Engine engine;
  Pipe pipe(engine, {.delay = 1000, .capacity = 10 * kWireBytes, .nagle = false}, Random(7));
  bool writable = false;
  pipe.on_writable([&writable] { writable = true; });
  pipe.write(cells(10));
  engine.run(5000);
  EXPECT_EQ(pipe.room(), 0U);
  EXPECT_FALSE(writable);
  (void)pipe.read();
  engine.run(10'000);
  EXPECT_EQ(pipe.room(), 1U);
  EXPECT_TRUE(writable);
}

TEST(LabCircuitQueues, TheCircuitThatHasSentLeastGoesFirst) {
  CircuitQueues queues;
  for (int i = 0; i < 4; ++i) queues.push({.circuit = 1});
  (void)queues.pop(0);
  (void)queues.pop(0);
  queues.push({.circuit = 2});
  queues.push({.circuit = 2});
  std::vector<std::uint32_t> order;
  while (!queues.empty()) order.push_back(queues.pop(0).circuit);
  EXPECT_EQ(order, (std::vector<std::uint32_t>{2, 2, 1, 1}));
}

TEST(LabRandom, IsTheSameEverywhere) {
  Random random(1);
  EXPECT_EQ(random.next(), 0x910a2dec89025cc1U);
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) sum += random.exponential(5);
  EXPECT_NEAR(sum / 10'000, 5, 0.2);
}

}  // namespace
}  // namespace scheduler_lab
