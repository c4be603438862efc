// Each scheduler by its name in the configuration: it decides as its kind does, profile stock has
// none of them, and a reload leaves the tunnels that there are alone.
#include <gtest/gtest.h>

#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

std::string config_of(const std::string& scheduler, const std::string& profile = "fast") {
  return "version: 1\nconflux:\n  profile: " + profile + "\n  scheduler: " + scheduler + "\n";
}

void reload(Host& host, const std::string& yaml) {
  const mpath_config_text text = mpath::ConfigText{yaml, "reload.yaml"}.raw();
  ASSERT_EQ(host.table.instance_reload(host.instance, &text, nullptr), MPATH_OK);
}

// Two legs, linked, the first of 10 ms; `sent` DATA cells have gone on it by the scheduler's
// choice.
void begin(Host& host, std::uint32_t slow_ms, std::uint32_t sent) {
  host.join_and_link(2);
  host.view(1).ewma_rtt_us = 10'000;
  host.view(2).ewma_rtt_us = slow_ms * 1000;
  host.backlog = 1;
  ASSERT_EQ(host.send(kBegin).leg, 1);
  ASSERT_EQ(host.send(kData, sent), on_leg(1, sent));
}
void fill(Host& host) { host.view(1).inflight = host.view(1).cwnd; }

constexpr std::uint32_t kFarMs = 50;
const Grant kWaits = blocked(Reason::kPrimaryFull);
const Grant kAllOfLeg2 = on_leg(2, 124);

// What becomes of 200 DATA cells. Windows are 124; but for `flip` the fast leg, of 10 ms, is full.
struct Behaviour {
  std::string name;
  Grant far;        // the other leg has 50 ms
  Grant far_much;   // and there is much to send
  Grant near;       // the other leg has 15 ms
  Grant next;       // 50 ms, and a whole window has gone on the first leg
  int leg_on_flip;  // the other leg becomes the faster one, in the middle of a window
};
void PrintTo(const Behaviour& behaviour, std::ostream* out) { *out << behaviour.name; }

std::vector<Behaviour> behaviours() {
  return {{"min_rtt", kWaits, kWaits, kWaits, kWaits, 2},
          {"low_rtt", kAllOfLeg2, kAllOfLeg2, kAllOfLeg2, kAllOfLeg2, 2},
          {"cwnd_rtt", on_leg(2, 24), on_leg(2, 24), on_leg(2, 82), on_leg(2, 24), 2},
          {"min_rtt_low_mem", kWaits, kWaits, kWaits, kWaits, 1},
          {"low_rtt_low_mem", kWaits, kWaits, kWaits, kAllOfLeg2, 1},
          {"blest", kWaits, kWaits, kAllOfLeg2, kWaits, 2},
          {"ecf", kWaits, kAllOfLeg2, kAllOfLeg2, kWaits, 2}};
}

class SchedulerByName : public ::testing::TestWithParam<Behaviour> {
 protected:
  // The decision when the first leg is full. A SWITCH, where there is one, is not what counts here.
  Grant decide(std::uint32_t slow_ms, std::uint32_t backlog, std::uint32_t sent) const {
    Host host({.config = config_of(GetParam().name)});
    begin(host, slow_ms, sent);
    fill(host);
    host.backlog = backlog;
    Grant grant = host.route(kData, 200);
    EXPECT_EQ(grant.switch_delta.has_value(), grant.status == Status::kOk);
    grant.switch_delta = std::nullopt;
    return grant;
  }
};

INSTANTIATE_TEST_SUITE_P(Name, SchedulerByName, ::testing::ValuesIn(behaviours()),
                         [](const auto& named) { return named.param.name; });

TEST_P(SchedulerByName, DecidesAsItsKindDoesInProfileFast) {
  EXPECT_EQ(decide(kFarMs, 1, 1), GetParam().far);
  EXPECT_EQ(decide(kFarMs, 100'000, 1), GetParam().far_much);
  EXPECT_EQ(decide(15, 1, 1), GetParam().near);
  EXPECT_EQ(decide(kFarMs, 1, 124), GetParam().next);
}

TEST_P(SchedulerByName, LeavesItsLegForAFasterOneOnlyIfItsKindDoes) {
  Host host({.config = config_of(GetParam().name)});
  begin(host, kFarMs, 1);
  host.view(2).ewma_rtt_us = 5'000;
  EXPECT_EQ(host.route(kData).leg, GetParam().leg_on_flip);
}

TEST_P(SchedulerByName, IsRefusedInProfileStock) {
  try {
    const Host host({.config = config_of(GetParam().name, "stock")});
    FAIL() << "accepted";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("conflux.scheduler"), std::string::npos)
        << error.what();
    EXPECT_NE(std::string(error.what()).find("stock"), std::string::npos) << error.what();
  }
}

TEST_P(SchedulerByName, ComesByReloadToNewTunnelsOnly) {
  // Given a tunnel under low_rtt, which goes on with the other leg when the first is full:
  Host old({.config = config_of("low_rtt")});
  begin(old, kFarMs, 1);
  reload(old, config_of(GetParam().name));
  // Then it keeps its own scheduler,
  fill(old);
  EXPECT_EQ(old.route(kData, 200).leg, 2);
  // and the next tunnel has the new one.
  Host fresh({.beside = &old});
  begin(fresh, kFarMs, 1);
  fill(fresh);
  Grant grant = fresh.route(kData, 200);
  grant.switch_delta = std::nullopt;
  EXPECT_EQ(grant, GetParam().far);
}

TEST_P(SchedulerByName, IsKeptByItsTunnelWhenAReloadNamesAnother) {
  Host old({.config = config_of(GetParam().name)});
  begin(old, kFarMs, 1);
  reload(old, config_of(GetParam().name == "low_rtt" ? "min_rtt" : "low_rtt"));
  fill(old);
  Grant grant = old.route(kData, 200);
  grant.switch_delta = std::nullopt;
  EXPECT_EQ(grant, GetParam().far);
}

class LowMemByName : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Name, LowMemByName,
                         ::testing::Values("min_rtt_low_mem", "low_rtt_low_mem"),
                         [](const auto& named) { return std::string(named.param); });

// As in a tunnel that only downloads: BEGIN, END, XON, and no DATA.
TEST_P(LowMemByName, ChangesLegsOncePerWindowThoughNoCellIsData) {
  Host host({.config = config_of(GetParam())});
  host.join_and_link(2);
  host.view(2).ewma_rtt_us = 20'000;
  constexpr int kWindows = 4;
  int leg = host.send(kBegin).leg;
  int switches = 0;
  for (std::uint32_t cell = 1; cell < kWindows * host.view(1).cwnd; ++cell) {
    // Given round trips that change places again and again,
    host.view(1).ewma_rtt_us = cell % 3 == 0 ? 10'000 : 30'000;
    const Grant grant = host.send(kBegin);
    ASSERT_EQ(grant.status, Status::kOk);
    switches += grant.leg != leg ? 1 : 0;
    leg = grant.leg;
  }
  // Then the leg is another one after whole windows only.
  EXPECT_LE(switches, kWindows);
  EXPECT_GE(switches, 2) << "too quiet to show anything";
}

TEST(Schedulers, AreRefusedUnderAnUnknownName) {
  EXPECT_THROW(Host({.config = config_of("round_robin")}), std::runtime_error);
}

}  // namespace
}  // namespace conflux::test
