#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "test/config/support.h"

namespace conflux::config::test {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string conflux(const std::string& body) { return complaints("version: 1\nconflux:\n" + body); }

TEST(ProfileRule, StockAndFastHaveAtMostTwoLegs) {
  for (const char* profile : {"stock", "fast"}) {
    const std::string head = "  profile: " + std::string(profile) + "\n";
    EXPECT_EQ(conflux(head + "  legs: {count: 2}\n"), "");
    EXPECT_THAT(
        conflux(head + "  legs: {count: 3}\n"),
        HasSubstr("t:4:17: conflux.legs.count: 3 does not go with conflux.profile: " +
                  std::string(profile) + " (3:12): expected at most 2 legs, or `profile: lab`"));
  }
  EXPECT_EQ(conflux("  profile: lab\n  legs: {count: 8}\n"), "");
}

TEST(ProfileRule, NamesTheDefaultIfTheFileDoesNotChoose) {
  EXPECT_THAT(conflux("  legs: {count: 3}\n"), HasSubstr("conflux.profile: stock (default)"));
}

TEST(ProfileRule, StockChoosesItsScheduler) {
  EXPECT_EQ(conflux("  scheduler: auto\n"), "");
  EXPECT_THAT(conflux("  scheduler: min_rtt\n"),
              HasSubstr("conflux.scheduler: min_rtt does not go with conflux.profile: stock"));
  EXPECT_EQ(conflux("  profile: fast\n  scheduler: min_rtt\n"), "");
}

TEST(ProfileRule, StockJoinsFarLegsAtOnce) {
  EXPECT_EQ(conflux("  legs: {far: auto}\n"), "");
  EXPECT_EQ(conflux("  legs: {far: at_once}\n"), "");
  EXPECT_THAT(conflux("  legs: {far: for_bulk}\n"),
              HasSubstr("conflux.legs.far: for_bulk does not go with conflux.profile: stock"));
  EXPECT_EQ(conflux("  profile: fast\n  legs: {far: for_bulk}\n"), "");
}

TEST(ProfileRule, StockWithAnotherUxIsAWarning) {
  const ParseResult result = parse("version: 1\nconflux: {desired_ux: min_latency}\n", "t");
  EXPECT_TRUE(result.ok());
  EXPECT_THAT(to_string(result),
              HasSubstr("warning: conflux.desired_ux: min_latency does not go with"));
  EXPECT_EQ(conflux("  profile: fast\n  desired_ux: min_latency\n"), "");
}

TEST(MetricsRule, SumsAreTenSecondsApartOrMore) {
  EXPECT_EQ(conflux("  metrics: {interval: 10s}\n"), "");
  EXPECT_THAT(conflux("  metrics: {interval: 9s}\n"), HasSubstr("a duration from 10s to 1h"));
}

TEST(MetricsRule, FineGrainedIsForALaboratoryAndWarnsEvenThere) {
  EXPECT_THAT(conflux("  profile: fast\n  metrics: {unsafe_fine_grained: true}\n"),
              HasSubstr("expected `unsafe_fine_grained: false`, or `profile: lab`"));
  const ParseResult result =
      parse("version: 1\nconflux: {profile: lab, metrics: {unsafe_fine_grained: true}}\n", "t");
  EXPECT_TRUE(result.ok());
  EXPECT_THAT(to_string(result), HasSubstr("warning: conflux.metrics.unsafe_fine_grained"));
}

TEST(MetricsRule, DetailWithoutMetricsIsAWarning) {
  const ParseResult result = parse("version: 1\nconflux: {metrics: {detail: local}}\n", "t");
  EXPECT_TRUE(result.ok());
  EXPECT_THAT(to_string(result), HasSubstr("nothing is published while mode is off"));
}

TEST(MetricsRule, AnInstanceIsNamedLikeAFile) {
  for (const char* name : {"proxy", "a", "exit-2", "\"null\""}) {
    EXPECT_EQ(conflux("  metrics: {instance: " + std::string(name) + "}\n"), "") << name;
  }
  for (const char* name :
       {"Proxy", "../x", "a b", "-x", "9", "null", "\"\"", "a23456789012345678901234567890123"}) {
    EXPECT_THAT(conflux("  metrics: {instance: " + std::string(name) + "}\n"),
                HasSubstr("expected a name of at most 32"))
        << name;
  }
}

TEST(LegRule, CountIsAtMostMax) {
  EXPECT_EQ(conflux("  profile: lab\n  legs: {count: 4, max: 4}\n"), "");
  EXPECT_THAT(
      conflux("  profile: lab\n  legs: {count: 5, max: 4}\n"),
      HasSubstr("conflux.legs.count: 5 does not go with conflux.legs.max: 4 (4:25): expected "
                "legs.count <= legs.max"));
}

TEST(LegRule, BlamesTheKeyThatTheFileSets) {
  EXPECT_THAT(
      conflux("  legs: {max: 1}\n"),
      HasSubstr("t:3:15: conflux.legs.max: 1 does not go with conflux.legs.count: 2 (default)"));
}

TEST(LegRule, OneLegIsAWarning) {
  EXPECT_THAT(conflux("  legs: {count: 1}\n"), HasSubstr("warning: conflux.legs.count: 1"));
}

TEST(LegRule, OneLegThatInsistsOnThePluginIsAWarning) {
  const std::string legs = "version: 1\nconflux: {legs: {count: 1}}\n";
  EXPECT_THAT(complaints(legs), Not(HasSubstr("on_failure")));
  EXPECT_THAT(complaints(legs + "plugin: {on_failure: refuse}\n"),
              HasSubstr("t:3:22: warning: plugin.on_failure: refuse does not go with "
                        "conflux.legs.count: 1 (2:25)"));
  EXPECT_THAT(complaints(legs + "plugin: {on_failure: single_path}\n"),
              Not(HasSubstr("on_failure")));
}

TEST(ReorderRule, LowWaterIsBelowHighWater) {
  EXPECT_EQ(conflux("  reorder: {low_water: 4194303B}\n"), "");
  EXPECT_THAT(
      conflux("  reorder: {low_water: 1MiB, high_water: 1MiB}\n"),
      HasSubstr("t:3:24: conflux.reorder.low_water: 1MiB does not go with "
                "conflux.reorder.high_water: 1MiB (3:42): expected low_water < high_water"));
}

TEST(ReorderRule, HighWaterIsAtMostTheTunnelLimit) {
  EXPECT_EQ(conflux("  reorder: {high_water: 16MiB}\n"), "");
  EXPECT_THAT(conflux("  reorder: {high_water: 17MiB}\n"),
              HasSubstr("conflux.reorder.tunnel_limit: 16MiB (default): expected high_water <= "
                        "tunnel_limit"));
}

TEST(ReorderRule, MarksThatAreNotSetFollowALowerLimit) {
  const ParseResult low = parse("version: 1\nconflux:\n  reorder: {tunnel_limit: 1MiB}\n", "t");
  ASSERT_TRUE(low.ok()) << to_string(low);
  EXPECT_EQ(low.settings->conflux.reorder.high_water, 256U << 10);
  EXPECT_EQ(low.settings->conflux.reorder.low_water, 64U << 10);
  const ParseResult high = parse("version: 1\nconflux:\n  reorder: {tunnel_limit: 64MiB}\n", "t");
  ASSERT_TRUE(high.ok()) << to_string(high);
  EXPECT_EQ(high.settings->conflux.reorder.high_water, 4U << 20) << "never more than the default";
  EXPECT_EQ(high.settings->conflux.reorder.low_water, 1U << 20);
  // What the file sets is not touched, even where it breaks a rule.
  EXPECT_THAT(conflux("  reorder: {tunnel_limit: 1MiB, high_water: 2MiB}\n"),
              HasSubstr("expected high_water <= tunnel_limit"));
}

TEST(ReorderRule, TunnelLimitIsAtMostTheProcessLimit) {
  EXPECT_EQ(conflux("  reorder: {tunnel_limit: 256MiB}\n"), "");
  EXPECT_THAT(conflux("  reorder: {tunnel_limit: 257MiB}\n"),
              HasSubstr("conflux.reorder.process_limit: 256MiB (default): expected tunnel_limit <= "
                        "process_limit"));
  EXPECT_THAT(conflux("  profile: lab\n  reorder: {process_limit: 32MiB}\n"),
              HasSubstr("conflux.reorder.tunnel_limit: 64MiB (default of profile lab)"));
}

TEST(CrossRules, AreAllReportedAtOnce) {
  const ParseResult result = parse(
      "version: 1\nconflux:\n  scheduler: low_rtt\n  legs: {count: 4, max: 3}\n"
      "  reorder: {low_water: 4MiB, high_water: 2MiB, tunnel_limit: 1MiB}\n",
      "t");
  EXPECT_EQ(result.diagnostics.size(), 5U) << to_string(result);
}

TEST(CrossRules, AreSilentAboutAKeyThatIsWrongAlready) {
  const ParseResult result =
      parse("version: 1\nconflux: {profile: lap, legs: {count: 4}, scheduler: low_rtt}\n", "t");
  ASSERT_EQ(result.diagnostics.size(), 1U) << to_string(result);
  EXPECT_EQ(result.diagnostics.front().suggestion, "lab");
}

TEST(CrossRules, NameTheOtherPlaceForTools) {
  const ParseResult result =
      parse("version: 1\nconflux:\n  profile: fast\n  legs: {count: 3}\n", "t");
  ASSERT_EQ(result.diagnostics.size(), 1U);
  ASSERT_EQ(result.diagnostics.front().related.size(), 1U);
  EXPECT_EQ(result.diagnostics.front().related.front().key, "conflux.profile");
  EXPECT_EQ(result.diagnostics.front().related.front().at.line, 3U);
}

}  // namespace
}  // namespace conflux::config::test
