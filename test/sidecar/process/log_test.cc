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

}  // namespace
}  // namespace conflux::sidecar
