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
