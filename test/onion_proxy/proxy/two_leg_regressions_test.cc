// What went wrong in other hosts of Conflux, and what a hostile relay can try against this one;
// test/README.md has the numbers.
#include <algorithm>

#include "test/onion_proxy/support/two_legs.h"

namespace onion_proxy {
namespace {

using test::FakeApplication;
using test::FakeLeg;
using test::kLoopback;
using test::kSocksReplySize;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TwoLegsTest : public test::TwoLegs {
 protected:
  TwoLegsTest() {
    stream_options_.flow.xoff_limit = 20'000;
    stream_options_.flow.xon_interval = 20'000;
    stream_options_.flow.buffer_max = 100'000;
    stream_options_.flow.peer_xoff_limit = 20'000;
    stream_options_.flow.peer_xon_interval = 20'000;
  }

  size_t data_cells() {
    return leg(1).count(RelayCommand::kData) + leg(2).count(RelayCommand::kData);
  }

  // What an honest exit does: every 31st DATA cell of a leg is acknowledged with its tag.
  void acknowledge(size_t number) {
    size_t seen = 0;
    for (const FakeLeg::Cell& cell : leg(number).cells()) {
      if (cell.command != RelayCommand::kData || ++seen % 31 != 0) continue;
      if (seen <= acknowledged_[number - 1]) continue;
      acknowledged_[number - 1] = seen;
      leg(number).send({RelayCommand::kSendme}, encode_sendme(cell.tag));
    }
  }

  bool both_destroyed() { return leg(1).is_destroyed() && leg(2).is_destroyed(); }

  size_t acknowledged_[2] = {0, 0};
};

// Commands that only relays take, towards a client.
class CommandForRelays : public TwoLegsTest, public ::testing::WithParamInterface<RelayCommand> {};

TEST_P(CommandForRelays, R3_R60_A32_ClosesTheTunnelAndOpensNothing) {
  link_both();
  connect(application_);
  const bool of_stream = GetParam() == RelayCommand::kBegin ||
                         GetParam() == RelayCommand::kBeginDir ||
                         GetParam() == RelayCommand::kResolve;
  leg(other()).send({GetParam(), of_stream ? uint16_t{9} : uint16_t{0}}, {1, 2, 3});
  expect_closes("an unexpected " + std::string(relay_command_name(GetParam())));
  EXPECT_TRUE(run([&] { return both_destroyed() && application_.was_reset(); }));
}

INSTANTIATE_TEST_SUITE_P(Every, CommandForRelays,
                         ::testing::Values(RelayCommand::kBegin, RelayCommand::kBeginDir,
                                           RelayCommand::kResolve, RelayCommand::kExtend2,
                                           RelayCommand::kExtended2, RelayCommand::kTruncate),
                         [](const auto& tested) {
                           return std::string(relay_command_name(tested.param));
                         });

TEST_F(TwoLegsTest, R7_FreeingATunnelWithOpenStreamsEndsEachOfThemOnce) {
  link_both();
  const uint16_t id = connect(application_);
  leg(other()).send({RelayCommand::kConfluxSwitch}, {0, 0, 0, 2});
  leg(other()).send({RelayCommand::kData, id}, {'b'});
  ASSERT_TRUE(run([&] { return tunnel_->stats().held_cells == 1; }));
  tunnel_.reset();
  EXPECT_THAT(ended_, ElementsAre("the tunnel closed"));
  mpath_instance_info info;
  ASSERT_EQ(plugin_->instance().info(&info), mpath::Status::kOk);
  EXPECT_EQ(info.tunnels, 0u);
  EXPECT_EQ(info.held_bytes, 0u);
}

TEST_F(TwoLegsTest, R12_A35_ACellThatClosesTheTunnelInADrainEndsTheDrain) {
  link_both();
  const uint16_t id = connect(application_);
  leg(other()).send({RelayCommand::kConfluxSwitch}, {0, 0, 0, 2});
  leg(other()).send({RelayCommand::kData, id}, {'b'});
  leg(other()).send({RelayCommand::kConnected, id}, kLoopback);  // a second one: a violation
  leg(other()).send({RelayCommand::kData, id}, {'d'});
  ASSERT_TRUE(run([&] { return tunnel_->stats().held_cells == 3; }));
  leg(carrier_).send({RelayCommand::kData, id}, {'a'});
  expect_closes("an unexpected CONNECTED cell");
  EXPECT_EQ(tunnel_->bytes_down(), 2u) << "a and b, and nothing after the violation";
  EXPECT_THAT(lines_, ::testing::Not(::testing::Contains(HasSubstr("for no stream"))));
  EXPECT_THAT(ended_, ElementsAre("the tunnel closed"));
}

TEST_F(TwoLegsTest, R22_NothingIsPackagedForALegThatIsGone) {
  link_both();
  connect(application_);
  application_.send(std::string(180 * kRelayBodyMax, 'u'));
  ASSERT_TRUE(run([&] { return data_cells() >= 31; }));
  leg(carrier_).send_link_cell(LinkCommand::kDestroy, Bytes{11});
  expect_closes("is gone: the circuit was destroyed");
  ASSERT_TRUE(run([&] { return leg(other()).is_destroyed() && application_.was_reset(); }));
  test::run_ready(io_);
  leg(other()).pump();
  EXPECT_EQ(leg(other()).cells_after_destroy(), 0u);
}

TEST_F(TwoLegsTest, R28_AStreamForATunnelThatHasJustClosedIsRefused) {
  link_both();
  leg(1).send_link_cell(LinkCommand::kDestroy, Bytes{11});
  leg(2).send_link_cell(LinkCommand::kDestroy, Bytes{11});
  ASSERT_TRUE(run([&] { return tunnel_->state() == Tunnel::State::kClosed; }));
  tunnel_->open_stream(application_.connect_to("example.test", 80));
  ASSERT_TRUE(run([&] { return application_.ended(); }));
  ASSERT_EQ(application_.received().size(), kSocksReplySize);
  EXPECT_EQ(application_.received()[1], char(SocksReply::kGeneralFailure));
  EXPECT_EQ(leg(1).count(RelayCommand::kBegin) + leg(2).count(RelayCommand::kBegin), 0u);
}

TEST_F(TwoLegsTest, R31_NoStreamIsOpenedBeforeLinkedAckHasLeft) {
  ASSERT_TRUE(run([&] { return leg(2).find(RelayCommand::kConfluxLink) != nullptr; }));
  FakeApplication early(io_);
  tunnel_->open_stream(early.connect_to("example.test", 80));
  EXPECT_TRUE(run([&] { return early.ended(); })) << "refused; a manager would let it wait";
  link(2);
  ASSERT_TRUE(run([&] { return ready_; }));
  connect(application_);
  std::vector<RelayCommand> order;
  for (const FakeLeg::Cell& cell : leg(2).cells()) order.push_back(cell.command);
  EXPECT_THAT(order, ElementsAre(RelayCommand::kConfluxLink, RelayCommand::kConfluxLinkedAck,
                                 RelayCommand::kBegin));
  EXPECT_EQ(leg(1).count(RelayCommand::kBegin), 0u) << "leg 1 is not linked";
}

TEST_F(TwoLegsTest, R33_AnUploadGoesOnAfterXoffXonAndFullWindows) {
  link_both();
  const uint16_t id = connect(application_);
  constexpr size_t kPiece = 180 * kRelayBodyMax;
  application_.send(std::string(kPiece, '1'));
  ASSERT_TRUE(run([&] { return data_cells() > 100; }));
  // Paused, then let go at a rate, then at any: on whichever leg the exit says so.
  leg(carrier_).send({RelayCommand::kXoff, id}, encode_xoff());
  leg(carrier_).send({RelayCommand::kXon, id}, encode_xon(500));
  leg(carrier_).send({RelayCommand::kXon, id}, encode_xon(0));
  const auto bytes = [&] {
    size_t sum = 0;
    for (size_t number : {1, 2}) {
      for (const FakeLeg::Cell& cell : leg(number).cells()) {
        if (cell.command == RelayCommand::kData) sum += cell.body.size();
      }
    }
    return sum;
  };
  ASSERT_TRUE(run([&] { return bytes() == kPiece; })) << bytes();
  // More than both windows hold: it needs the SENDMEs of both legs.
  for (size_t piece = 2; piece <= 4; ++piece) {
    application_.send(std::string(kPiece, 'x'));
    ASSERT_TRUE(run([&] {
      acknowledge(1);
      acknowledge(2);
      return bytes() == piece * kPiece;
    })) << bytes();
  }
  EXPECT_GT(leg(other()).count(RelayCommand::kData), 0u);
  EXPECT_FALSE(closed_);
}

TEST_F(TwoLegsTest, A30_AnExitThatDoesNotHeedXoffIsCutOffBeforeItFillsTheMemory) {
  link_both();
  const uint16_t id = connect(application_);
  application_.stop_reading();
  const Bytes full(kRelayBodyMax, 'd');
  size_t sent = 0;
  ASSERT_TRUE(run([&] {
    if (!closed_ && sent * kRelayBodyMax <= tunnel_->bytes_down() + 10 * kRelayBodyMax) {
      leg(carrier_).send({RelayCommand::kData, id}, full);
      ++sent;
    }
    return closed_;
  }));
  EXPECT_THAT(tunnel_->close_reason(), HasSubstr("does not heed XOFF"));
  EXPECT_EQ(leg(1).count(RelayCommand::kXoff) + leg(2).count(RelayCommand::kXoff), 1u);
  EXPECT_LT(tunnel_->bytes_down(), 2 * stream_options_.flow.buffer_max);
}

TEST_F(TwoLegsTest, A34_ASendmeForCellsThatWereNeverSentClosesTheTunnel) {
  link_both();
  connect(application_);
  leg(other()).send({RelayCommand::kSendme}, encode_sendme({}));
  expect_closes("a SENDME for cells that were never sent");
  EXPECT_TRUE(run([&] { return both_destroyed(); }));
}

TEST_F(TwoLegsTest, A34_ASendmeWithTheTagOfAnotherLegClosesTheTunnel) {
  link_both();
  connect(application_);
  application_.send(std::string(180 * kRelayBodyMax, 'u'));
  ASSERT_TRUE(run([&] {
    return leg(1).count(RelayCommand::kData) >= 31 && leg(2).count(RelayCommand::kData) >= 31;
  }));
  size_t data = 0;
  for (const FakeLeg::Cell& cell : leg(1).cells()) {
    if (cell.command != RelayCommand::kData || ++data != 31) continue;
    leg(2).send({RelayCommand::kSendme}, encode_sendme(cell.tag));
  }
  expect_closes("a SENDME with a wrong authentication tag");
}

TEST_F(TwoLegsTest, A25_A26_ARelayBehindTheGuardCannotMakeTheGuardLookBad) {
  link_both();
  leg(1).send_link_cell(LinkCommand::kDestroy, Bytes{11});
  ASSERT_TRUE(run([&] { return closed_; }));
  const std::vector<RelayInfo> path = leg(1).path();
  EXPECT_THAT(suspects_, ElementsAre(path[1], path[2]));
}

TEST_F(TwoLegsTest, A25_ALinkedLegThatIsLostIsNotReplaced) {
  link_both();
  leg(2).send_link_cell(LinkCommand::kDestroy, Bytes{11});
  ASSERT_TRUE(run([&] { return closed_ && leg(1).is_destroyed(); }));
  EXPECT_EQ(replacements_asked_, 0u);
}

// The guard of leg 2 cannot be reached, and the owner always offers another that cannot either.
class FailingLegsTest : public test::TwoLegs {
 protected:
  FailingLegsTest() { replacements_max_ = 3; }
  std::vector<RelayInfo> path_of(size_t number) override {
    std::vector<RelayInfo> hops = leg(number).path();
    if (number == 2) hops.front().or_port = kClosedPort;
    replacement_ = ChosenPath{.hops = hops, .nicknames = {"g", "m", "e"}};
    return hops;
  }

  static constexpr uint16_t kClosedPort = 1;
};

TEST_F(FailingLegsTest, R29_LegsThatFailAreReplacedAtMostThreeTimes) {
  link(1);
  ASSERT_TRUE(run([&] { return ready_; })) << "the leg that was built serves alone";
  ASSERT_TRUE(run([&] {
    const auto& legs = tunnel_->stats().legs;
    return std::all_of(legs.begin() + 1, legs.end(),
                       [](const LegStats& leg) { return leg.state == "closed"; });
  }));
  EXPECT_EQ(replacements_asked_, replacements_max_);
  EXPECT_EQ(tunnel_->stats().legs.size(), 2 + replacements_max_);
  EXPECT_FALSE(closed_);
  EXPECT_THAT(suspects_, ::testing::SizeIs(1 + replacements_max_));
  for (const RelayInfo& suspect : suspects_) EXPECT_EQ(suspect.or_port, kClosedPort);
}

}  // namespace
}  // namespace onion_proxy
