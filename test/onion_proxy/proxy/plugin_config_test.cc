#include "examples/onion_proxy/proxy/plugin_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/parse.h"
#include "test/support/temporary_directory.h"

namespace onion_proxy {
namespace {

using conflux::config::DesiredUx;
using conflux::config::Profile;
using ::testing::HasSubstr;

class ConfigFile : public ::testing::Test {
 protected:
  std::string write(const std::string& text) const {
    return directory_.write("conflux.yaml", text);
  }

 private:
  conflux::test::TemporaryDirectory directory_;
};

TEST(PluginConfig, WithoutAFileTheDefaultsApply) {
  const auto config = load_plugin_config({});
  ASSERT_TRUE(config.ok()) << config.error();
  EXPECT_EQ(config.value().settings, conflux::config::default_settings(Profile::kStock));
}

TEST(PluginConfig, MoreThanTwoLegsWithoutAFileAreTheLabProfile) {
  const auto config = load_plugin_config({.legs = 8});
  ASSERT_TRUE(config.ok()) << config.error();
  EXPECT_EQ(config.value().settings.conflux.profile, Profile::kLab);
  EXPECT_EQ(config.value().settings.conflux.legs.count, 8u);
}

TEST(PluginConfig, TheTextSaysWhatTheSettingsSay) {
  const auto config = load_plugin_config({.legs = 4, .ux = "min_latency"});
  ASSERT_TRUE(config.ok()) << config.error();
  const auto parsed = conflux::config::parse(config.value().text, "test");
  ASSERT_TRUE(parsed.ok()) << conflux::config::to_string(parsed);
  EXPECT_EQ(*parsed.settings, config.value().settings);
  EXPECT_EQ(parsed.settings->conflux.desired_ux, DesiredUx::kMinLatency);
}

TEST_F(ConfigFile, TheCommandLineOverridesIt) {
  const std::string file = write(
      "version: 1\nconflux:\n  profile: lab\n  desired_ux: min_latency\n  legs:\n    count: 5\n");
  const auto config = load_plugin_config({.file = file, .legs = 3});
  ASSERT_TRUE(config.ok()) << config.error();
  EXPECT_EQ(config.value().settings.conflux.legs.count, 3u);
  EXPECT_EQ(config.value().settings.conflux.desired_ux, DesiredUx::kMinLatency);
  const auto parsed = conflux::config::parse(config.value().text, "test");
  ASSERT_TRUE(parsed.ok()) << conflux::config::to_string(parsed);
  EXPECT_EQ(*parsed.settings, config.value().settings);
}

TEST_F(ConfigFile, FarLegsWaitUnderFastOrWhereItSaysSo) {
  const auto wait = [&](const std::string& profile, const std::string& far) {
    const auto config =
        load_plugin_config({.file = write("version: 1\nconflux:\n  profile: " + profile +
                                          "\n  legs: {far: " + far + "}\n")});
    EXPECT_TRUE(config.ok()) << config.error();
    return config.ok() && far_leg_policy(config.value()).for_bulk;
  };
  EXPECT_FALSE(wait("stock", "auto"));
  EXPECT_TRUE(wait("fast", "auto"));
  EXPECT_FALSE(wait("lab", "auto"));
  EXPECT_FALSE(wait("fast", "at_once"));
  EXPECT_TRUE(wait("lab", "for_bulk"));
}

TEST_F(ConfigFile, LegsAreChosenOnlyByWhoeverSaysHowMany) {
  const std::string silent = "version: 1\nconflux:\n  profile: stock\n";
  EXPECT_FALSE(load_plugin_config({}).value().legs_are_chosen);
  EXPECT_FALSE(load_plugin_config({.file = write(silent)}).value().legs_are_chosen);
  EXPECT_TRUE(load_plugin_config({.file = write(silent), .legs = 2}).value().legs_are_chosen);
  const std::string two = silent + "  legs: {count: 2}\n";
  EXPECT_TRUE(load_plugin_config({.file = write(two)}).value().legs_are_chosen);
}

TEST_F(ConfigFile, TheConsensusDecidesOnlyWhereStocksNumberWasNobodysChoice) {
  const auto stock = load_plugin_config({});
  ASSERT_TRUE(stock.ok()) << stock.error();
  EXPECT_TRUE(leg_count(stock.value(), false).by_consensus);
  EXPECT_FALSE(leg_count(stock.value(), true).by_consensus) << "paths are named";
  EXPECT_FALSE(leg_count(load_plugin_config({.legs = 2}).value(), false).by_consensus);
  const auto lab = load_plugin_config(
      {.file = write("version: 1\nconflux:\n  profile: lab\n  legs: {count: 4, max: 6}\n")});
  ASSERT_TRUE(lab.ok()) << lab.error();
  EXPECT_FALSE(leg_count(lab.value(), false).by_consensus);
  EXPECT_EQ(leg_count(lab.value(), false).legs, 4u);
  EXPECT_EQ(leg_count(lab.value(), false).most, 6u);
}

TEST_F(ConfigFile, ItsProfileIsNotOverruled) {
  const std::string file = write("version: 1\nconflux:\n  profile: stock\n");
  const auto config = load_plugin_config({.file = file, .legs = 4});
  ASSERT_FALSE(config.ok());
  EXPECT_THAT(config.error(), HasSubstr("legs"));
}

TEST_F(ConfigFile, ErrorsNameFileAndLine) {
  const std::string file = write("version: 1\nconflux:\n  desired_ux: hihg_throughput\n");
  const auto config = load_plugin_config({.file = file});
  ASSERT_FALSE(config.ok());
  EXPECT_THAT(config.error(), HasSubstr(file + ":3"));
}

TEST(PluginConfig, AMissingFileIsNamed) {
  const auto config = load_plugin_config({.file = "/nonexistent.yaml"});
  ASSERT_FALSE(config.ok());
  EXPECT_THAT(config.error(), HasSubstr("/nonexistent.yaml"));
}

}  // namespace
}  // namespace onion_proxy
