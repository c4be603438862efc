// Streams of one tunnel share its window, and nothing else: neither a slow application nor a paused
// one nor a long upload holds up another.
#include <gmock/gmock.h>

#include <algorithm>

#include "test/onion_proxy/support/tunnel_fixture.h"

namespace onion_proxy {
namespace {

using test::FakeApplication;
using test::FakeLeg;
using test::kSocksReplySize;

constexpr size_t kWindow = 124;
constexpr size_t kIncrement = 31;

class StreamFairnessTest : public test::TunnelFixture {
 protected:
  void start_ready() {
    start(1, std::make_unique<PlainPath>());
    ASSERT_TRUE(run([&] { return ready_; }));
  }

  uint16_t connect(FakeApplication& application) {
    const size_t before = leg(1).count(RelayCommand::kBegin);
    tunnel_->open_stream(application.connect_to("example.test", 80));
    EXPECT_TRUE(run([&] { return leg(1).count(RelayCommand::kBegin) > before; }));
    const uint16_t id = leg(1).cells().back().stream_id;
    leg(1).send({RelayCommand::kConnected, id}, {127, 0, 0, 1, 0, 0, 0, 60});
    EXPECT_TRUE(run([&] { return application.received().size() == kSocksReplySize; }));
    return id;
  }

  // The streams of the DATA cells that reached the exit, oldest first.
  std::vector<uint16_t> data_cells() {
    std::vector<uint16_t> out;
    for (const auto& cell : leg(1).cells()) {
      if (cell.command == RelayCommand::kData) out.push_back(cell.stream_id);
    }
    return out;
  }

  // The exit's SENDME for the n-th increment, from 1.
  void acknowledge(size_t number) {
    size_t data = 0;
    for (const auto& cell : leg(1).cells()) {
      if (cell.command != RelayCommand::kData || ++data != number * kIncrement) continue;
      leg(1).send({RelayCommand::kSendme, 0}, encode_sendme(cell.tag));
      return;
    }
    FAIL() << "no such cell has come";
  }

  FakeApplication first_{io_};
  FakeApplication second_{io_};
};

TEST_F(StreamFairnessTest, AShortRequestOvertakesALongUploadThatWaitsForTheWindow) {
  start_ready();
  connect(first_);
  first_.send(std::string(kWindow * 2 * kRelayBodyMax, '1'));
  ASSERT_TRUE(run([&] { return data_cells().size() == kWindow; }));
  const uint16_t id = connect(second_);
  second_.send("GET / HTTP/1.0\r\n\r\n");
  test::run_ready(io_);
  // when there is room for some cells
  acknowledge(1);
  ASSERT_TRUE(run([&] { return data_cells().size() >= kWindow + kIncrement; }));
  // then the request waited for one quantum of the upload
  const auto cells = data_cells();
  const auto request = std::ranges::find(cells, id) - cells.begin();
  EXPECT_LE(request, static_cast<ptrdiff_t>(kWindow + StreamSet::kQuantumCells));
}

TEST_F(StreamFairnessTest, TwoUploadsHaveHalfOfTheWindowEach) {
  start_ready();
  const uint16_t first_id = connect(first_);
  first_.send(std::string(kWindow * kRelayBodyMax, '1'));
  ASSERT_TRUE(run([&] { return data_cells().size() == kWindow; }));
  connect(second_);
  first_.send(std::string(kWindow * kRelayBodyMax, '1'));
  second_.send(std::string(kWindow * kRelayBodyMax, '2'));
  test::run_ready(io_);
  acknowledge(1);
  acknowledge(2);
  ASSERT_TRUE(run([&] { return data_cells().size() >= kWindow + 2 * kIncrement; }));
  const auto cells = data_cells();
  const auto of_first = std::count(cells.begin() + kWindow, cells.end(), first_id);
  const auto rest = static_cast<ptrdiff_t>(cells.size() - kWindow);
  EXPECT_LE(of_first, rest / 2 + static_cast<ptrdiff_t>(StreamSet::kQuantumCells));
  EXPECT_GE(of_first, rest / 2 - static_cast<ptrdiff_t>(StreamSet::kQuantumCells));
}

TEST_F(StreamFairnessTest, AnUploadThatTheExitPausedDoesNotHoldUpTheOthers) {
  stream_options_.flow.peer_xoff_limit = 10 * kRelayBodyMax;
  start_ready();
  const uint16_t paused = connect(first_);
  first_.send(std::string(20 * kRelayBodyMax, '1'));
  ASSERT_TRUE(run([&] { return data_cells().size() >= 20; }));
  leg(1).send({RelayCommand::kXoff, paused}, encode_xoff());
  connect(second_);
  first_.send(std::string(20 * kRelayBodyMax, '1'));
  second_.send("on its way");
  ASSERT_TRUE(run([&] { return data_cells().back() != paused; }));
  EXPECT_LE(std::ranges::count(data_cells(), paused), 21) << "paused is paused";
  // when the exit takes more of it
  leg(1).send({RelayCommand::kXon, paused}, encode_xon(0));
  EXPECT_TRUE(run([&] { return std::ranges::count(data_cells(), paused) >= 40; }));
}

TEST_F(StreamFairnessTest, ADownloadThatNobodyReadsDoesNotHoldUpTheOthers) {
  start_ready();
  const uint16_t slow = connect(first_);
  const uint16_t fast = connect(second_);
  first_.stop_reading();
  const Bytes full(kRelayBodyMax, 'd');
  size_t sent = 0;
  // given more for the slow one than the kernel and the proxy buffer before they pause the exit
  ASSERT_TRUE(run([&] {
    if (sent * kRelayBodyMax <= tunnel_->bytes_down() + 20 * kRelayBodyMax) {
      leg(1).send({RelayCommand::kData, slow}, full);
      ++sent;
    }
    return leg(1).find(RelayCommand::kXoff) != nullptr;
  }));
  EXPECT_EQ(leg(1).find(RelayCommand::kXoff)->stream_id, slow);
  const size_t stuck = first_.received().size();
  // when data for the other comes behind all of it
  leg(1).send({RelayCommand::kData, fast}, Bytes(1, '!'));
  ASSERT_TRUE(run([&] { return second_.received().size() == kSocksReplySize + 1; }));
  EXPECT_LE(first_.received().size(), stuck + 4096) << "it still reads nothing";
  EXPECT_EQ(leg(1).count(RelayCommand::kXoff), 1u) << "nobody else is paused";
  // and nothing of the slow one is lost
  first_.resume_reading();
  EXPECT_TRUE(
      run([&] { return first_.received().size() == kSocksReplySize + sent * kRelayBodyMax; }));
}

}  // namespace
}  // namespace onion_proxy
