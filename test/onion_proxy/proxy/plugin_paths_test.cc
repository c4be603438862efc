#include <gmock/gmock.h>

#include <algorithm>

#include "test/onion_proxy/support/two_legs.h"

namespace onion_proxy {
namespace {

using test::FakeApplication;
using test::kSocksReplySize;

class PluginPathsTest : public test::TwoLegs {
 protected:
  PluginPathsTest() { replacements_max_ = 1; }
};

TEST_F(PluginPathsTest, LinksBothLegsWithOneNonce) {
  link_both();
  EXPECT_EQ(leg(1).find(RelayCommand::kConfluxLink)->body.size(), 50u);
  EXPECT_EQ(leg(1).find(RelayCommand::kConfluxLink)->body,
            leg(2).find(RelayCommand::kConfluxLink)->body);
  EXPECT_EQ(tunnel_->state(), Tunnel::State::kReady);
}

TEST_F(PluginPathsTest, OpensStreamsFromTheFirstLinkedLegOn) {
  link(2);
  ASSERT_TRUE(run([&] { return ready_; }));
  connect(application_);
  EXPECT_EQ(carrier_, 2u);
}

TEST_F(PluginPathsTest, ASlowLegDelaysNoStreamAndJoinsWhenItIsBuilt) {
  // Given a leg whose guard does not answer, when the other one is linked
  leg(2).pause();
  link(1);
  ASSERT_TRUE(run([&] { return ready_; }));
  // then a stream goes on it,
  connect(application_);
  EXPECT_EQ(carrier_, 1u);
  EXPECT_EQ(tunnel_->stats().legs[1].state, "building");
  // and what it sends goes on both as soon as the other one is built and linked.
  leg(2).resume();
  link(2);
  ASSERT_TRUE(run([&] { return tunnel_->stats().legs[1].state == "linked"; }));
  application_.send(std::string(200 * kRelayBodyMax, 'u'));
  EXPECT_TRUE(run([&] {
    return leg(1).count(RelayCommand::kData) + leg(2).count(RelayCommand::kData) >= 200;
  }));
  EXPECT_NE(leg(2).find(RelayCommand::kConfluxSwitch), nullptr);
  EXPECT_FALSE(closed_);
}

TEST_F(PluginPathsTest, WhatTheExitSendsOnALegThatJoinedLateIsPutInOrder) {
  leg(2).pause();
  link(1);
  ASSERT_TRUE(run([&] { return ready_; }));
  const uint16_t id = connect(application_);
  leg(2).resume();
  link(2);
  // CONNECTED was the first: "a" is the second and late, "b" the third.
  leg(2).send({RelayCommand::kConfluxSwitch}, {0, 0, 0, 2});
  leg(2).send({RelayCommand::kData, id}, {'b'});
  ASSERT_TRUE(run([&] { return tunnel_->stats().held_cells == 1; }));
  leg(1).send({RelayCommand::kData, id}, {'a'});
  ASSERT_TRUE(run([&] { return application_.received().size() == kSocksReplySize + 2; }));
  EXPECT_THAT(application_.received(), testing::EndsWith("ab"));
}

TEST_F(PluginPathsTest, ALegThatCannotBeBuiltIsReplacedWhileStreamsGoOn) {
  leg(2).pause();
  link(1);
  ASSERT_TRUE(run([&] { return ready_; }));
  connect(application_);
  leg(2).refuse_building();
  leg(2).resume();
  ASSERT_TRUE(run([&] { return tunnel_->stats().legs[1].state == "closed"; }));
  EXPECT_EQ(replacements_asked_, 1u);
  EXPECT_FALSE(closed_);
  application_.send("question");
  EXPECT_TRUE(run([&] { return leg(1).find(RelayCommand::kData) != nullptr; }));
}

TEST_F(PluginPathsTest, ATunnelOutlivesItsOnlyLegWhileNoneIsLinkedAndOthersAreBeingBuilt) {
  // Given a leg that has asked to be linked, and another one that is still being built,
  leg(2).pause();
  ASSERT_TRUE(run([&] { return leg(1).find(RelayCommand::kConfluxLink) != nullptr; }));
  const Bytes first_link = leg(1).find(RelayCommand::kConfluxLink)->body;
  // when the circuit of the first one is destroyed,
  leg(1).send_link_cell(LinkCommand::kDestroy, Bytes{11});
  ASSERT_TRUE(run([&] { return tunnel_->stats().legs[0].state == "closed"; }));
  // then the tunnel waits, asks for another path, and begins with the second one: another set.
  EXPECT_FALSE(closed_);
  EXPECT_EQ(tunnel_->state(), Tunnel::State::kBuilding);
  EXPECT_EQ(replacements_asked_, 1u);
  leg(2).resume();
  link(2);
  ASSERT_TRUE(run([&] { return ready_; }));
  EXPECT_NE(leg(2).find(RelayCommand::kConfluxLink)->body, first_link);
  connect(application_);
  EXPECT_EQ(carrier_, 2u);
  EXPECT_FALSE(closed_);
}

TEST_F(PluginPathsTest, ALegThatGoesAtTheMomentInWhichItIsLinkedTakesNothingWithIt) {
  // LINKED and DESTROY arrive together: no stream can have been opened yet.
  leg(2).pause();
  ASSERT_TRUE(run([&] { return leg(1).find(RelayCommand::kConfluxLink) != nullptr; }));
  leg(1).cork();
  leg(1).send({RelayCommand::kConfluxLinked}, linked_answer(leg(1)));
  leg(1).send_link_cell(LinkCommand::kDestroy, Bytes{11});
  leg(1).uncork();
  ASSERT_TRUE(run([&] { return tunnel_->stats().legs[0].state == "closed"; }));
  EXPECT_FALSE(ready_);
  EXPECT_FALSE(closed_);
  leg(2).resume();
  link(2);
  EXPECT_TRUE(run([&] { return ready_; }));
}

TEST_F(PluginPathsTest, ALegThatGoesAtTheMomentInWhichItIsLinkedLeavesOnesThatWaitForTheirs) {
  // The same, but another leg has asked to be linked too.
  ASSERT_TRUE(run([&] {
    return leg(1).find(RelayCommand::kConfluxLink) != nullptr &&
           leg(2).find(RelayCommand::kConfluxLink) != nullptr;
  }));
  leg(1).cork();
  leg(1).send({RelayCommand::kConfluxLinked}, linked_answer(leg(1)));
  leg(1).send_link_cell(LinkCommand::kDestroy, Bytes{11});
  leg(1).uncork();
  ASSERT_TRUE(run([&] { return tunnel_->stats().legs[0].state == "closed"; }));
  EXPECT_FALSE(closed_);
  EXPECT_EQ(replacements_asked_, 1u);
  link(2);
  ASSERT_TRUE(run([&] { return ready_; }));
  connect(application_);
  EXPECT_FALSE(closed_);
}

TEST_F(PluginPathsTest, ALegThatIsLostBeforeItIsLinkedIsReplaced) {
  // Given two legs that have asked to be linked, when both circuits go, one after the other,
  replacement_ = ChosenPath{.hops = leg(2).path(), .nicknames = {"g", "m", "e"}};
  ASSERT_TRUE(run([&] {
    return leg(1).find(RelayCommand::kConfluxLink) != nullptr &&
           leg(2).find(RelayCommand::kConfluxLink) != nullptr;
  }));
  leg(2).send_link_cell(LinkCommand::kDestroy, Bytes{11});
  ASSERT_TRUE(run([&] { return replacements_asked_ == 1; }));
  leg(1).send_link_cell(LinkCommand::kDestroy, Bytes{11});
  ASSERT_TRUE(run([&] { return tunnel_->stats().legs[0].state == "closed"; }));
  EXPECT_FALSE(closed_);
  // then the circuit in the second's place is linked, in a set of its own, and serves.
  ASSERT_TRUE(run([&] { return leg(2).count(RelayCommand::kConfluxLink) == 2; }));
  Bytes linked = leg(2).cells().back().body;
  linked.back() = 1;
  leg(2).send({RelayCommand::kConfluxLinked}, linked);
  EXPECT_TRUE(run([&] { return ready_; }));
}

TEST_F(PluginPathsTest, ALegThatIsLostBeforeItIsLinkedIsReplacedWhileStreamsGoOn) {
  // Given a tunnel that serves over one leg, while the other one asks to be linked,
  replacement_ = ChosenPath{.hops = leg(2).path(), .nicknames = {"g", "m", "e"}};
  link(1);
  ASSERT_TRUE(run([&] { return ready_; }));
  ASSERT_TRUE(run([&] { return leg(2).find(RelayCommand::kConfluxLink) != nullptr; }));
  connect(application_);
  // when the circuit of that one goes,
  leg(2).send_link_cell(LinkCommand::kDestroy, Bytes{11});
  // then one in its place joins the same set.
  ASSERT_TRUE(run([&] { return leg(2).count(RelayCommand::kConfluxLink) == 2; }));
  EXPECT_EQ(leg(2).cells().back().body, leg(1).find(RelayCommand::kConfluxLink)->body);
  Bytes linked = leg(2).cells().back().body;
  linked.back() = 1;
  leg(2).send({RelayCommand::kConfluxLinked}, linked);
  EXPECT_TRUE(run([&] { return tunnel_->stats().legs[2].state == "linked"; }));
  EXPECT_FALSE(closed_);
}

class FourLegsTest : public PluginPathsTest {
 protected:
  void SetUp() override {
    open_plugin();
    start(4, std::make_unique<PluginPaths>(plugin_->instance()));
  }
};

TEST_F(FourLegsTest, AReplacementThatIsRefusedLeavesTheNextOneItsTurn) {
  for (const size_t number : {2, 3, 4}) leg(number).refuse_building();
  ASSERT_TRUE(run(
      [&] { return std::ranges::count(tunnel_->stats().legs, "closed", &LegStats::state) == 3; }));
  EXPECT_EQ(replacements_asked_, 3u) << "although one is allowed in all";
}

// Handshakes may take half a second.
class ImpatientPathsTest : public PluginPathsTest {
 protected:
  ImpatientPathsTest() { conflux_lines_ = "  handshake_timeout: 500ms\n"; }
};

TEST_F(ImpatientPathsTest, ALegThatIsNotLinkedInTimeIsReplacedAndItsMiddleAvoided) {
  // Given a tunnel that serves over one leg, when nobody answers the LINK of the other one,
  link(1);
  ASSERT_TRUE(run([&] { return ready_; }));
  ASSERT_TRUE(run([&] { return leg(2).is_destroyed(); }));
  // then another path is asked for, and whoever may have been at fault is known.
  EXPECT_TRUE(run([&] { return replacements_asked_ == 1; }));
  EXPECT_EQ(tunnel_->stats().legs[1].state, "closed");
  ASSERT_EQ(suspects_.size(), 1u) << "neither the guard nor the exit, which serves";
  EXPECT_EQ(suspects_[0].ed_id, leg(2).path()[1].ed_id);
  connect(application_);
  EXPECT_FALSE(closed_);
}

TEST_F(ImpatientPathsTest, WhereNoLegIsLinkedInTimeTheExitMayBeAtFaultToo) {
  ASSERT_TRUE(run([&] { return closed_; }));
  EXPECT_THAT(tunnel_->close_reason(), testing::HasSubstr("no leg was linked in time"));
  EXPECT_EQ(std::ranges::count(suspects_, leg(1).path().back().ed_id, &RelayInfo::ed_id), 2);
  EXPECT_EQ(suspects_.size(), 4u) << "and both middles";
}

TEST_F(ImpatientPathsTest, ATunnelWhoseOnlyLegIsNotLinkedInTimeWaitsForThoseThatAreBeingBuilt) {
  leg(2).pause();
  ASSERT_TRUE(run([&] { return leg(1).find(RelayCommand::kConfluxLink) != nullptr; }));
  ASSERT_TRUE(run([&] { return leg(1).is_destroyed(); }));
  EXPECT_FALSE(closed_);
  EXPECT_EQ(tunnel_->state(), Tunnel::State::kBuilding);
  leg(2).resume();
  link(2);
  EXPECT_TRUE(run([&] { return ready_; }));
  EXPECT_FALSE(closed_);
}

TEST_F(PluginPathsTest, ATunnelThatLosesEveryLegBeforeOneIsLinkedCloses) {
  leg(2).pause();
  ASSERT_TRUE(run([&] { return leg(1).find(RelayCommand::kConfluxLink) != nullptr; }));
  leg(1).send_link_cell(LinkCommand::kDestroy, Bytes{11});
  ASSERT_TRUE(run([&] { return tunnel_->stats().legs[0].state == "closed"; }));
  leg(2).refuse_building();
  leg(2).resume();
  ASSERT_TRUE(run([&] { return closed_; }));
  EXPECT_THAT(tunnel_->close_reason(), testing::HasSubstr("no circuit could be built"));
  EXPECT_FALSE(ready_);
}

TEST_F(PluginPathsTest, PutsCellsThatOvertakeEachOtherInOrder) {
  link_both();
  const uint16_t id = connect(application_);
  const size_t early = other();
  // The exit sends "a" on the carrier, then "b" on the other leg; "b" arrives first.
  leg(early).send({RelayCommand::kConfluxSwitch}, {0, 0, 0, 2});
  leg(early).send({RelayCommand::kData, id}, {'b'});
  ASSERT_TRUE(run([&] { return tunnel_->stats().held_cells == 1; }));
  EXPECT_EQ(application_.received().size(), kSocksReplySize);
  leg(carrier_).send({RelayCommand::kData, id}, {'a'});
  ASSERT_TRUE(run([&] { return application_.received().size() == kSocksReplySize + 2; }));
  EXPECT_THAT(application_.received(), testing::EndsWith("ab"));
  EXPECT_EQ(tunnel_->stats().held_cells, 0u);
  EXPECT_EQ(tunnel_->stats().switches_in, 1u);
}

TEST_F(PluginPathsTest, AWrongNonceClosesTheTunnel) {
  ASSERT_TRUE(run([&] { return leg(1).find(RelayCommand::kConfluxLink) != nullptr; }));
  Bytes wrong = linked_answer(leg(1));
  wrong[32] ^= 1;
  leg(1).send({RelayCommand::kConfluxLinked}, wrong);
  expect_closes("LINKED with another nonce");
}

TEST_F(PluginPathsTest, ARepeatedSequenceNumberClosesTheTunnel) {
  link_both();
  const uint16_t id = connect(application_);
  // The other leg was not switched to, so its cell counts as the first one again.
  leg(other()).send({RelayCommand::kData, id}, {'x'});
  expect_closes("already received");
  EXPECT_TRUE(run([&] { return application_.was_reset(); }));
}

TEST_F(PluginPathsTest, TheLossOfALinkedLegClosesTheTunnelAtOnce) {
  link_both();
  connect(application_);
  leg(other()).send_link_cell(LinkCommand::kDestroy, Bytes{11});
  expect_closes("is gone");
  EXPECT_TRUE(run([&] { return application_.was_reset(); }));
  EXPECT_TRUE(run([&] { return leg(carrier_).is_destroyed(); }));
}

TEST_F(PluginPathsTest, TheLossOfALegThatIsNotLinkedLeavesTheOtherAtWork) {
  link(1);
  ASSERT_TRUE(run([&] { return ready_; }));
  leg(2).send_link_cell(LinkCommand::kDestroy, Bytes{11});
  ASSERT_TRUE(run([&] { return tunnel_->stats().legs[1].state == "closed"; }));
  connect(application_);
  EXPECT_FALSE(closed_);
}

// A scheduler that waits for the faster leg as long as it moves.
class WaitingPathsTest : public PluginPathsTest {
 protected:
  WaitingPathsTest() {
    scheduler_ = "min_rtt";
    stall_timeout_ = std::chrono::hours(1);  // nobody asks whether the exit lives
  }
};

TEST_F(WaitingPathsTest, AnUploadLeavesAFrozenLegAlthoughNothingElseHappens) {
  // Given an upload that has filled the window of the better leg,
  link_both();
  connect(application_);
  application_.send(std::string(200 * kRelayBodyMax, 'u'));
  ASSERT_TRUE(run([&] { return leg(carrier_).count(RelayCommand::kData) == 124; }));
  EXPECT_EQ(leg(other()).count(RelayCommand::kData), 0u);
  // when no SENDME, no cell and no application ever wakes the tunnel,
  // then it looks again by itself.
  EXPECT_TRUE(run([&] {
    return leg(1).count(RelayCommand::kData) + leg(2).count(RelayCommand::kData) >= 200;
  }));
  EXPECT_FALSE(closed_);
}

TEST_F(PluginPathsTest, AnUploadUsesBothLegsAndNoMoreThanTheirWindows) {
  link_both();
  connect(application_);
  application_.send(std::string(200 * kRelayBodyMax, 'u'));
  ASSERT_TRUE(run([&] {
    return leg(1).count(RelayCommand::kData) + leg(2).count(RelayCommand::kData) >= 200;
  }));
  EXPECT_LE(leg(1).count(RelayCommand::kData), 124u);
  EXPECT_LE(leg(2).count(RelayCommand::kData), 124u);
  ASSERT_NE(leg(other()).find(RelayCommand::kConfluxSwitch), nullptr);
  // BEGIN and at least one batch of DATA went before.
  const Bytes delta = leg(other()).find(RelayCommand::kConfluxSwitch)->body;
  ASSERT_EQ(delta.size(), 4u);
  EXPECT_GT(ByteReader(delta).u32(), 31u);
}

// A cell of the exit is stuck on one leg, and so is a cell of ours: the exit cannot read the XOFF
// that comes after it. All the while it sends on the other leg.
class StuckLegTest : public test::TwoLegs {
 protected:
  static constexpr size_t kWindow = 4 * 31;
  static constexpr size_t kLimit = 512 << 10;

