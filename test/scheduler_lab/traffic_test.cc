// What applications send: cells, turns, pages, and what a lost tunnel means for them.
#include "examples/scheduler_lab/traffic/traffic.h"

#include <gtest/gtest.h>

#include <vector>

#include "examples/scheduler_lab/net/cell.h"

namespace scheduler_lab {
namespace {

struct Bench {
  explicit Bench(std::vector<TrafficSpec> specs)
      : traffic(engine, std::move(specs), Random(3), [this] { ++wakes; }) {
    traffic.start();
  }
  std::vector<Chunk> take(std::size_t count) {
    std::vector<Chunk> out;
    while (out.size() < count && traffic.backlog(1) > 0) out.push_back(traffic.next());
    return out;
  }

  Engine engine;
  int wakes = 0;
  Traffic traffic;
};

TEST(LabTraffic, AFileIsCutIntoFullCellsAndOneRest) {
  Bench bench({{.kind = TrafficKind::kBulk, .size = 2 * kPayloadBytes + 1}});
  bench.engine.run(0);
  EXPECT_EQ(bench.wakes, 1);
  EXPECT_EQ(bench.traffic.backlog(100), 3U);
  EXPECT_EQ(bench.traffic.backlog(2), 2U);
  const std::vector<Chunk> chunks = bench.take(9);
  ASSERT_EQ(chunks.size(), 3U);
  EXPECT_EQ(chunks[0].bytes, kPayloadBytes);
  EXPECT_EQ(chunks[2].bytes, 1U);
  EXPECT_FALSE(bench.traffic.finished());
  for (const Chunk& chunk : chunks) bench.traffic.deliver(chunk);
  EXPECT_TRUE(bench.traffic.finished());
  EXPECT_EQ(bench.traffic.delivered(), 2 * kPayloadBytes + 1);
}

TEST(LabTraffic, FlowsTakeTurnsCellByCell) {
  Bench bench({{.kind = TrafficKind::kBulk, .size = 10 * kPayloadBytes},
               {.kind = TrafficKind::kBulk, .size = 10 * kPayloadBytes}});
  bench.engine.run(0);
  const std::vector<Chunk> chunks = bench.take(6);
  ASSERT_EQ(chunks.size(), 6U);
  for (std::size_t i = 2; i < 6; ++i) EXPECT_NE(chunks[i].message, chunks[i - 1].message);
}

TEST(LabTraffic, AnObjectBeginsANewCell) {
  Bench bench({{.kind = TrafficKind::kWeb, .size = 100, .objects = 7, .count = 1}});
  bench.engine.run(0);
  EXPECT_EQ(bench.traffic.backlog(100), 7U);
  const std::vector<Chunk> chunks = bench.take(100);
  ASSERT_EQ(chunks.size(), 7U);
  for (const Chunk& chunk : chunks) {
    EXPECT_GE(chunk.bytes, 50U);
    EXPECT_LE(chunk.bytes, 150U);
    bench.traffic.deliver(chunk);
  }
  EXPECT_TRUE(bench.traffic.finished());
  EXPECT_TRUE(bench.traffic.messages().front().completed);
}

TEST(LabTraffic, APageBeginsAfterTheOneBeforeHasCome) {
  Bench bench({{.kind = TrafficKind::kWeb,
                .size = 100,
                .objects = 2,
                .count = 2,
                .pause = 100 * kMillisecond}});
  bench.engine.run(10 * kSecond);
  EXPECT_EQ(bench.traffic.messages().size(), 1U);
  for (const Chunk& chunk : bench.take(2)) bench.traffic.deliver(chunk);
  bench.engine.run(20 * kSecond);
  ASSERT_EQ(bench.traffic.messages().size(), 2U);
  EXPECT_GT(bench.traffic.messages()[1].created, 10 * kSecond);
}

TEST(LabTraffic, KeysArePressedWhateverHasCome) {
  Bench bench(
      {{.kind = TrafficKind::kInteractive, .size = 32, .count = 50, .pause = 100 * kMillisecond}});
  bench.engine.run(60 * kSecond);
  EXPECT_EQ(bench.traffic.messages().size(), 50U);
  EXPECT_EQ(bench.traffic.backlog(100), 50U);
}

TEST(LabTraffic, ALostTunnelMeansThatWhatWasNotDeliveredIsSentAgain) {
  // given a page of which a part was delivered and more was sent
  Bench bench({{.kind = TrafficKind::kWeb, .size = 1000, .objects = 5, .count = 1}});
  bench.engine.run(0);
  const std::vector<Chunk> chunks = bench.take(6);
  for (std::size_t i = 0; i < 4; ++i) bench.traffic.deliver(chunks[i]);
  const std::uint64_t delivered = bench.traffic.delivered();
  // when the tunnel is lost
  bench.traffic.restart();
  // then the next cell is the first that was not delivered, and in the end every byte came once
  const Chunk next = bench.traffic.next();
  EXPECT_EQ(next.bytes, chunks[4].bytes);
  bench.traffic.deliver(next);
  for (const Chunk& chunk : bench.take(100)) bench.traffic.deliver(chunk);
  EXPECT_TRUE(bench.traffic.finished());
  EXPECT_GT(delivered, 0U);
  EXPECT_EQ(bench.traffic.delivered(), bench.traffic.messages().front().size);
}

TEST(LabTraffic, AFileWithoutEndNeverFinishes) {
  Bench bench({{.kind = TrafficKind::kBulk}});
  bench.engine.run(kSecond);
  EXPECT_EQ(bench.traffic.backlog(4096), 4096U);
  EXPECT_TRUE(bench.traffic.messages().front().endless);
  EXPECT_FALSE(bench.traffic.finished());
}

}  // namespace
}  // namespace scheduler_lab
