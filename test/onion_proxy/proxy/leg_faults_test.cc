// What one relay of a leg does wrong, and whom it costs something.
#include <functional>

#include "test/onion_proxy/support/two_legs.h"

namespace onion_proxy {
namespace {

using test::FakeLeg;
using ::testing::ElementsAre;

constexpr size_t kMiddle = 1;
constexpr size_t kExit = 2;

class LegFaultsTest : public test::TwoLegs {
 protected:
  LegFaultsTest() { replacements_max_ = 1; }

  // Leg 1 carries a stream; leg 2 is built, and its LINK is not answered yet.
  void serve_on_one_leg() {
    link(1);
    ASSERT_TRUE(run([&] { return ready_; }));
    ASSERT_TRUE(run([&] { return leg(2).find(RelayCommand::kConfluxLink) != nullptr; }));
    connect(application_);
    ASSERT_EQ(carrier_, 1u);
  }
};

// Something that a guard or a middle can do alone.
struct Fault {
  std::string name;
  std::function<void(FakeLeg&)> happen;
};
void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

std::vector<Fault> faults() {
  return {{"Truncated", [](FakeLeg& leg) { leg.send({RelayCommand::kTruncated}, {8}, kMiddle); }},
          {"NoHopMadeIt",
           [](FakeLeg& leg) {
             leg.send_link_cell(LinkCommand::kRelay, Bytes(kCellPayloadSize, 0x55));
           }},
          {"RelayEarly",
           [](FakeLeg& leg) {
             leg.send_link_cell(LinkCommand::kRelayEarly, Bytes(kCellPayloadSize, 0));
           }},
          {"OnlyTheExitMaySendIt",
           [](FakeLeg& leg) {
             leg.send({RelayCommand::kConfluxSwitch}, {0, 0, 0, 1}, kMiddle);
           }},
          {"NoRelaySendsIt", [](FakeLeg& leg) {
             leg.send({RelayCommand::kExtended2}, {1, 2, 3}, kMiddle);
           }}};
}

class FaultOfARelay : public LegFaultsTest, public ::testing::WithParamInterface<Fault> {};

TEST_P(FaultOfARelay, OnALegThatIsNotLinkedCostsThatLegOnly) {
  // Given a tunnel that serves over one leg, while the other one asks to be linked,
  replacement_ = ChosenPath{.hops = leg(2).path(), .nicknames = {"g", "m", "e"}};
  serve_on_one_leg();
  // when a relay of that one is at fault,
  GetParam().happen(leg(2));
  // then one in its place joins the same set,
  ASSERT_TRUE(run([&] { return closed_ || leg(2).count(RelayCommand::kConfluxLink) == 2; }));
  ASSERT_FALSE(closed_) << tunnel_->close_reason();
  EXPECT_EQ(replacements_asked_, 1u);
  EXPECT_EQ(tunnel_->stats().legs[1].state, "closed");
  EXPECT_EQ(leg(2).cells().back().body, leg(1).find(RelayCommand::kConfluxLink)->body);
  // whoever may have done it is avoided, except the guard,
  const std::vector<RelayInfo> path = leg(2).path();
  EXPECT_THAT(suspects_, ElementsAre(path[1], path[2]));
  // and the stream goes on.
  application_.send("question");
  EXPECT_TRUE(run([&] { return leg(1).find(RelayCommand::kData) != nullptr; }));
  EXPECT_FALSE(application_.was_reset());
}

TEST_P(FaultOfARelay, OnALinkedLegClosesTheTunnelAsItsLossDoes) {
  link_both();
  connect(application_);
  GetParam().happen(leg(other()));
  expect_closes("leg " + std::to_string(other()) + " is gone");
  EXPECT_TRUE(run([&] { return application_.was_reset(); }));
  EXPECT_TRUE(run([&] { return leg(carrier_).is_destroyed() && leg(other()).is_destroyed(); }));
  EXPECT_EQ(replacements_asked_, 0u);
}

INSTANTIATE_TEST_SUITE_P(Every, FaultOfARelay, ::testing::ValuesIn(faults()),
                         [](const auto& tested) { return tested.param.name; });

TEST_F(LegFaultsTest, WhatTheExitItselfBreaksClosesTheTunnelOnALegThatIsNotLinkedToo) {
  serve_on_one_leg();
  leg(2).send({RelayCommand::kExtended2}, {1, 2, 3}, kExit);
  expect_closes("leg 2: an unexpected EXTENDED2");
  EXPECT_TRUE(run([&] { return application_.was_reset(); }));
  EXPECT_EQ(replacements_asked_, 0u);
}

}  // namespace
}  // namespace onion_proxy