  StuckLegTest() {
    conflux_lines_ =
        "  reorder:\n    tunnel_limit: 512KiB\n    high_water: 32KiB\n    low_water: 8KiB\n";
  }

  // An XOFF for a stream that carried nothing yet could not be honest: it carries a byte first.
  void begin() {
    link_both();
    id_ = connect(application_);
    last_ = on_carrier_ = 1;  // CONNECTED
    stuck_ = ++last_;
    arrive_late();
    ASSERT_TRUE(run([&] { return tunnel_->bytes_down() == 1; }));
  }

  // The next cell is sent on the carrier and does not arrive.
  void get_stuck() {
    stuck_ = ++last_;
    send_switch(other(), last_ - on_other_);
    on_other_ = last_;
    stuck_from_ = sent_;
  }

  void arrive_late() {
    if (stuck_ - 1 != on_carrier_) send_switch(carrier_, stuck_ - 1 - on_carrier_);
    leg(carrier_).send({RelayCommand::kData, id_}, {'s'});
    on_carrier_ = stuck_;
    ++late_;
  }

  void send_switch(size_t number, uint32_t delta) {
    Bytes body;
    append_u32(body, delta);
    leg(number).send({RelayCommand::kConfluxSwitch}, body);
  }

  size_t acknowledged() { return 31 * leg(other()).count(RelayCommand::kSendme); }

