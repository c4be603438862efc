#include "plugin/sidecar/ctl/doctor/checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugin/sidecar/ctl/doctor/report.h"
#include "test/sidecar/ctl/answers.h"

namespace conflux::ctl {
namespace {

using region::Health;
using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using Level = Finding::Level;
using metrics::v1::Region;

auto says(Level level, const std::string& text, const std::string& next) {
  return AllOf(Field(&Finding::level, level), Field(&Finding::text, HasSubstr(text)),
               Field(&Finding::next, HasSubstr(next)));
}

SidecarFacts absent_sidecar() {
  return {.target = "unix:/x",
          .socket = PathState::kAbsent,
          .status = {grpc::StatusCode::UNAVAILABLE, "no"}};
}
SidecarFacts sidecar_that_tells(const top::test::RegionFacts& region) {
  return {
      .target = "unix:/x", .socket = PathState::kOk, .snapshot = top::test::snapshot_at(1, region)};
}

TEST(DoctorOfTheSidecar, TellsApartWhyItIsNotReached) {
  SidecarFacts facts = absent_sidecar();
  EXPECT_THAT(check_sidecar(facts),
              Contains(says(Level::kProblem, "there is no socket", "systemctl start")));
  facts.socket = PathState::kForbidden;
  EXPECT_THAT(check_sidecar(facts),
              Contains(says(Level::kProblem, "permission denied", "usermod -aG conflux-metrics")));
  facts.socket = PathState::kOtherKind;
  EXPECT_THAT(check_sidecar(facts),
              Contains(says(Level::kProblem, "it is no socket", "--address")));
  facts.socket = PathState::kOk;
  facts.status = {grpc::StatusCode::DEADLINE_EXCEEDED, ""};
  EXPECT_THAT(check_sidecar(facts),
              Contains(says(Level::kProblem, "does not answer", "journalctl")));
}

TEST(DoctorOfTheSidecar, TellsItsVersionAndEachProxy) {
  const auto findings = check_sidecar(sidecar_that_tells({.slots = 64, .fine_grained = false}));
  EXPECT_THAT(findings, Contains(says(Level::kFine, "version 0.1.0", "")));
  EXPECT_THAT(findings, Contains(says(Level::kFine, "region format 1.0, binned, room for 64", "")));
  EXPECT_TRUE(is_healthy(findings));
}

TEST(DoctorOfTheSidecar, WarnsOfFineGrainedNumbersAndOfNoDetail) {
  const auto findings = check_sidecar(sidecar_that_tells({.slots = 0, .fine_grained = true}));
  EXPECT_THAT(findings, Contains(says(Level::kHint, "not binned", "laboratory")));
  EXPECT_THAT(findings,
              Contains(says(Level::kHint, "no single tunnels", "conflux.metrics.detail: local")));
  EXPECT_TRUE(is_healthy(findings)) << "hints are no problems";
}

TEST(DoctorOfTheSidecar, SaysThatMetricsAreOff) {
  SidecarFacts facts{.target = "unix:/x", .socket = PathState::kOk};
  EXPECT_THAT(check_sidecar(facts),
              Contains(says(Level::kProblem, "no proxy", "conflux.metrics.mode: aggregate")));
}

TEST(DoctorOfTheDirectory, EveryIllnessOfARegionHasItsAdvice) {
  const std::vector<std::pair<Health, const char*>> cases = {
      {Health::kUnreadable, "usermod"}, {Health::kUnsupported, "upgrade"},
      {Health::kCorrupt, "restart"},    {Health::kStalled, "hangs"},
      {Health::kDead, "died"},          {Health::kAbsent, "start"}};
  for (const auto& [health, advice] : cases) {
    DirectoryFacts facts{.path = "/d"};
    facts.regions.push_back({.instance = "a", .health = health});
    const auto findings = check_directory(facts, absent_sidecar());
    EXPECT_THAT(findings, Contains(says(Level::kProblem, region::word_for(health), advice)));
    EXPECT_FALSE(is_healthy(findings));
  }
}

TEST(DoctorOfTheDirectory, WhoMayAskTheSidecarNeedNotReadItsFiles) {
  const DirectoryFacts facts{.path = "/d", .state = PathState::kForbidden};
  EXPECT_FALSE(is_healthy(check_directory(facts, absent_sidecar())));
  EXPECT_TRUE(is_healthy(check_directory(facts, sidecar_that_tells({}))));
}

TEST(DoctorOfTheDirectory, FindsASidecarThatLooksElsewhere) {
  DirectoryFacts facts{.path = "/d"};
  facts.regions.push_back({.instance = "other", .health = Health::kLive});
  EXPECT_THAT(check_directory(facts, sidecar_that_tells({})),
              Contains(says(Level::kProblem, "does not tell of it", "sidecar.regions")));
}

TEST(DoctorOfTheDirectory, ToldOnceWhatTheSidecarTellsToo) {
  DirectoryFacts facts{.path = "/d"};
  facts.regions.push_back({.instance = "proxy", .health = Health::kStalled});
  EXPECT_THAT(check_directory(facts, sidecar_that_tells({})),
              Each(Field(&Finding::level, Level::kFine)));
}

TEST(DoctorOfTheConfiguration, ADefaultFileMayBeAbsentANamedOneNot) {
  ConfigFacts facts{.path = "/etc/x.yaml", .error = "does not exist", .absent = true};
  EXPECT_TRUE(is_healthy(check_config(facts)));
  facts.named = true;
  EXPECT_FALSE(is_healthy(check_config(facts)));
}

TEST(DoctorOfTheConfiguration, CountsErrorsAndSaysHowToSeeThem) {
  const ConfigFacts facts{.path = "x.yaml", .result = config::parse("version: 7\n", "x.yaml")};
  EXPECT_THAT(check_config(facts),
              Contains(says(Level::kProblem, "has 1 error", "confluxctl config check x.yaml")));
}

TEST(DoctorOfThePlugin, SaysWhatTheLoaderWouldSay) {
  EXPECT_THAT(check_plugin({}), IsEmpty());
  EXPECT_THAT(check_plugin({.path = "/p.so", .refusal = "others may write it"}),
              Contains(says(Level::kProblem, "others may write it", "plugin.on_failure")));
  EXPECT_THAT(check_plugin({.path = "/p.so", .sha256 = "ab", .pins = 1}),
              Contains(says(Level::kFine, "is pinned; SHA-256 ab", "")));
}

class DoctorOfTheNumbers : public testing::Test {
 protected:
  void add(const std::string& metric, const std::string& label, double value) {
    top::test::add_sample(*facts_.snapshot.mutable_regions(0), metric, label, value);
  }
  Region& region() { return *facts_.snapshot.mutable_regions(0); }
  std::vector<Finding> findings() const { return check_sidecar(facts_); }

