#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "test/config/support.h"

namespace conflux::config::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kRunning =
    "version: 1\nplugin: {path: /usr/lib/a.so, on_failure: refuse}\nconflux: {profile: fast}\n";

TEST(Reload, TakesNewValuesOver) {
  const Settings running = accepted(kRunning);
  const ParseResult next = reload(
      running, "version: 1\nplugin: {path: /usr/lib/a.so}\nconflux: {log: {level: debug}}\n", "t");
  ASSERT_TRUE(next.ok()) << to_string(next);
  EXPECT_EQ(next.settings->conflux.log.level, LogLevel::kDebug);
  EXPECT_EQ(next.settings->conflux.profile, Profile::kStock);
  EXPECT_EQ(running.conflux.log.level, LogLevel::kInfo);
}

TEST(Reload, OfTheSameTextChangesNothing) {
  const Settings running = accepted(kRunning);
  const ParseResult next = reload(running, kRunning, "t");
  ASSERT_TRUE(next.ok());
  EXPECT_EQ(*next.settings, running);
}

TEST(Reload, GivesNoSettingsIfTheTextIsBad) {
  const ParseResult next = reload(accepted(kRunning), "version: 1\nconflux: {profile: x}\n", "t");
  EXPECT_EQ(next.settings, std::nullopt);
}

TEST(Reload, RefusesAKeyThatNeedsARestartAndNamesIt) {
  const ParseResult next =
      reload(accepted(kRunning),
             "version: 1\nplugin: {path: /usr/lib/b.so}\nconflux: {profile: fast}\n", "t");
  EXPECT_FALSE(next.ok());
  EXPECT_EQ(to_string(next),
            "t:2:16: plugin.path: changing \"/usr/lib/a.so\" to \"/usr/lib/b.so\" needs a restart; "
            "nothing of this file was taken over: expected \"/usr/lib/a.so\" until the host "
            "restarts\n");
}

TEST(Reload, RefusesTheRemovalOfAKeyThatNeedsARestart) {
  const ParseResult next =
      reload(accepted(kRunning), "version: 1\nconflux: {profile: fast}\n", "t");
  EXPECT_FALSE(next.ok());
  EXPECT_THAT(to_string(next), HasSubstr("t:1:1: plugin.path: changing"));
}

TEST(Reload, NamesEveryKeyThatNeedsARestartAtOnce) {
  const ParseResult next =
      reload(accepted(kRunning),
             "version: 1\nplugin: {path: /usr/lib/b.so, on_failure: single_path}\n"
             "conflux: {log: {level: debug}}\n",
             "t");
  EXPECT_FALSE(next.ok());
  EXPECT_EQ(next.diagnostics.size(), 2U);
  EXPECT_THAT(to_string(next),
              HasSubstr("plugin.on_failure: changing \"refuse\" to \"single_path\""));
}

TEST(Reload, TakesNewPinsSoThatAnUpgradeCanBePrepared) {
  const std::string text = "version: 1\nplugin: {path: /usr/lib/a.so, sha256: [" +
                           std::string(64, 'c') + "]}\nconflux: {profile: fast}\n";
  EXPECT_TRUE(reload(accepted(kRunning), text, "t").ok());
}

TEST(Reload, OfTheSidecarIgnoresWhatOnlyTheHostActsOn) {
  const std::string text =
      "version: 1\nplugin: {path: /usr/lib/b.so}\nsidecar: {stall_after: 9s}\n";
  const ParseResult next = reload(accepted(kRunning), text, "t", Process::kSidecar);
  ASSERT_TRUE(next.ok()) << to_string(next);
  EXPECT_EQ(next.settings->sidecar.stall_after, std::chrono::seconds(9));
}

TEST(Reload, OfTheSidecarRefusesAnotherSocketAndTheHostDoesNotMind) {
  const std::string text = std::string(kRunning) + "sidecar: {grpc: {socket: /run/b.sock}}\n";
  const ParseResult next = reload(accepted(kRunning), text, "t", Process::kSidecar);
  EXPECT_FALSE(next.ok());
  EXPECT_THAT(to_string(next), HasSubstr("until the sidecar restarts"));
  EXPECT_TRUE(reload(accepted(kRunning), text, "t").ok());
}

TEST(Reload, SaysNothingOfRestartsWhileTheTextIsBad) {
  const ParseResult next =
      reload(accepted(kRunning), "version: 1\nplugin: {path: /b}\nconflux: {profile: x}\n", "t");
  EXPECT_THAT(to_string(next), Not(HasSubstr("restart")));
}

// For the thread sanitizer: the functions share nothing.
TEST(Reload, MayRunOnManyThreadsAtOnce) {
  const Settings running = accepted(kRunning);
  std::vector<std::thread> threads;
  std::vector<ParseResult> results(4);
  for (ParseResult& result : results) {
    threads.emplace_back([&result, &running] {
      for (int i = 0; i < 50; ++i) {
        result = reload(running, kRunning, "t");
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const ParseResult& result : results) {
    EXPECT_EQ(result.settings, running);
  }
}

}  // namespace
}  // namespace conflux::config::test