  bool send_one(size_t window) {
    if (closed_ || sent_ >= acknowledged() + window) return false;
    leg(other()).send({RelayCommand::kData, id_}, Bytes(kRelayBodyMax, 'd'));
    on_other_ = ++last_;
    ++sent_;
    return true;
  }

  // Sends what the window allows, again and again, until it allows nothing more.
  void fill_window() {
    do {
      ASSERT_TRUE(run([&] { return !send_one(kWindow) && (closed_ || all_held()); }));
      if (closed_) return;
      wait_for_what_the_client_sent();
    } while (sent_ < acknowledged() + kWindow);
  }

  bool all_held() { return tunnel_->stats().held_cells == sent_ - stuck_from_; }
  bool all_delivered() { return tunnel_->bytes_down() == late_ + sent_ * kRelayBodyMax; }

  // A request goes out after all SENDMEs that the tunnel has sent so far.
  void wait_for_what_the_client_sent() {
    const size_t before = leg(other()).count(RelayCommand::kBegin);
    requests_.push_back(std::make_unique<FakeApplication>(io_));
    tunnel_->open_stream(requests_.back()->connect_to("example.test", 80));
    ASSERT_TRUE(run([&] { return leg(other()).count(RelayCommand::kBegin) > before; }));
  }

  std::vector<std::unique_ptr<FakeApplication>> requests_;
  uint16_t id_ = 0;
  uint32_t last_ = 0;  ///< number of the exit's last cell
  uint32_t on_carrier_ = 0;
  uint32_t on_other_ = 0;
  uint32_t stuck_ = 0;
  size_t sent_ = 0;  ///< DATA cells on the other leg
  size_t stuck_from_ = 0;
  size_t late_ = 0;  ///< bytes that came on the carrier
};

TEST_F(StuckLegTest, AnExitThatCannotReadOurXoffIsStoppedByItsWindowEachTime) {
  begin();
  for (const int round : {1, 2}) {
    SCOPED_TRACE(round);
    get_stuck();
    // when it sends whatever its window allows
    fill_window();
    // then the window is full before the limit is reached
    ASSERT_FALSE(closed_) << tunnel_->close_reason();
    EXPECT_LE(tunnel_->stats().held_bytes_peak, kLimit);
    EXPECT_GE(leg(1).count(RelayCommand::kXoff) + leg(2).count(RelayCommand::kXoff), 1u);

    // and once the leg moves, nothing is lost, and the exit can send on as it could before
    arrive_late();
    ASSERT_TRUE(run([&] {
      send_one(kWindow);
      return closed_ || sent_ >= stuck_from_ + 2000;
    })) << sent_;
    ASSERT_TRUE(run([&] { return closed_ || all_delivered(); }));
    ASSERT_FALSE(closed_) << tunnel_->close_reason();
  }
}

TEST_F(StuckLegTest, AnExitThatHeedsNoWindowIsCutOffAtTheLimit) {
  begin();
  get_stuck();
  ASSERT_TRUE(run([&] {
    send_one(SIZE_MAX / 2);
    return closed_;
  }));
  EXPECT_THAT(tunnel_->close_reason(), testing::HasSubstr("holds back more than its limit"));
  EXPECT_LE(tunnel_->stats().held_bytes_peak, kLimit);
}

TEST_F(PluginPathsTest, ClosingFreesWhatIsHeldBack) {
  link_both();
  const uint16_t id = connect(application_);
  leg(other()).send({RelayCommand::kConfluxSwitch}, {0, 0, 0, 2});
  leg(other()).send({RelayCommand::kData, id}, {'b'});
  ASSERT_TRUE(run([&] { return tunnel_->stats().held_cells == 1; }));
  tunnel_->close("the test asks for it");
  ASSERT_TRUE(run([&] { return closed_ && application_.was_reset(); }));
  mpath_instance_info info;
  tunnel_.reset();
  ASSERT_EQ(plugin_->instance().info(&info), mpath::Status::kOk);
  EXPECT_EQ(info.held_bytes, 0u);
  EXPECT_EQ(info.tunnels, 0u);
}

}  // namespace
}  // namespace onion_proxy
