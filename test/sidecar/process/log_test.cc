#include "plugin/sidecar/daemon/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace conflux::sidecar {
namespace {

TEST(Log, WritesABurstOfATopicAndNoMore) {
  testing::internal::CaptureStderr();
  for (int i = 0; i < 100; ++i) log_line("burst", "something of that kind");
  log_line("other", "something else");
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::ranges::count(text, '\n'), kLogBurst + 1);
  EXPECT_THAT(text, testing::HasSubstr("conflux-sidecar: something else\n"));
}

TEST(Log, IsNotFilledByWhoeverMakesUpTopics) {
  testing::internal::CaptureStderr();
  for (int i = 0; i < 10'000; ++i) log_line("made up " + std::to_string(i), "one line each");
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_LE(std::ranges::count(text, '\n'), static_cast<int>(kLogTopics) + kLogBurst);
}

TEST(Log, KnowsWhenGrpcListensNoMore) {
  EXPECT_TRUE(tells_of_a_deaf_server("tcp_server_posix.cc", "Failed accept4: Too many open files"));
  EXPECT_FALSE(tells_of_a_deaf_server("chttp2_server.cc", "Handshaking failed"));
}

}  // namespace
}  // namespace conflux::sidecar
