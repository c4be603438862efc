// Arti's own transfers over two legs (client/circuit.rs), with its numbers.
#include <gmock/gmock.h>

#include <deque>

#include "test/plugin/support/exit.h"
#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

constexpr int kCells = 300;  // DATA cells of 498 bytes
constexpr std::uint32_t kSendmeInc = 31;

// The exit of multipath_client_to_exit: it answers every 31st DATA cell of a leg with a SENDME,
// before which the one clock of all moves on by that leg's next delay. The host measures RTT as
// congestion control does in slow start: EWMA over two samples.
class Transfer {
 public:
  Transfer() : host_({.config = lab_config("no_opinion")}) {
    host_.join(2);
    host_.link();
    host_.poll();
    // As in the original, the handshakes run one after the other.
    host_.advance(ms(100));
    host_.linked(1);
    host_.poll();
    host_.advance(ms(100));
    host_.linked(2);
    host_.poll();
    delays_[1] = {500, 700, 900, 1100, 1300, 1500, 1700, 1900, 2100};
    delays_[2] = {400, 600, 800, 1000, 1200, 1400, 1600, 1800, 2000};
  }

  void run() {
    note(host_.send(kBegin));
    while (sent_ < kCells) {
      send_what_goes();
      if (sent_ < kCells) acknowledge_next();
    }
  }

  struct LegLog {
    int cells = 0;  // that the exit got on this leg, SWITCH included
    std::vector<std::pair<int, std::uint32_t>> switches;  // {which cell it was, its delta}
  };
  std::map<int, LegLog> log;
  Exit exit;

 private:
  void note(const Grant& grant) {
    ASSERT_EQ(grant.status, Status::kOk);
    LegLog& leg = log[grant.leg];
    if (grant.switch_delta) leg.switches.emplace_back(++leg.cells, *grant.switch_delta);
    leg.cells += static_cast<int>(grant.granted);
    exit.receive(grant);
  }

  void send_what_goes() {
    while (sent_ < kCells) {
      const Grant grant = host_.send(kData);
      if (grant.status == Status::kBlocked) return;
      note(grant);
      ++sent_;
      if (host_.view(grant.leg).data_sent % kSendmeInc == 0)
        due_[grant.leg].push_back(host_.now_us);
    }
  }

  // The leg that was filled first answers first.
  void acknowledge_next() {
    const int leg = due_[1].empty() ? 2 : 1;
    ASSERT_FALSE(due_[leg].empty());
    host_.advance(ms(delays_[leg].front()));
    delays_[leg].pop_front();
    const auto rtt = static_cast<std::uint32_t>(host_.now_us - due_[leg].front());
    due_[leg].pop_front();
    std::uint32_t& ewma = host_.view(leg).ewma_rtt_us;
    ewma = ewma == 0 ? rtt : (2 * rtt + ewma) / 3;
    host_.acknowledge(leg, kSendmeInc);
  }

  Host host_;
  int sent_ = 0;
  std::map<int, std::deque<std::uint64_t>> due_;     // when the cells to be acknowledged left
  std::map<int, std::deque<std::uint64_t>> delays_;  // ms
};

TEST(Arti, MultipathClientToExit) {
  Transfer transfer;
  transfer.run();
  using Switches = std::vector<std::pair<int, std::uint32_t>>;
  EXPECT_EQ(transfer.log[2].switches, (Switches{{1, 125}}))
      << "the first cell on leg 2, after BEGIN and 124 DATA on leg 1";
  EXPECT_EQ(transfer.log[1].switches, (Switches{{126, 124}})) << "the 126th cell on leg 1";
  EXPECT_EQ(transfer.exit.received(), 1U + kCells);
  EXPECT_TRUE(transfer.exit.has_all());
}

TEST(Arti, MultipathExitToClientWithOneSwitch) {
  Host host;
  host.join_and_link(2);
  host.send(kBegin);
  host.cell(1, 1, kConnected);
  host.cell(1, 2);
  host.cell(1, 3);
  ASSERT_EQ(host.switched(2, 4).status, Status::kConsumed);
  EXPECT_EQ(host.cell(2, 5).status, Status::kHeld) << "early";
  EXPECT_EQ(host.cell(1, 4).status, Status::kOk) << "the missing one";
  EXPECT_EQ(host.cell(2, 6).status, Status::kOk);
  EXPECT_EQ(host.cell(2, 7).status, Status::kOk);
  EXPECT_EQ(host.cell(2, 8, kEnd).status, Status::kOk);
  EXPECT_EQ(host.delivered(), in_order(8));
}

TEST(Arti, MultipathExitToClientWithManySwitches) {
  Host host;
  host.join_and_link(2);
  host.send(kBegin);
  host.cell(1, 1, kConnected);
  ASSERT_EQ(host.switched(2, 3).status, Status::kConsumed);
  EXPECT_EQ(host.cell(2, 4).status, Status::kHeld);
  EXPECT_EQ(host.cell(2, 5).status, Status::kHeld);
  EXPECT_EQ(host.cell(1, 2).status, Status::kOk);
  EXPECT_EQ(host.cell(1, 3).status, Status::kOk);
  EXPECT_EQ(host.info().cells_delivered, 5U);
  ASSERT_EQ(host.switched(1, 3).status, Status::kConsumed);
  EXPECT_EQ(host.cell(1, 7).status, Status::kHeld);
  EXPECT_EQ(host.cell(2, 6).status, Status::kOk);
  EXPECT_EQ(host.cell(1, 8).status, Status::kOk);
  ASSERT_EQ(host.switched(2, 2).status, Status::kConsumed) << "right before END";
  EXPECT_EQ(host.cell(2, 9, kEnd).status, Status::kOk);
  EXPECT_EQ(host.delivered(), in_order(9));
  EXPECT_EQ(host.leg_info(1).last_seq_received, 8U);
  EXPECT_EQ(host.leg_info(2).last_seq_received, 9U);
}

}  // namespace
}  // namespace conflux::test
