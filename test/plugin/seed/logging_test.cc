// What the seed traces, the log tells: by number, level, ordinals and reason.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>

#include "test/plugin/support/host.h"

namespace conflux::test {
namespace {

std::vector<LogLine> lines(Host& host, const std::string& text) {
  std::vector<LogLine> found;
  for (const LogLine& line : host.log()) {
    if (line.text.find(text) != std::string::npos) found.push_back(line);
  }
  return found;
}

TEST(Seed, S133_TheRemovalOfALegIsLogged) {
  Host host;
  host.join(3);
  host.remove(2, Reason::kRetired);
  const auto found = lines(host, "leg removed");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].leg, 2U);
  EXPECT_EQ(found[0].reason, Reason::kRetired);
  EXPECT_EQ(found[0].value, 2U);
}

TEST(Seed, S134_TheEndOfAnEmptyTunnelIsLogged) {
  Host host;
  host.remove(1);
  const auto found = lines(host, "tunnel closed");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].reason, Reason::kDepleted);
}

TEST(Seed, S135_AHandshakeTimeoutIsLoggedAsAWarning) {
  Host host;
  host.join(2);
  host.link();
  host.poll();
  host.advance(seconds(60));
  host.poll();
  const auto found = lines(host, "no LINKED in time");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[1].leg, 2U);
  EXPECT_EQ(found[1].level, MPATH_LOG_WARN);
}

TEST(Seed, S136_EverySwitchOfTheSendingLegIsLogged) {
  Host host({.config = lab_config("min_latency")});
  host.join_and_link(2);
  host.send(kBegin);
  host.view(1).ewma_rtt_us = 300'000;
  host.send(kData);
  const auto found = lines(host, "sending leg switched");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].leg, 2U);
  EXPECT_EQ(found[0].value, 1U) << "the relative sequence number";
}

TEST(Seed, S137_PausedStreamsAreLoggedWithTheReason) {
  for (const bool all : {false, true}) {
    Host host({.config = lab_config(all ? "high_throughput" : "min_latency")});
    host.join_and_link(2);
    host.send(kBegin);
    host.backlog = 5;
    host.view(1).inflight = host.view(1).cwnd;
    if (all) host.view(2).inflight = host.view(2).cwnd;
    host.poll();
    const auto found = lines(host, "streams must not be read");
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].reason, all ? Reason::kAllFull : Reason::kPrimaryFull);
  }
}

TEST(Seed, S138_TheLogNeverTellsTheNonceOrAnId) {
  Host host;
  host.join_and_link(2);
  host.send(kBegin);
  host.linked(1);  // a violation, the wordiest end
  const LinkBody& link = host.link_body(1);
  ASSERT_GT(host.log().size(), 8U);
  for (const LogLine& line : host.log()) {
    for (std::size_t at = 0; at + 8 <= link.nonce.size(); ++at) {
      std::uint64_t part = 0;
      std::memcpy(&part, link.nonce.data() + at, sizeof part);
      EXPECT_NE(line.value, part);
      EXPECT_NE(line.value, __builtin_bswap64(part));
    }
    EXPECT_NE(line.value, host.id(1));
    EXPECT_NE(line.value, host.id(2));
    EXPECT_NE(line.value, host.tunnel);
  }
}

}  // namespace
}  // namespace conflux::test
