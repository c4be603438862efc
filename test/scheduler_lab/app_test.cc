// The command line, and what the plugin says of itself.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "examples/scheduler_lab/app/choice.h"
#include "examples/scheduler_lab/app/options.h"
#include "examples/scheduler_lab/app/plugin.h"
#include "test/scheduler_lab/support.h"

namespace scheduler_lab {
namespace {

std::variant<Options, ExitNow> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "scheduler_lab");
  return parse_options(static_cast<int>(arguments.size()), arguments.data());
}

TEST(LabOptions, ListsAreSplitAtCommas) {
  const auto parsed =
      parse({"a.yaml", "b.yaml", "--schedulers", "low_rtt,min_rtt", "--seeds", "7"});
  const auto* options = std::get_if<Options>(&parsed);
  ASSERT_NE(options, nullptr);
  EXPECT_EQ(options->scenarios, (std::vector<std::string>{"a.yaml", "b.yaml"}));
  EXPECT_EQ(options->schedulers, (std::vector<std::string>{"low_rtt", "min_rtt"}));
  EXPECT_EQ(options->seeds, 7U);
}

TEST(LabOptions, WrongUsageIsSaidAndHasItsStatus) {
  for (const std::vector<const char*>& arguments :
       {std::vector<const char*>{}, {"a.yaml", "--seeds", "0"}, {"a.yaml", "--bogus"}}) {
    const auto parsed = parse(arguments);
    const auto* end = std::get_if<ExitNow>(&parsed);
    ASSERT_NE(end, nullptr);
    EXPECT_EQ(end->status, kWrongUsage);
    EXPECT_NE(end->text.find("--help"), std::string::npos);
  }
}

TEST(LabOptions, SettingsBecomeYamlWithEachSectionOnce) {
  EXPECT_EQ(to_yaml({"reorder.peer_limit=1MiB", "desired_ux=min_latency", "reorder.low_water=0"}),
            "  desired_ux: min_latency\n  reorder:\n    peer_limit: 1MiB\n    low_water: 0\n");
  EXPECT_EQ(to_yaml({}), "");
  EXPECT_EQ(to_yaml({"reorder"}), std::nullopt);
}

TEST(LabOptions, HelpHasExamples) {
  const auto parsed = parse({"--help"});
  const auto* end = std::get_if<ExitNow>(&parsed);
  ASSERT_NE(end, nullptr);
  EXPECT_EQ(end->status, 0);
  EXPECT_NE(end->text.find("Examples:"), std::string::npos);
}

TEST(LabChoice, AllRunAndAreComparedWithLowRttUnlessNamed) {
  Options options;
  EXPECT_EQ(choose_schedulers({"ecf", "low_rtt"}, options), "");
  EXPECT_EQ(options.schedulers, (std::vector<std::string>{"ecf", "low_rtt"}));
  EXPECT_EQ(options.baseline, "low_rtt");

  Options named{.schedulers = {"min_rtt", "ecf"}};
  EXPECT_EQ(choose_schedulers({"ecf", "low_rtt", "min_rtt"}, named), "");
  EXPECT_EQ(named.baseline, "min_rtt");
}

TEST(LabChoice, NamesThatDoNotExistAreRefusedWithTheNearest) {
  Options options{.schedulers = {"low_rt"}};
  EXPECT_EQ(choose_schedulers({"ecf", "low_rtt"}, options),
            "--schedulers: the plugin knows no \"low_rt\": expected one of ecf, low_rtt; did you "
            "mean `low_rtt`?");
}

TEST(LabChoice, ABaselineThatDoesNotRunIsRefused) {
  Options options{.schedulers = {"ecf", "blest"}, .baseline = "low_rtt"};
  EXPECT_EQ(choose_schedulers({"blest", "ecf", "low_rtt"}, options),
            "--baseline: \"low_rtt\" does not run: expected one of ecf, blest");
}

TEST(LabPlugin, TellsItsSchedulersWithoutAuto) {
  const std::vector<std::string> names = schedulers_of(plugin());
  EXPECT_NE(std::ranges::find(names, "min_rtt"), names.end());
  EXPECT_NE(std::ranges::find(names, "low_rtt"), names.end());
  EXPECT_EQ(std::ranges::find(names, "auto"), names.end());
}

TEST(LabPlugin, NamesAreReadFromARefusal) {
  EXPECT_EQ(parse_schedulers("x:1:2: conflux.scheduler: \"\": expected one of auto, b_c, d; did "
                             "you mean `d`?\n"),
            (std::vector<std::string>{"b_c", "d"}));
  EXPECT_TRUE(parse_schedulers("something else").empty());
}

TEST(LabPlugin, AMissingFileIsSaid) { EXPECT_NE(load("nowhere/conflux.so").error, ""); }

}  // namespace
}  // namespace scheduler_lab
