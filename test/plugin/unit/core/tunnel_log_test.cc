// What a tunnel says for the log: each entry whole, once, and nothing beside it.
#include <gmock/gmock.h>

#include <ostream>
#include <tuple>

#include "test/plugin/unit/support/drains.h"
#include "test/plugin/unit/support/tunnels.h"

namespace conflux {

// Entries are plain data of the core; tests compare and print them.
static bool operator==(const LogEntry& a, const LogEntry& b) {
  return std::tie(a.event, a.level, a.reason, a.leg, a.value) ==
         std::tie(b.event, b.level, b.reason, b.leg, b.value);
}
static void PrintTo(const LogEntry& entry, std::ostream* out) {
  *out << "event " << static_cast<int>(entry.event) << " level " << static_cast<int>(entry.level)
       << " reason " << static_cast<int>(entry.reason) << " leg " << entry.leg.raw() << " value "
       << entry.value;
}

namespace {

using namespace std::chrono_literals;
using test::TunnelRig;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr LegOrdinal kNoLeg{0};

class TunnelLog : public ::testing::Test {
 protected:
  // What has been logged since the last look.
  std::vector<LogEntry> take() {
    std::vector<LogEntry> taken;
    taken.swap(rig_.tunnel.log());
    return taken;
  }
  void link_all(std::size_t count) {
    rig_.link_all(count);
    take();
  }

