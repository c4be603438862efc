// The reference exit: it restores the order, answers, and notices when the order is wrong.
#include "examples/scheduler_lab/host/receiver.h"

#include <gtest/gtest.h>

#include <vector>

namespace scheduler_lab {
namespace {

struct Bench {
  explicit Bench(bool multipath = true)
      : receiver(bodies,
                 {.answer = [this](const Cell& cell) { answers.push_back(cell); },
                  .delivered = [this](std::uint64_t content) { delivered.push_back(content); },
                  .bytes_of = [](std::uint64_t) { return 498U; }},
                 multipath, 0) {}
  void data(std::uint32_t leg, std::uint64_t content) {
    receiver.handle({leg, CellKind::kData, command::kData, content});
  }
  void skip(std::uint32_t leg, std::uint8_t cells) {
    mpath_control_cell cell{};
    cell.command = command::kSwitch;
    cell.length = 4;
    cell.body[3] = cells;
    receiver.handle({leg, CellKind::kControl, command::kSwitch, bodies.keep(cell)});
  }

  ControlBodies bodies;
  std::vector<Cell> answers;
  std::vector<std::uint64_t> delivered;
  Receiver receiver;
};

TEST(LabReceiver, HoldsBackWhatIsEarlyAndDeliversItInItsTurn) {
  Bench bench;
  bench.data(1, 0);
  bench.skip(2, 3);
  bench.data(2, 3);
  bench.data(2, 4);
  EXPECT_EQ(bench.receiver.held_cells(), 2U);
  EXPECT_EQ(bench.receiver.held_bytes(), 2 * 498U);
  bench.data(1, 1);
  EXPECT_EQ(bench.receiver.held_cells(), 2U);
  bench.data(1, 2);
  EXPECT_EQ(bench.delivered, (std::vector<std::uint64_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(bench.receiver.held_bytes(), 0U);
}

TEST(LabReceiver, AnswersEveryThirtyFirstDataCellOfALegWhetherInOrderOrNot) {
  Bench bench;
  bench.skip(2, 100);
  for (std::uint64_t i = 0; i < 31; ++i) bench.data(2, 100 + i);
  ASSERT_EQ(bench.answers.size(), 1U);
  EXPECT_EQ(bench.answers[0].kind, CellKind::kSendme);
  EXPECT_EQ(bench.answers[0].circuit, 2U);
  EXPECT_EQ(bench.receiver.held_cells(), 31U);
}

TEST(LabReceiver, AnswersLinkWithTheSameNonce) {
  Bench bench;
  mpath_control_cell link{};
  link.command = command::kLink;
  link.length = 50;
  for (std::uint8_t i = 0; i < 33; ++i) link.body[i] = i;
  bench.receiver.handle({7, CellKind::kControl, command::kLink, bench.bodies.keep(link)});
  ASSERT_EQ(bench.answers.size(), 1U);
  const mpath_control_cell& linked = bench.bodies.at(bench.answers[0].content);
  EXPECT_EQ(linked.command, command::kLinked);
  EXPECT_EQ(linked.length, 50U);
  for (std::uint8_t i = 0; i < 33; ++i) EXPECT_EQ(linked.body[i], i);
}

// Canaries: were a plugin to do this, the run must not count.
TEST(LabReceiver, NoticesASwitchThatWasForgotten) {
  Bench bench;
  bench.data(1, 0);
  EXPECT_THROW(bench.data(2, 1), Broken);
}

TEST(LabReceiver, NoticesTwoCellsOfOneNumber) {
  Bench bench;
  bench.skip(2, 5);
  bench.data(2, 5);
  bench.skip(3, 5);
  EXPECT_THROW(bench.data(3, 5), Broken);
}

TEST(LabReceiver, NoticesNumbersThatDoNotMatchTheContents) {
  Bench bench;
  bench.data(1, 0);
  bench.skip(2, 2);
  bench.data(2, 1);
  EXPECT_THROW(bench.data(1, 2), Broken);
}

TEST(LabReceiver, ASinglePathIsDeliveredAsItComes) {
  Bench bench(false);
  for (std::uint64_t i = 0; i < 62; ++i) bench.data(1, i);
  EXPECT_EQ(bench.delivered.size(), 62U);
  EXPECT_EQ(bench.answers.size(), 2U);
}

}  // namespace
}  // namespace scheduler_lab
