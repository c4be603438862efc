#include "plugin/adapters/settings.h"

#include <gtest/gtest.h>

#include <string>

namespace conflux {
namespace {

using namespace std::chrono_literals;

ConfigResult read(const std::string& below_conflux, const InstanceConfig* current = nullptr) {
  const std::string text = "version: 1\nconflux:\n" + below_conflux;
  mpath_config_text config{};
  config.struct_size = sizeof(config);
  config.text = text.data();
  config.length = static_cast<std::uint32_t>(text.size());
  config.name = "test.yaml";
  return read_config(&config, current);
}

SchedulerKind scheduler_of(const std::string& below_conflux) {
  const ConfigResult result = read(below_conflux);
  EXPECT_NE(result.config, nullptr) << result.diagnostics;
  return result.config == nullptr ? SchedulerKind{} : result.config->tunnel.send.scheduler;
}

TEST(Settings, AreTheDefaultsWithoutAnyText) {
  const ConfigResult result = read_config(nullptr);
  ASSERT_NE(result.config, nullptr);
  const TunnelConfig& tunnel = result.config->tunnel;
  EXPECT_EQ(tunnel.desired_ux, 3);
  EXPECT_EQ(tunnel.handshake_timeout, Micros(60s));
  EXPECT_EQ(tunnel.reorder.tunnel_limit, Bytes{16U << 20U});
  EXPECT_EQ(tunnel.reorder.stall_timeout, Micros(30s));
  EXPECT_EQ(tunnel.log_level, LogLevel::kInfo);
  EXPECT_EQ(result.config->process_limit, 256U << 20U);
}

TEST(Settings, SendAsAStockClientDoesInProfileStock) {
  // A stock client sends by what the exit asks for, which always is minimum latency.
  EXPECT_EQ(scheduler_of("  profile: stock\n"), SchedulerKind::kMinRtt);
  EXPECT_EQ(read("  profile: stock\n").config->tunnel.desired_ux, 3) << "and asks for throughput";
}

TEST(Settings, SendByTheDesiredUxInOtherProfiles) {
  for (const std::string profile : {"fast", "lab"}) {
    const std::string head = "  profile: " + profile + "\n  desired_ux: ";
    EXPECT_EQ(scheduler_of(head + "high_throughput\n"), SchedulerKind::kLowRtt);
    for (const char* ux : {"no_opinion", "min_latency", "low_mem_latency", "low_mem_throughput"}) {
      EXPECT_EQ(scheduler_of(head + ux + "\n"), SchedulerKind::kMinRtt) << profile << ' ' << ux;
    }
  }
}

TEST(Settings, ObeyAnExplicitScheduler) {
  EXPECT_EQ(scheduler_of("  profile: fast\n  scheduler: min_rtt\n"), SchedulerKind::kMinRtt);
  EXPECT_EQ(scheduler_of("  profile: lab\n  scheduler: low_rtt\n  desired_ux: min_latency\n"),
            SchedulerKind::kLowRtt);
}

TEST(Settings, CarryEveryNumberOver) {
  const ConfigResult result = read(
      "  profile: lab\n"
      "  desired_ux: min_latency\n"
      "  handshake_timeout: 5s\n"
      "  legs: {count: 3, max: 5}\n"
      "  reorder: {tunnel_limit: 8MiB, process_limit: 32MiB, high_water: 2MiB,\n"
      "            low_water: 1MiB, stall_timeout: 7s}\n"
      "  log: {level: trace}\n");
  ASSERT_NE(result.config, nullptr) << result.diagnostics;
  const TunnelConfig& tunnel = result.config->tunnel;
  EXPECT_EQ(tunnel.desired_ux, 1);
  EXPECT_EQ(tunnel.handshake_timeout, Micros(5s));
  EXPECT_EQ(tunnel.legs_max, 5U);
  EXPECT_EQ(tunnel.reorder.tunnel_limit, Bytes{8U << 20U});
  EXPECT_EQ(tunnel.reorder.high_water, Bytes{2U << 20U});
  EXPECT_EQ(tunnel.reorder.low_water, Bytes{1U << 20U});
  EXPECT_EQ(tunnel.reorder.stall_timeout, Micros(7s));
  EXPECT_EQ(tunnel.log_level, LogLevel::kTrace);
  EXPECT_EQ(result.config->process_limit, 32U << 20U);
  EXPECT_EQ(result.config->settings.conflux.legs.count, 3U);
}

TEST(Settings, AreRefusedWholeAndSayWhere) {
  const ConfigResult result = read("  legs: {count: 99}\n");
  EXPECT_EQ(result.config, nullptr);
  EXPECT_NE(result.diagnostics.find("test.yaml:3"), std::string::npos) << result.diagnostics;
}

TEST(Settings, LevelsHaveTheNumbersOfTheContract) {
  const std::pair<const char*, std::uint32_t> levels[] = {{"error", MPATH_LOG_ERROR},
                                                          {"warn", MPATH_LOG_WARN},
                                                          {"info", MPATH_LOG_INFO},
                                                          {"debug", MPATH_LOG_DEBUG},
                                                          {"trace", MPATH_LOG_TRACE}};
  for (const auto& [word, number] : levels) {
    const ConfigResult result = read(std::string("  log: {level: ") + word + "}\n");
    ASSERT_NE(result.config, nullptr) << result.diagnostics;
    EXPECT_EQ(static_cast<std::uint32_t>(result.config->tunnel.log_level), number);
  }
}

TEST(Settings, KeepTheOldOnesWhenAReloadIsRefused) {
  const ConfigResult first = read("  profile: fast\n");
  ASSERT_NE(first.config, nullptr);
  EXPECT_EQ(read("  nonsense: 1\n", first.config.get()).config, nullptr);
  EXPECT_NE(read("  profile: fast\n  log: {level: warn}\n", first.config.get()).config, nullptr);
}

}  // namespace
}  // namespace conflux