 private:
  SidecarFacts facts_ = sidecar_that_tells({.fine_grained = false});
};

TEST_F(DoctorOfTheNumbers, SaysNothingOfAProxyThatIsWell) {
  add("conflux_handshakes", "linked", 4096);
  add("conflux_handshakes", "timeout", 64);
  add("conflux_config_reloads_failed", "", 1);  // once; since then one was accepted
  add("conflux_config_last_reload_successful", "", 1);
  add("conflux_protocol_violation_seen", "switch", 0);
  EXPECT_THAT(findings(), Each(Field(&Finding::level, Level::kFine)));
}

TEST_F(DoctorOfTheNumbers, SaysThatAReloadWasRefused) {
  add("conflux_config_reloads_failed", "", 1);
  add("conflux_config_last_reload_successful", "", 0);
  EXPECT_THAT(findings(),
              Contains(says(Level::kProblem, "refused its last reload", "config check")));
}

TEST_F(DoctorOfTheNumbers, SaysThatMostLegsFailToLink) {
  add("conflux_handshakes", "linked", 8);
  add("conflux_handshakes", "timeout", 16);
  add("conflux_handshakes", "lost", 8);
  EXPECT_THAT(findings(), Contains(says(Level::kProblem, "fail to link (24) than link (8)",
                                        "conflux.handshake_timeout")));
}

TEST_F(DoctorOfTheNumbers, SaysThatMemoryIsShortAndWhatItCost) {
  add("conflux_reorder", "", 0);  // the first sample counts: 1 MiB of 64
  EXPECT_THAT(findings(), Not(Contains(Field(&Finding::text, HasSubstr("out of order")))));
  for (auto& sample : *region().mutable_samples()) {
    if (sample.metric() == "conflux_reorder") sample.set_number(60 << 20);
  }
  add("conflux_tunnels_closed", "shed", 8);
  add("conflux_tunnels_closed", "stalled", 16);
  EXPECT_THAT(findings(),
              AllOf(Contains(says(Level::kProblem, "take 94 %", "low_mem_throughput")),
                    Contains(says(Level::kHint, "8 tunnels were closed for holding too much", "")),
                    Contains(says(Level::kHint, "16 tunnels were closed because a leg", "relay"))));
}

TEST_F(DoctorOfTheNumbers, SaysThatTheSecondLegDoesNotHelpAndWhyItMayNot) {
  add("conflux_cells_sent", "best", 200'000);
  region().set_aggregation_ratio_sent(1.0);
  EXPECT_THAT(findings(),
              Contains(says(Level::kHint, "uploads go over one leg", "profile: stock")));
  region().set_aggregation_ratio_sent(1.9);
  EXPECT_TRUE(is_healthy(findings()));
  EXPECT_THAT(findings(), Not(Contains(Field(&Finding::text, HasSubstr("uploads")))));
}

TEST_F(DoctorOfTheNumbers, JudgesNoProxyThatHasMovedLittle) {
  add("conflux_cells_sent", "best", 2048);
  add("conflux_handshakes", "timeout", 8);
  region().set_aggregation_ratio_sent(1.0);
  EXPECT_THAT(findings(), Each(Field(&Finding::level, Level::kFine)));
}

TEST_F(DoctorOfTheNumbers, TellsOfViolationsAndBugs) {
  add("conflux_protocol_violation_seen", "switch", 1);
  add("conflux_internal_errors", "", 1);
  EXPECT_THAT(findings(), AllOf(Contains(says(Level::kHint, "(switch)", "avoid that exit")),
                                Contains(says(Level::kProblem, "a bug of the plugin", "report"))));
}

TEST(DoctorsReport, SaysWhatToDoNextBelowEachFinding) {
  const std::vector<Finding> findings = {{Level::kFine, "a", "fine", ""},
                                         {Level::kProblem, "b", "broken", "mend it"}};
  EXPECT_EQ(findings_as_text(findings, {}),
            "ok       a: fine\nproblem  b: broken\n         -> mend it\n1 problem\n");
  EXPECT_THAT(findings_as_json(findings), HasSubstr("\"healthy\": false"));
  EXPECT_THAT(findings_as_text({}, {}), "all is well\n");
}

}  // namespace
}  // namespace conflux::ctl
