// The scenarios that are shipped: each runs, and the README tells of it.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "examples/scheduler_lab/scenario/reader.h"
#include "test/scheduler_lab/support.h"

namespace scheduler_lab {
namespace {

std::string name_of_file(const std::string& file) {
  return std::filesystem::path(file).stem().string();
}

class LabShipped : public testing::TestWithParam<std::string> {};

TEST_P(LabShipped, RunsToItsEnd) {
  ScenarioResult read = load_scenario(GetParam());
  ASSERT_EQ(read.errors, "");
  if (kSanitized) read.scenario->duration = 11 * kSecond;
  const RunResult run = simulate_with(*read.scenario, "low_rtt");
  EXPECT_GT(run.bytes_delivered, 1'000'000U);
  for (const Completion& completion : run.completions) {
    // A keystroke of the last moments may be on its way when the run ends.
    const bool late = completion.created + 3 * kSecond > read.scenario->duration;
    EXPECT_TRUE(completion.took || late || kSanitized) << completion.created;
  }
  EXPECT_NE(read.scenario->title, read.scenario->name);
}

TEST_P(LabShipped, HasItsRowInTheReadme) {
  const std::string readme = read_text(lab_directory() + "/README.md");
  EXPECT_NE(readme.find("| `" + name_of_file(GetParam()) + "` |"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(All, LabShipped, testing::ValuesIn(files_below("scenarios", ".yaml")),
                         [](const auto& of) { return name_of_file(of.param); });

TEST(LabShippedAll, AreTenOrMore) { EXPECT_GE(files_below("scenarios", ".yaml").size(), 10U); }

}  // namespace
}  // namespace scheduler_lab
