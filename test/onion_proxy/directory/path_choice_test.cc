#include "examples/onion_proxy/directory/path_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace onion_proxy {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Relay make_relay(const std::string& nickname, uint8_t number) {
  Relay relay;
  relay.nickname = nickname;
  relay.info.rsa_id[0] = number;
  relay.info.ed_id[0] = number;
  relay.info.or_port = 9001;
  relay.flags.running = relay.flags.valid = relay.flags.guard = relay.flags.exit = true;
  relay.protocols = ProtocolSet::parse("Conflux=1 FlowCtrl=1-2 Relay=2-6").value();
  relay.bandwidth = 100;
  return relay;
}

class PathChoiceTest : public testing::Test {
 protected:
  // `middles` relays m1.. and two exits x1 and x2 that allow every port.
  void build(int middles) {
    network_.relays.clear();
    for (int i = 1; i <= middles; ++i) {
      network_.relays.push_back(make_relay("m" + std::to_string(i), static_cast<uint8_t>(i)));
    }
    for (int i = 1; i <= 2; ++i) {
      network_.relays.push_back(make_relay("x" + std::to_string(i), static_cast<uint8_t>(200 + i)));
      network_.relays.back().exit_ports = ExitPorts::parse("accept 1-65535").value();
    }
  }
  Relay& relay(const std::string& nickname) {
    for (Relay& candidate : network_.relays) {
      if (candidate.nickname == nickname) return candidate;
    }
    throw std::logic_error("no relay " + nickname);
  }
  Result<PathChoice> choose(const PathRequest& request) {
    return choose_paths(network_, request, random_);
  }
  std::string error_of(const PathRequest& request) {
    const auto choice = choose(request);
    return choice.ok() ? "(no error)" : choice.error();
  }

  NetworkView network_;
  std::mt19937_64 engine_{329};
  RandomBelow random_ = [this](uint64_t bound) {
    return std::uniform_int_distribution<uint64_t>(0, bound - 1)(engine_);
  };
};

TEST_F(PathChoiceTest, LegsAreDisjointWhereTheNetworkIsLargeEnough) {
  build(4);
  for (int round = 0; round < 200; ++round) {
    const auto choice = choose({.legs = 2, .port = 80});
    ASSERT_TRUE(choice.ok()) << choice.error();
    EXPECT_THAT(choice.value().sharing, IsEmpty());
    std::set<std::string> names;
    for (const ChosenPath& path : choice.value().legs) {
      ASSERT_EQ(path.hops.size(), 3U);
      names.insert(path.nicknames.begin(), path.nicknames.end());
    }
    // Two guards, two middles, one exit.
    EXPECT_EQ(names.size(), 5U);
    EXPECT_EQ(choice.value().legs[0].hops[2], choice.value().legs[1].hops[2]);
  }
}

TEST_F(PathChoiceTest, OtherExitsServeBeforeRelaysAreShared) {
  build(3);
  for (int round = 0; round < 100; ++round) {
    const auto choice = choose({.legs = 2, .port = 80});
    ASSERT_TRUE(choice.ok()) << choice.error();
    EXPECT_THAT(choice.value().sharing, IsEmpty());
  }
}

TEST_F(PathChoiceTest, SharingIsSaidInWordsAndSpreadEvenly) {
  build(2);
  const auto choice = choose({.legs = 3, .port = 80});
  ASSERT_TRUE(choice.ok()) << choice.error();
  EXPECT_FALSE(choice.value().sharing.empty());
  EXPECT_THAT(choice.value().sharing,
              Contains(testing::AnyOf(HasSubstr("share the"), HasSubstr("is the guard of leg"),
                                      HasSubstr("is the middle of leg"))));
  std::map<std::string, int> uses;
  for (const ChosenPath& path : choice.value().legs) {
    ++uses[path.nicknames[0]];
    ++uses[path.nicknames[1]];
  }
  // Six places, three relays beside the exit.
  for (const auto& [name, count] : uses) EXPECT_LE(count, 3) << name;
}

TEST_F(PathChoiceTest, NoLegVisitsARelayTwice) {
  build(2);
  for (int round = 0; round < 100; ++round) {
    const auto choice = choose({.legs = 8, .port = 80});
    ASSERT_TRUE(choice.ok()) << choice.error();
    for (const ChosenPath& path : choice.value().legs) {
      EXPECT_EQ(std::set<std::string>(path.nicknames.begin(), path.nicknames.end()).size(), 3U);
    }
  }
}

TEST_F(PathChoiceTest, TheExitIsChosenByItsPolicyNotByItsFlag) {
  build(6);
  // All have the flag; only x1 allows port 25.
  relay("x2").exit_ports = ExitPorts::parse("reject 25").value();
  for (int round = 0; round < 50; ++round) {
    const auto choice = choose({.legs = 2, .port = 25});
    ASSERT_TRUE(choice.ok()) << choice.error();
    EXPECT_EQ(choice.value().legs[0].nicknames[2], "x1");
  }
}

