#include "examples/onion_proxy/app/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace onion_proxy {
namespace {

using ::testing::HasSubstr;

std::variant<Options, ExitNow> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "onion-proxy");
  return parse_options(static_cast<int>(arguments.size()), arguments.data());
}

Options accepted(std::vector<const char*> arguments) {
  auto result = parse(std::move(arguments));
  if (auto* exit = std::get_if<ExitNow>(&result)) {
    ADD_FAILURE() << exit->text;
    return {};
  }
  return std::get<Options>(result);
}

std::string refused(std::vector<const char*> arguments) {
  const auto result = parse(std::move(arguments));
  const auto* exit = std::get_if<ExitNow>(&result);
  if (exit == nullptr) return "(accepted)";
  EXPECT_EQ(exit->status, 2);
  return exit->text;
}

TEST(Options, ListenOnLoopbackByDefault) {
  const Options options = accepted({"--authorities", "file"});
  EXPECT_EQ(options.authorities_file, "file");
  EXPECT_EQ(options.socks.port(), 9150);
  EXPECT_TRUE(options.socks.address().is_loopback());
  EXPECT_FALSE(options.legs);
  EXPECT_FALSE(options.ux);
  EXPECT_EQ(options.log_level, LogLevel::kNotice);
  EXPECT_EQ(options.stream_timeout.count(), 60);
  EXPECT_EQ(options.stall_timeout.count(), 30);
}

TEST(Options, TakeEverythingThatTheHelpNames) {
  const Options options = accepted({"--authorities",
                                    "a",
                                    "--socks",
                                    "[::1]:1080",
                                    "--legs",
                                    "3",
                                    "--ux",
                                    "min_latency",
                                    "--plugin",
                                    "/p.so",
                                    "--config",
                                    "c.yaml",
                                    "--stats-json",
                                    "s.json",
                                    "--exit-nickname",
                                    "x1",
                                    "--path",
                                    "g,m,x1",
                                    "--path",
                                    "*,m2,",
                                    "--log",
                                    "debug",
                                    "--stream-timeout",
                                    "5",
                                    "--stall-timeout",
                                    "0",
                                    "--idle-timeout",
                                    "7"});
  EXPECT_EQ(options.socks.port(), 1080);
  EXPECT_EQ(options.legs, 3U);
  EXPECT_EQ(options.ux, "min_latency");
  EXPECT_EQ(options.plugin_file, "/p.so");
  EXPECT_EQ(options.config_file, "c.yaml");
  EXPECT_EQ(options.stats_file, "s.json");
  EXPECT_EQ(options.exit_nickname, "x1");
  ASSERT_EQ(options.paths.size(), 2U);
  EXPECT_EQ(options.paths[0].guard, "g");
  EXPECT_EQ(options.paths[1].guard, "");
  EXPECT_EQ(options.paths[1].middle, "m2");
  EXPECT_EQ(options.log_level, LogLevel::kDebug);
  EXPECT_EQ(options.stream_timeout.count(), 5);
  EXPECT_EQ(options.stall_timeout.count(), 0);
  EXPECT_EQ(options.idle_timeout.count(), 7);
}

TEST(Options, NeedAuthorities) { EXPECT_THAT(refused({}), HasSubstr("--authorities")); }

TEST(Options, OpenToOthersOnlyWhenAskedTwice) {
  EXPECT_THAT(refused({"--authorities", "a", "--socks", "0.0.0.0:9150"}),
              HasSubstr("Add --allow-remote"));
  const Options options =
      accepted({"--authorities", "a", "--socks", "0.0.0.0:9150", "--allow-remote"});
  EXPECT_FALSE(options.socks.address().is_loopback());
}

TEST(Options, APortAloneMeansLoopback) {
  const Options options = accepted({"--authorities", "a", "--socks", "1234"});
  EXPECT_EQ(options.socks.port(), 1234);
  EXPECT_TRUE(options.socks.address().is_loopback());
}

TEST(Options, RefuseWithWhatWasExpected) {
  EXPECT_THAT(refused({"--authorities", "a", "--socks", "localhost:1"}), HasSubstr("ADDRESS:PORT"));
  EXPECT_THAT(refused({"--authorities", "a", "--socks", "127.0.0.1:99999"}),
              HasSubstr("ADDRESS:PORT"));
  EXPECT_THAT(refused({"--authorities", "a", "--legs", "0"}), HasSubstr("--legs"));
  EXPECT_THAT(refused({"--authorities", "a", "--legs", "9"}), HasSubstr("--legs"));
  EXPECT_THAT(refused({"--authorities", "a", "--ux", "fast"}), HasSubstr("high_throughput"));
  EXPECT_THAT(refused({"--authorities", "a", "--path", "g,m"}), HasSubstr("GUARD,MIDDLE,EXIT"));
  EXPECT_THAT(refused({"--authorities", "a", "--legs", "1", "--path", ",,", "--path", ",,"}),
              HasSubstr("--path stands 2 times"));
  EXPECT_THAT(refused({"--authorities", "a", "--log", "loud"}), HasSubstr("--log"));
  EXPECT_THAT(refused({"--authorities", "a", "--no-such-thing"}), HasSubstr("--no-such-thing"));
}

TEST(Options, QuietKeepsWarnings) {
  EXPECT_EQ(accepted({"--authorities", "a", "--quiet"}).log_level, LogLevel::kWarn);
  EXPECT_EQ(accepted({"--authorities", "a", "--quiet", "--log", "info"}).log_level,
            LogLevel::kInfo);
}

TEST(Options, HelpHasExamplesAndTheWarning) {
  const auto result = parse({"--help"});
  const auto* exit = std::get_if<ExitNow>(&result);
  ASSERT_NE(exit, nullptr);
  EXPECT_EQ(exit->status, 0);
  EXPECT_THAT(exit->text, HasSubstr("NO anonymity"));
  EXPECT_THAT(exit->text, HasSubstr("curl --proxy socks5h://"));
}

}  // namespace
}  // namespace onion_proxy
