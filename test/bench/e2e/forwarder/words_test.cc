#include "test/bench/e2e/forwarder/words.h"

#include <gtest/gtest.h>

namespace delay_forwarder {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

TEST(Words, ARouteHasTwoPortsAndADelay) {
  const auto route = parse_route("9001:9002:25.5");
  ASSERT_TRUE(route);
  EXPECT_EQ(route->listen_port, 9001);
  EXPECT_EQ(route->target_port, 9002);
  EXPECT_EQ(route->delay, microseconds(25'500));
}

TEST(Words, AWrongRouteIsRefused) {
  for (const char* wrong : {"", "9001", "9001:9002", "9001:9002:50:1", "0:9002:50", "9001:65536:50",
                            "9001:9002:-1", "9001:9002:nan", "9001:9002:10001", "9001:9002:5ms"}) {
    EXPECT_FALSE(parse_route(wrong)) << wrong;
  }
}

TEST(Words, ACommandNamesAPortAndItsNewDelay) {
  const auto command = parse_delay_command("delay 9001 150");
  ASSERT_TRUE(command);
  EXPECT_EQ(command->port, 9001);
  EXPECT_EQ(command->delay, milliseconds(150));
}

TEST(Words, AnythingElseIsNoCommand) {
  for (const char* wrong : {"", "delay", "delay 9001", "delay 9001 1 2", "stop 9001 1"}) {
    EXPECT_FALSE(parse_delay_command(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace delay_forwarder