TEST_F(PathChoiceTest, BadExitsAndMiddleOnlyRelaysAreNoExits) {
  build(4);
  relay("x1").flags.bad_exit = true;
  relay("x2").flags.middle_only = true;
  EXPECT_EQ(error_of({.legs = 1, .port = 80}), "no exit allows port 80 in its policy");
}

TEST_F(PathChoiceTest, SeveralLegsNeedAnExitThatSpeaksConflux) {
  build(4);
  relay("x1").protocols = ProtocolSet::parse("FlowCtrl=1-2 Relay=2-6").value();
  relay("x2").protocols = ProtocolSet::parse("Conflux=1 FlowCtrl=1 Relay=2-6").value();
  EXPECT_EQ(error_of({.legs = 2, .port = 80}),
            "no exit for that port speaks Conflux=1, FlowCtrl=2 and Relay=4");
  EXPECT_EQ(error_of({.legs = 1, .multipath = true, .port = 80}),
            "no exit for that port speaks Conflux=1, FlowCtrl=2 and Relay=4");
  const auto single = choose({.legs = 1, .port = 80});
  ASSERT_TRUE(single.ok()) << single.error();
  EXPECT_EQ(single.value().legs[0].nicknames[2], "x1");
}

TEST_F(PathChoiceTest, GuardsHaveTheGuardFlag) {
  build(6);
  for (const char* name : {"m1", "m2", "m3", "m4"}) relay(name).flags.guard = false;
  for (int round = 0; round < 50; ++round) {
    const auto choice = choose({.legs = 2, .port = 80});
    ASSERT_TRUE(choice.ok()) << choice.error();
    for (const ChosenPath& path : choice.value().legs) {
      EXPECT_THAT((std::vector<std::string>{"m5", "m6"}), Contains(path.nicknames[0]));
    }
  }
}

TEST_F(PathChoiceTest, RelaysOfOneFamilyDoNotMeetInALeg) {
  build(4);
  relay("m1").family_ids = relay("m2").family_ids = {"ed25519:same"};
  for (int round = 0; round < 200; ++round) {
    const auto choice = choose({.legs = 2, .port = 80});
    ASSERT_TRUE(choice.ok()) << choice.error();
    for (const ChosenPath& path : choice.value().legs) {
      const bool first = path.nicknames[0] == "m1" || path.nicknames[0] == "m2";
      const bool second = path.nicknames[1] == "m1" || path.nicknames[1] == "m2";
      EXPECT_FALSE(first && second);
    }
  }
}

// C tor's further guards ignored the exit's family (#40976). All legs end at that exit.
TEST_F(PathChoiceTest, R16_NoLegMeetsTheFamilyOfTheExitNotEvenAFurtherOne) {
  build(8);
  for (const char* name : {"m1", "m2", "m3"}) relay(name).family_ids = {"ed25519:of-the-exits"};
  for (const char* name : {"x1", "x2"}) relay(name).family_ids = {"ed25519:of-the-exits"};
  for (int round = 0; round < 100; ++round) {
    auto choice = choose({.legs = 2, .port = 80});
    ASSERT_TRUE(choice.ok()) << choice.error();
    const auto further = choose_further_leg(network_, {}, choice.value().legs, random_);
    ASSERT_TRUE(further.ok()) << further.error();
    choice.value().legs.push_back(further.value().legs.front());
    for (const ChosenPath& path : choice.value().legs) {
      for (const size_t hop : {0, 1}) {
        EXPECT_THAT((std::vector<std::string>{"m4", "m5", "m6", "m7", "m8"}),
                    Contains(path.nicknames[hop]));
      }
    }
  }
}

TEST_F(PathChoiceTest, LegsStayDisjointAmongRelaysThatAreAllToBeAvoided) {
  build(4);
  std::vector<RelayInfo> avoid;
  for (const Relay& each : network_.relays) avoid.push_back(each.info);
  for (int round = 0; round < 50; ++round) {
    const auto choice = choose({.legs = 2, .port = 80, .avoid = avoid});
    ASSERT_TRUE(choice.ok()) << choice.error();
    EXPECT_THAT(choice.value().sharing, IsEmpty());
  }
}

TEST_F(PathChoiceTest, PinsBindTheirLegAndKeepOthersAway) {
  build(5);
  for (int round = 0; round < 50; ++round) {
    const auto choice =
        choose({.legs = 2, .port = 80, .pins = {{"", "m1", "x2"}, {"m2", "m3", ""}}});
    ASSERT_TRUE(choice.ok()) << choice.error();
    EXPECT_EQ(choice.value().legs[0].nicknames[1], "m1");
    EXPECT_EQ(choice.value().legs[0].nicknames[2], "x2");
    EXPECT_THAT(choice.value().legs[1].nicknames, ElementsAre("m2", "m3", "x2"));
    EXPECT_THAT(choice.value().sharing, IsEmpty());
  }
}

TEST_F(PathChoiceTest, PinsMayForceSharing) {
  build(4);
  const auto choice =
      choose({.legs = 2, .port = 80, .pins = {{"m1", "m2", "x1"}, {"m1", "m2", "x1"}}});
  ASSERT_TRUE(choice.ok()) << choice.error();
  EXPECT_THAT(choice.value().sharing,
              ElementsAre("legs 1 and 2 share the guard", "legs 1 and 2 share the middle"));
}