  TunnelRig rig_{TunnelConfig{.send = {.scheduler = SchedulerKind::kMinRtt},
                              .reorder = {.tunnel_limit = Bytes{1U << 20U},
                                          .high_water = Bytes{100},
                                          .low_water = Bytes{40},
                                          .stall_timeout = 30s},
                              .log_level = LogLevel::kTrace}};
};

TEST_F(TunnelLog, TellsOfCreationJoiningAndTheHandshake) {
  EXPECT_THAT(take(), ElementsAre(LogEntry{LogEvent::kTunnelCreated, LogLevel::kDebug, Reason::NONE,
                                           LegOrdinal{1}, 0}));
  ASSERT_EQ(rig_.join(2), Outcome::kOk);
  EXPECT_THAT(take(), ElementsAre(LogEntry{LogEvent::kLegsAdded, LogLevel::kInfo, Reason::NONE,
                                           kNoLeg, 3}));
  ASSERT_EQ(rig_.tunnel.link(rig_.now), Outcome::kOk);
  EXPECT_THAT(take(), IsEmpty());
  rig_.poll();
  const auto link_sent = [](std::uint32_t leg) {
    return LogEntry{LogEvent::kLinkSent, LogLevel::kDebug, Reason::NONE, LegOrdinal{leg}, 0};
  };
  EXPECT_THAT(take(), ElementsAre(link_sent(1), link_sent(2), link_sent(3)));
  rig_.now += 25ms;
  ASSERT_EQ(rig_.linked(rig_.leg(1)), Outcome::kConsumed);
  EXPECT_THAT(take(), ElementsAre(LogEntry{LogEvent::kLinked, LogLevel::kInfo, Reason::NONE,
                                           LegOrdinal{2}, 25'000}));
}

TEST_F(TunnelLog, WarnsOfEachLegThatTimesOut) {
  ASSERT_EQ(rig_.join(1), Outcome::kOk);
  ASSERT_EQ(rig_.tunnel.link(rig_.now), Outcome::kOk);
  rig_.poll();
  take();
  rig_.now += 60s;
  rig_.poll();
  const auto timed_out = [](std::uint32_t leg) {
    return LogEntry{LogEvent::kHandshakeTimedOut, LogLevel::kWarn, Reason::HANDSHAKE_TIMEOUT,
                    LegOrdinal{leg}, 0};
  };
  EXPECT_THAT(take(), ElementsAre(timed_out(1), timed_out(2)));
}

TEST_F(TunnelLog, TracesTheFirstLegAndEachSwitchButNoCellInBetween) {
  link_all(2);
  ASSERT_EQ(rig_.route(CommandClass::kData, 5), Outcome::kOk);
  EXPECT_THAT(take(), ElementsAre(LogEntry{LogEvent::kInitialPrimary, LogLevel::kTrace,
                                           Reason::NONE, LegOrdinal{1}, 0}));
  ASSERT_EQ(rig_.route(), Outcome::kOk);
  EXPECT_THAT(take(), IsEmpty());
  ASSERT_EQ(rig_.route_with_rtt({900'000, 1000}), Outcome::kOk);
  EXPECT_THAT(take(), ElementsAre(LogEntry{LogEvent::kPrimarySwitched, LogLevel::kTrace,
                                           Reason::NONE, LegOrdinal{2}, 6}));
}

TEST_F(TunnelLog, TellsOfThePressureWhenItComesAndWhenItGoes) {
  link_all(2);
  ASSERT_EQ(rig_.switched(rig_.leg(1), 2), Outcome::kConsumed);
  ASSERT_EQ(rig_.data(rig_.leg(1), 60), Outcome::kHeld);
  ASSERT_EQ(rig_.data(rig_.leg(1), 39), Outcome::kHeld);
  EXPECT_THAT(take(), IsEmpty()) << "one byte below the mark";
  ASSERT_EQ(rig_.data(rig_.leg(1), 1), Outcome::kHeld);
  EXPECT_THAT(take(), ElementsAre(LogEntry{LogEvent::kHighWater, LogLevel::kInfo, Reason::NONE,
                                           kNoLeg, 100}));
  ASSERT_EQ(rig_.data(rig_.leg(1), 50), Outcome::kHeld);
  EXPECT_THAT(take(), IsEmpty()) << "once";
  ASSERT_EQ(rig_.data(rig_.leg(0)), Outcome::kOk);
  ASSERT_EQ(rig_.data(rig_.leg(0)), Outcome::kOk);
  std::array<DrainedToken, 1> one;
  for (const std::uint64_t left : {90U, 51U, 50U}) {
    ASSERT_EQ(test::drain(rig_.tunnel, one), 1U);
    EXPECT_EQ(rig_.tunnel.receiver().queue().bytes(), Bytes{left});
  }
  EXPECT_THAT(take(), IsEmpty()) << "above the low mark";
  ASSERT_EQ(test::drain(rig_.tunnel, one), 1U);
  EXPECT_THAT(take(), ElementsAre(LogEntry{LogEvent::kLowWater, LogLevel::kDebug, Reason::NONE,
                                           kNoLeg, 0}));
}

TEST_F(TunnelLog, HasReachedTheLowMarkWhenItHoldsAsMuch) {
  link_all(2);
  ASSERT_EQ(rig_.switched(rig_.leg(1), 1), Outcome::kConsumed);
  ASSERT_EQ(rig_.data(rig_.leg(1), 60), Outcome::kHeld);
  ASSERT_EQ(rig_.data(rig_.leg(1), 40), Outcome::kHeld);
  take();
  ASSERT_EQ(rig_.data(rig_.leg(0)), Outcome::kOk);
  std::array<DrainedToken, 1> one;
  ASSERT_EQ(test::drain(rig_.tunnel, one), 1U);
  EXPECT_THAT(take(), ElementsAre(LogEntry{LogEvent::kLowWater, LogLevel::kDebug, Reason::NONE,
                                           kNoLeg, 40}));
}

TEST_F(TunnelLog, TellsOfEachLegThatLeaves) {
  link_all(3);
  ASSERT_EQ(rig_.tunnel.remove_leg(rig_.leg(1), Reason::RETIRED, rig_.views(), rig_.now),
            Outcome::kOk);
  EXPECT_THAT(take(), ElementsAre(LogEntry{LogEvent::kLegRemoved, LogLevel::kInfo, Reason::RETIRED,
                                           LegOrdinal{2}, 2}));
}

TEST_F(TunnelLog, TellsOfALegThatIsTakenAndOfTheEnd) {
  take();
  std::optional<Leg> leg;
  ASSERT_EQ(rig_.tunnel.take_single_leg(leg, rig_.now), Outcome::kOk);
  EXPECT_THAT(
      take(),
      ElementsAre(LogEntry{LogEvent::kLegTaken, LogLevel::kDebug, Reason::TAKEN, LegOrdinal{1}, 0},
                  LogEntry{LogEvent::kTunnelClosed, LogLevel::kInfo, Reason::TAKEN, kNoLeg, 0}));
}

TEST_F(TunnelLog, NamesTheLegOfAViolationAndWhatIsStillHeld) {
  link_all(2);
  ASSERT_EQ(rig_.switched(rig_.leg(1), 1), Outcome::kConsumed);
  ASSERT_EQ(rig_.data(rig_.leg(1)), Outcome::kHeld);
  ASSERT_EQ(rig_.data(rig_.leg(1)), Outcome::kHeld);
  ASSERT_EQ(rig_.switched(rig_.leg(1), 0), Outcome::kViolation);
  EXPECT_THAT(
      take(),
      ElementsAre(
          LogEntry{LogEvent::kViolation, LogLevel::kWarn, Reason::SWITCH_ZERO, LegOrdinal{2}, 0},
          LogEntry{LogEvent::kTunnelClosed, LogLevel::kWarn, Reason::SWITCH_ZERO, kNoLeg, 2}));
}

TEST_F(TunnelLog, BlamesNoLegForANumberThatTwoHaveClaimed) {
  link_all(3);
  ASSERT_EQ(rig_.switched(rig_.leg(1), 1), Outcome::kConsumed);
  ASSERT_EQ(rig_.switched(rig_.leg(2), 1), Outcome::kConsumed);
  ASSERT_EQ(rig_.data(rig_.leg(1)), Outcome::kHeld);
  ASSERT_EQ(rig_.data(rig_.leg(2)), Outcome::kHeld);
  ASSERT_EQ(rig_.data(rig_.leg(0)), Outcome::kOk);
  std::array<DrainedToken, 4> drained;
  ASSERT_EQ(test::drain(rig_.tunnel, drained), 2U);
  const std::vector<LogEntry> told = take();
  ASSERT_FALSE(told.empty());
  EXPECT_EQ(told[0], (LogEntry{LogEvent::kViolation, LogLevel::kWarn, Reason::SEQUENCE_REPEATED,
                               kNoLeg, 0}));
}

TEST_F(TunnelLog, TellsOncePerReasonThatStreamsArePaused) {
  link_all(2);
  rig_.backlog = 7;
  rig_.window = 0;
  const auto paused = [](Reason reason) {
    return LogEntry{LogEvent::kStreamsPaused, LogLevel::kTrace, reason, kNoLeg, 7};
  };
  rig_.poll();
  EXPECT_THAT(take(), ElementsAre(paused(Reason::PRIMARY_FULL)));
  rig_.poll();
  EXPECT_THAT(take(), IsEmpty());
  rig_.flags = MPATH_VIEW_CHANNEL_BLOCKED;
  rig_.poll();
  EXPECT_THAT(take(), ElementsAre(paused(Reason::CHANNEL_BLOCKED)));
  rig_.flags = 0;
  rig_.window = 10;
  rig_.poll();
  EXPECT_THAT(take(), IsEmpty()) << "they go on";
  rig_.window = 0;
  rig_.poll();
  EXPECT_THAT(take(), ElementsAre(paused(Reason::PRIMARY_FULL))) << "again";
}

TEST(TunnelLogOfAnUnknownUx, WarnsAndAsksForMinimumLatency) {
  for (const std::uint8_t ux : {std::uint8_t{4}, std::uint8_t{5}}) {
    TunnelRig rig(TunnelConfig{.desired_ux = ux, .log_level = LogLevel::kWarn});
    ASSERT_EQ(rig.join(1), Outcome::kOk);
    ASSERT_EQ(rig.tunnel.link(rig.now), Outcome::kOk);
    const std::vector<Event> events = rig.poll();
    ASSERT_EQ(test::count(events, EventKind::kSendCell), 2U);
    EXPECT_EQ(events[0].cell.body[49], ux == 4 ? 4 : 1);
    EXPECT_EQ(rig.tunnel.log().size(), ux == 4 ? 0U : 2U);
    for (const LogEntry& entry : rig.tunnel.log()) {
      EXPECT_EQ(entry.event, LogEvent::kUnknownDesiredUx);
      EXPECT_EQ(entry.level, LogLevel::kWarn);
      EXPECT_EQ(entry.value, 5U);
    }
  }
}

TEST(TunnelLogBound, KeepsExactlySoManyEntriesOfOneCall) {
  TunnelRig rig(TunnelConfig{.log_level = LogLevel::kTrace});
  while (rig.tunnel.log().size() < kLogEntriesMax) {
    ASSERT_EQ(rig.join(1), Outcome::kOk);
    ASSERT_EQ(rig.tunnel.remove_leg(rig.leg(1), Reason::RETIRED, rig.views(), rig.now),
              Outcome::kOk);
    rig.poll();
  }
  ASSERT_EQ(rig.join(1), Outcome::kOk);
  EXPECT_EQ(rig.tunnel.log().size(), kLogEntriesMax);
}

}  // namespace
}  // namespace conflux