TEST_F(PathChoiceTest, SaysWhatPinsAskInVain) {
  build(4);
  EXPECT_EQ(error_of({.legs = 1, .exit_nickname = "nobody"}),
            "no running relay is called `nobody`");
  EXPECT_EQ(error_of({.legs = 1, .port = 80, .exit_nickname = "m1"}),
            "no exit allows port 80 in its policy");
  EXPECT_EQ(error_of({.legs = 2, .pins = {{"", "", "x1"}, {"", "", "x2"}}}),
            "all legs end at one exit, but both `x1` and `x2` are asked for");
  EXPECT_EQ(error_of({.legs = 1, .pins = {{"x1", "m1", "x1"}}}),
            "`x1` cannot be the guard of leg 1: it does not run, or the leg has it already");
}

TEST_F(PathChoiceTest, SaysThatANetworkIsTooSmall) {
  build(0);
  EXPECT_EQ(error_of({.legs = 1, .port = 80}),
            "no middle is left for leg 1: the network is too small");
}

TEST_F(PathChoiceTest, RelaysToAvoidAreTheLastResort) {
  build(4);
  const std::vector<RelayInfo> avoid = {relay("m1").info, relay("x1").info};
  for (int round = 0; round < 50; ++round) {
    const auto choice = choose({.legs = 1, .port = 80, .avoid = avoid});
    ASSERT_TRUE(choice.ok()) << choice.error();
    EXPECT_NE(choice.value().legs[0].nicknames[0], "m1");
    EXPECT_NE(choice.value().legs[0].nicknames[1], "m1");
    EXPECT_EQ(choice.value().legs[0].nicknames[2], "x2");
  }
  EXPECT_EQ(error_of({.legs = 1, .port = 80, .exit_nickname = "x1", .avoid = avoid}), "(no error)");
}

TEST_F(PathChoiceTest, BandwidthDecidesHowOftenARelayIsTaken) {
  build(3);
  relay("x2").flags.bad_exit = true;
  relay("m1").bandwidth = 8999;
  relay("m2").bandwidth = 999;
  relay("m3").flags.guard = false;
  int first = 0;
  constexpr int kRounds = 5000;
  for (int round = 0; round < kRounds; ++round) {
    first += choose({.legs = 1, .port = 80}).value().legs[0].nicknames[0] == "m1" ? 1 : 0;
  }
  // Expected 0.9; five standard deviations are 0.02.
  EXPECT_NEAR(static_cast<double>(first) / kRounds, 0.9, 0.02);
}

TEST_F(PathChoiceTest, ARelayWithoutBandwidthStaysPossible) {
  build(4);
  for (Relay& each : network_.relays) each.bandwidth = 0;
  std::set<std::string> guards;
  for (int round = 0; round < 200; ++round) {
    guards.insert(choose({.legs = 1, .port = 80}).value().legs[0].nicknames[0]);
  }
  EXPECT_THAT(guards, ElementsAre("m1", "m2", "m3", "m4"));
}

TEST_F(PathChoiceTest, AFurtherLegKeepsTheExitAndStaysClearOfTheOthers) {
  build(6);
  const auto choice = choose({.legs = 2, .port = 80});
  ASSERT_TRUE(choice.ok()) << choice.error();
  const auto further = choose_further_leg(network_, {}, choice.value().legs, random_);
  ASSERT_TRUE(further.ok()) << further.error();
  ASSERT_EQ(further.value().legs.size(), 1U);
  EXPECT_THAT(further.value().sharing, IsEmpty());
  EXPECT_EQ(further.value().legs[0].hops[2], choice.value().legs[0].hops[2]);
}

TEST_F(PathChoiceTest, AFurtherLegNeedsTheTunnelsRelaysInTheConsensus) {
  build(6);
  const auto choice = choose({.legs = 2, .port = 80});
  ASSERT_TRUE(choice.ok()) << choice.error();
  network_.relays.clear();
  const auto further = choose_further_leg(network_, {}, choice.value().legs, random_);
  ASSERT_FALSE(further.ok());
  EXPECT_EQ(further.error(), "a relay of the tunnel is no longer in the consensus");
}

TEST(PathPinsText, TakesThreeNamesWithGaps) {
  const auto pins = parse_path_pins("relay0,*,exit0");
  ASSERT_TRUE(pins.ok()) << pins.error();
  EXPECT_EQ(pins.value().guard, "relay0");
  EXPECT_EQ(pins.value().middle, "");
  EXPECT_EQ(pins.value().exit, "exit0");
  EXPECT_TRUE(parse_path_pins(",,").ok());
  for (const char* text : {"", "a,b", "a,b,c,d"}) EXPECT_FALSE(parse_path_pins(text).ok()) << text;
}

TEST(RandomBelowSource, StaysBelowItsBound) {
  const RandomBelow random_below = make_random_below();
  std::set<uint64_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(random_below(3));
  EXPECT_THAT(seen, ElementsAre(0, 1, 2));
  EXPECT_EQ(random_below(1), 0U);
}

}  // namespace
}  // namespace onion_proxy
