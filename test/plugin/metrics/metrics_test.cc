// Metrics through the C table of the built conflux.so, read as the sidecar reads them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mpath/metrics.h>

#include <algorithm>
#include <stdexcept>

#include "plugin/region/catalogue.h"
#include "plugin/region/reader.h"
#include "test/plugin/support/host.h"
#include "test/region/support.h"

namespace conflux::test {
namespace {

using region::Counters;
using region::Metric;
using region::Reader;
using region::TunnelSlot;
using region::test::Directory;
using testing::Contains;
using testing::HasSubstr;

constexpr std::uint64_t kBest = 0;
constexpr std::uint64_t kOther = 1;

class MetricsOfAHost : public testing::Test {
 protected:
  std::string config(const std::string& metrics) const {
    return lab_config("high_throughput", "  metrics:\n    mode: aggregate\n    directory: " +
                                             directory_.path().string() + "\n" + metrics);
  }
  std::string exact() const {
    return config("    unsafe_fine_grained: true\n    detail: local\n    slots: 128\n");
  }
  // The host's loop, long enough for everything to be told.
  static void settle(Host& host) {
    for (int i = 0; i < 3; ++i) {
      host.advance(ms(250));
      tick(host);
      host.poll();
    }
    host.advance(ms(250));
    tick(host);
  }
  static void receive_after_all_was_told(Host& host) {
    host.join_and_link(2);
    settle(host);
    host.poll();
    host.cell(1, 1);
    host.poll();
  }
  // Nothing else happens: it is the deadline that brings the host back.
  static void serve_deadline(Host& host) {
    ASSERT_NE(host.deadline(), MPATH_NEVER);
    host.now_us = host.deadline();
    tick(host);
    host.poll();
    host.advance(ms(250));
    tick(host);
  }
  static std::uint64_t tick(Host& host) {
    std::uint64_t next = 0;
    EXPECT_EQ(host.table.instance_tick(host.instance, host.now_us, &next), MPATH_OK);
    return next;
  }
  std::unique_ptr<Reader> reader() const { return Reader::open(directory_.region()).reader; }
  std::uint64_t value(Metric metric, std::uint64_t label_value = 0) const {
    Counters counters;
    EXPECT_TRUE(reader()->read(counters));
    return counters.aggregates.at(region::word_of(metric) + label_value);
  }
  std::vector<TunnelSlot> slots() const {
    std::vector<TunnelSlot> tunnels;
    EXPECT_TRUE(reader()->read_tunnels(tunnels));
    return tunnels;
  }

  Directory directory_;
};

TEST_F(MetricsOfAHost, AreOffUnlessTheOperatorAsks) {
  const Host host({.config = lab_config()});
  EXPECT_EQ(directory_.files(), 0U);
  std::uint64_t next = 0;
  EXPECT_EQ(host.table.instance_tick(host.instance, host.now_us, &next), MPATH_OK);
  EXPECT_EQ(next, MPATH_NEVER) << "and nobody is woken for them";
}

TEST_F(MetricsOfAHost, CountTheCellsOfTheBestLegAndOfTheOthers) {
  Host host({.config = exact()});
  host.join_and_link(2);
  for (std::uint64_t token = 1; token <= 30; ++token) host.cell(1, token);
  host.switched(2, 30);
  for (std::uint64_t token = 31; token <= 50; ++token) host.cell(2, token);
  host.send(kData, 12);
  settle(host);
  EXPECT_EQ(value(Metric::kCellsReceived, kBest), 30U);
  EXPECT_EQ(value(Metric::kCellsReceived, kOther), 20U);
  EXPECT_EQ(value(Metric::kCellsSent, kBest) + value(Metric::kCellsSent, kOther), 12U);
  EXPECT_EQ(value(Metric::kSwitches, 1), 1U) << "received";
  EXPECT_EQ(value(Metric::kTunnels), 1U);
  EXPECT_EQ(value(Metric::kLegs), 2U);
  EXPECT_EQ(value(Metric::kHandshakes), 2U);
}

TEST_F(MetricsOfAHost, TellTheLastCellsOfATunnelThatFallsSilent) {
  Host host({.config = exact()});
  receive_after_all_was_told(host);
  serve_deadline(host);
  EXPECT_EQ(value(Metric::kCellsReceived, kBest), 1U);
}

// Regression: both timers of a host ring at the same time, and it is free to serve either first.
TEST_F(MetricsOfAHost, TellTheLastCellsOfATunnelThatIsPolledJustBeforeTheTick) {
  Host host({.config = exact()});
  receive_after_all_was_told(host);
  host.now_us = host.deadline();
  host.poll();
  ASSERT_NE(host.deadline(), MPATH_NEVER) << "the tick is still to come";
  ASSERT_GT(host.deadline(), host.now_us) << "and nobody may spin for it";
  tick(host);
  host.now_us = host.deadline();
  host.poll();
  EXPECT_EQ(host.deadline(), MPATH_NEVER) << "all has been taken";
  tick(host);
  EXPECT_EQ(value(Metric::kCellsReceived, kBest), 1U);
}

// A spare tunnel: its handshake ends, and then nothing happens to it until somebody wants it.
TEST_F(MetricsOfAHost, TellOfLegsThatLinkedOrLeftBeforeTheTunnelFellSilent) {
  Host host({.config = exact()});
  host.poll();
  host.join_and_link(3);
  const auto told_when_it_asks = [&] {
    host.poll();
    serve_deadline(host);
    host.poll();
    EXPECT_EQ(host.deadline(), MPATH_NEVER) << "nothing is left to tell";
  };
  told_when_it_asks();
  EXPECT_EQ(value(Metric::kLegs), 3U);
  ASSERT_EQ(host.remove(3), Status::kOk);
  told_when_it_asks();
  EXPECT_EQ(value(Metric::kLegs), 2U);
}

TEST_F(MetricsOfAHost, TellOfASwitchThatCameLast) {
  Host host({.config = exact()});
  host.join_and_link(2);
  host.cell(1, 1);
  settle(host);
  host.poll();
  host.switched(2, 1);
  host.poll();
  serve_deadline(host);
  EXPECT_EQ(value(Metric::kSwitches, 1), 1U) << "received";
}

TEST_F(MetricsOfAHost, DoNotKeepAnIdleTunnelAwake) {
  Host host({.config = exact()});
  host.join_and_link(2);
  settle(host);
  host.poll();
  host.poll();
  EXPECT_EQ(host.deadline(), MPATH_NEVER);
}

TEST_F(MetricsOfAHost, LookAliveForTenMinutesWithoutATunnel) {
  Host host({.config = config("")});
  host.table.tunnel_close(host.instance, host.tunnel, host.now_us);
  const auto watcher = reader();
  std::chrono::steady_clock::time_point clock{};
  for (int second = 0; second < 600; ++second) {
    host.now_us = tick(host);  // as late as it may
    clock += std::chrono::seconds(1);
    ASSERT_EQ(watcher->check(clock, std::chrono::seconds(5)), region::Health::kLive) << second;
  }
}

TEST_F(MetricsOfAHost, SayHowEachTunnelEnded) {
  Host host({.config = exact()});
  host.join_and_link(2);
  host.switched(2, 0xFFFFFFFF);
  {
    Host second({.beside = &host});
    second.table.tunnel_close(second.instance, second.tunnel, second.now_us);
  }
  {
    Host third({.beside = &host});
    third.join_and_link(2);
    third.receive(1, kLink);
  }
  settle(host);
  EXPECT_EQ(value(Metric::kTunnelsClosed, static_cast<std::size_t>(region::CloseCause::kDone)), 1U);
  EXPECT_EQ(value(Metric::kTunnelsClosed, static_cast<std::size_t>(region::CloseCause::kProtocol)),
            1U);
  EXPECT_EQ(value(Metric::kViolations, static_cast<std::size_t>(region::ViolationKind::kHandshake)),
            1U);
  EXPECT_EQ(value(Metric::kTunnelsCreated), 3U);
}

// However coarse the counters are, the first violation shows.
TEST_F(MetricsOfAHost, FlagTheFirstViolationWhenItsCounterIsStillZero) {
  Host host({.config = config("")});
  {
    Host other({.beside = &host});
    other.join_and_link(2);
    other.receive(1, kLink);
  }
  host.advance(seconds(120));
  tick(host);
  const auto kind = static_cast<std::size_t>(region::ViolationKind::kHandshake);
  EXPECT_EQ(value(Metric::kViolations, kind), 0U);
  EXPECT_EQ(value(Metric::kViolationSeen, kind), 1U);
}

TEST_F(MetricsOfAHost, ChangeOncePerIntervalHoweverOftenTheHostTicks) {
  Host host({.config = config("    interval: 60s\n")});
  host.now_us = seconds(6000);
  tick(host);
  Host other({.beside = &host});
  other.now_us = host.now_us;
  for (int i = 0; i < 59; ++i) {
    host.advance(seconds(1));
    tick(host);
    EXPECT_EQ(value(Metric::kTunnels), 8U) << "one tunnel, as at the full minute";
  }
  std::vector<std::unique_ptr<Host>> more;
  for (int i = 0; i < 9; ++i) more.push_back(std::make_unique<Host>(HostOptions{.beside = &host}));
  tick(host);
  EXPECT_EQ(value(Metric::kTunnels), 8U);
  host.advance(seconds(1));
  tick(host);
  EXPECT_EQ(value(Metric::kTunnels), 16U);
}

TEST_F(MetricsOfAHost, DescribeATunnelInItsSlot) {
  Host host({.config = exact()});
  host.join_and_link(2);
  host.view(1).ewma_rtt_us = 123'456;
  host.view(1).cwnd = 600;
  host.view(1).inflight = 31;
  for (std::uint64_t token = 1; token <= 3; ++token) host.cell(1, token);
  settle(host);
  const auto tunnels = slots();
  ASSERT_EQ(tunnels.size(), 1U);
  const region::Slot& slot = tunnels[0].words;
  EXPECT_EQ(slot[region::kSlotState] & 0xFFU, std::uint64_t{3}) << "ready";
  EXPECT_EQ(slot[region::kSlotState] >> 8U & 0xFFU, 2U) << "legs";
  EXPECT_EQ(slot[region::kSlotCellsReceived], 3U);
  EXPECT_EQ(slot[region::leg_at(0) + region::kLegWindow], std::uint64_t{600} << 32U | 31);
  EXPECT_EQ(slot[region::leg_at(0) + region::kLegRtt] & 0xFFFFFFFFU, 120U) << "rounded to 10 ms";
}

TEST_F(MetricsOfAHost, ClearTheSlotOfATunnelThatIsDestroyed) {
  Host host({.config = exact()});
  settle(host);
  {
    Host other({.beside = &host});
    settle(other);
    EXPECT_EQ(slots().size(), 2U);
  }
  EXPECT_EQ(slots().size(), 1U);
}

TEST_F(MetricsOfAHost, CountATunnelForWhichThereIsNoSlot) {
  Host host({.config = config("    unsafe_fine_grained: true\n    detail: local\n    slots: 1\n")});
  Host other({.beside = &host});
  settle(host);
  settle(other);
  EXPECT_EQ(slots().size(), 1U);
  Counters counters;
  ASSERT_TRUE(reader()->read(counters));
  EXPECT_EQ(counters.slots_rejected, 1U);
  EXPECT_EQ(value(Metric::kTunnels), 2U);
}

TEST_F(MetricsOfAHost, TellOfTunnelsWithoutASlotOncePerIntervalAndBinned) {
  Host host({.config = config("    interval: 60s\n    detail: local\n    slots: 1\n")});
  const auto told = [this] {
    Counters counters;
    EXPECT_TRUE(reader()->read(counters));
    return counters.slots_rejected;
  };
  host.now_us = seconds(6000);
  host.poll();
  tick(host);
  EXPECT_EQ(told(), 0U) << "the only tunnel has a slot";
  std::vector<std::unique_ptr<Host>> more;
  for (int i = 0; i < 9; ++i) {
    more.push_back(std::make_unique<Host>(HostOptions{.beside = &host}));
    more.back()->now_us = host.now_us;
    more.back()->poll();
    host.advance(seconds(1));
    tick(host);
    EXPECT_EQ(told(), 0U) << "when a tunnel began is nobody's business";
  }
  host.advance(seconds(60));
  tick(host);
  EXPECT_EQ(told(), 16U) << "nine, rounded up";
}

TEST_F(MetricsOfAHost, AreMissedButDoNotStopTheProxy) {
  const std::string yaml = lab_config(
      "high_throughput", "  metrics: {mode: aggregate, directory: /dev/shm/no-such-directory}\n");
  Host host({.config = yaml});
  host.join_and_link(2);
  EXPECT_EQ(host.send(kData).status, Status::kOk);
  EXPECT_GE(host.logged("no metrics region"), 1U);
}

TEST_F(MetricsOfAHost, SayThatAReloadWasRefused) {
  Host host({.config = exact()});
  settle(host);
  EXPECT_EQ(value(Metric::kReloadOk), 1U);
  const std::string bad = "version: 1\nconflux: {profile: nonsense}\n";
  mpath_config_text text{};
  text.struct_size = sizeof(text);
  text.text = bad.data();
  text.length = static_cast<std::uint32_t>(bad.size());
  text.name = "bad";
  EXPECT_EQ(host.table.instance_reload(host.instance, &text, nullptr), MPATH_E_CONFIG);
  settle(host);
  EXPECT_EQ(value(Metric::kReloadOk), 0U);
  EXPECT_EQ(value(Metric::kReloadsFailed), 1U);
}

TEST_F(MetricsOfAHost, RefuseAReloadWithNothingAtAllAsOneWithDefaults) {
  // Given settings that need a restart if they change, when a reload brings no text: a file that
  // was just being written, say
  const std::string yaml = exact();
  Host host({.config = yaml});
  mpath_config_text text{};
  text.struct_size = sizeof(text);
  text.name = "empty";
  EXPECT_EQ(host.table.instance_reload(host.instance, &text, nullptr), MPATH_E_CONFIG);
  EXPECT_EQ(host.table.instance_reload(host.instance, nullptr, nullptr), MPATH_E_CONFIG);
  // then nothing has changed, and the configuration of before is still welcome.
  text.text = yaml.data();
  text.length = static_cast<std::uint32_t>(yaml.size());
  EXPECT_EQ(host.table.instance_reload(host.instance, &text, nullptr), MPATH_OK);
}

TEST_F(MetricsOfAHost, EndInGoodOrder) {
  {
    const Host host({.config = config("")});
    EXPECT_EQ(directory_.files(), 1U);
  }
  EXPECT_EQ(directory_.files(), 0U);
}

class Extension : public MetricsOfAHost {
 protected:
  static const mpath_metrics& metrics() {
    const auto* found =
        static_cast<const mpath_metrics*>(conflux_table().get_extension(MPATH_METRICS));
    if (found == nullptr) throw std::runtime_error("no mpath.metrics/1");
    return *found;
  }
};

TEST_F(Extension, DescribesWhatTheRegionDescribes) {
  const Host host({.config = config("")});
  const auto from_outside = reader();
  const auto& described = from_outside->metrics();
  ASSERT_EQ(metrics().count, described.size());
  for (std::uint32_t i = 0; i < metrics().count; ++i) {
    const mpath_metric* metric = metrics().describe(i);
    ASSERT_NE(metric, nullptr);
    EXPECT_GE(metric->struct_size, sizeof(mpath_metric));
    EXPECT_EQ(metric->name, described[i].name);
    EXPECT_EQ(metric->unit, described[i].unit);
    EXPECT_EQ(metric->help, described[i].help);
    EXPECT_EQ(metric->label, described[i].label);
    EXPECT_EQ(std::vector<std::string>(metric->values, metric->values + metric->value_count),
              described[i].values);
    EXPECT_EQ(std::vector<std::uint64_t>(metric->bounds, metric->bounds + metric->bound_count),
              described[i].bounds);
    EXPECT_EQ(metric->first_word, described[i].first_word);
    EXPECT_EQ(metric->word_count, described[i].words);
  }
  EXPECT_EQ(metrics().describe(metrics().count), nullptr);
}

TEST_F(Extension, TellsTheSameWordsAsTheRegion) {
  Host host({.config = exact()});
  host.join_and_link(2);
  for (std::uint64_t token = 1; token <= 9; ++token) host.cell(1, token);
  settle(host);
  std::uint32_t count = 0;
  EXPECT_EQ(metrics().snapshot(host.instance, nullptr, 0, &count), MPATH_E_BUFFER);
  std::vector<std::uint64_t> words(count);
  ASSERT_EQ(metrics().snapshot(host.instance, words.data(), count, &count), MPATH_OK);
  Counters counters;
  ASSERT_TRUE(reader()->read(counters));
  EXPECT_EQ(words, counters.aggregates);
}

TEST_F(Extension, WorksWithoutARegion) {
  Host host({.config = lab_config("high_throughput",
                                  "  metrics: {mode: aggregate, unsafe_fine_grained: true, "
                                  "directory: /dev/shm/no-such-directory}\n")});
  settle(host);
  std::vector<std::uint64_t> words(region::aggregate_words());
  std::uint32_t count = 0;
  ASSERT_EQ(metrics().snapshot(host.instance, words.data(),
                               static_cast<std::uint32_t>(words.size()), &count),
            MPATH_OK);
  EXPECT_EQ(words[region::word_of(Metric::kTunnels)], 1U);
}

TEST_F(Extension, SaysUnsupportedWhileMetricsAreOff) {
  const Host host({.config = lab_config()});
  std::uint32_t count = 0;
  EXPECT_EQ(metrics().snapshot(host.instance, nullptr, 0, &count), MPATH_E_UNSUPPORTED);
  EXPECT_EQ(metrics().snapshot(nullptr, nullptr, 0, &count), MPATH_E_ARGUMENT);
  EXPECT_EQ(metrics().snapshot(host.instance, nullptr, 0, nullptr), MPATH_E_ARGUMENT);
}

// Privacy rule 3: what identifies is not in the region, in any spelling.
class Canary : public MetricsOfAHost {
 protected:
  static std::string raw(const void* data, std::size_t size) {
    return {static_cast<const char*>(data), size};
  }
  static std::string hex(const std::string& bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    for (const char c : bytes) {
      out += kDigits[static_cast<unsigned char>(c) >> 4U];
      out += kDigits[static_cast<unsigned char>(c) & 0xFU];
    }
    return out;
  }
  static std::string base64(const std::string& bytes) {
    static constexpr char kDigits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i + 2 < bytes.size(); i += 3) {
      const auto at = [&](std::size_t j) { return static_cast<unsigned char>(bytes[i + j]); };
      const unsigned value = at(0) << 16U | at(1) << 8U | at(2);
      for (const unsigned shift : {18U, 12U, 6U, 0U}) out += kDigits[value >> shift & 63U];
    }
    return out;
  }
};

TEST_F(Canary, NoNonceNoIdNoRelayAndNoTokenIsInTheRegion) {
  Host first({.config = exact()});
  // Ids that no counter comes by.
  std::vector<std::unique_ptr<Host>> others;
  for (int i = 0; i < 77; ++i) {
    others.push_back(std::make_unique<Host>(HostOptions{.beside = &first}));
  }
  others.clear();
  Host host({.first = {.exit = 0x5AFEC0DE5AFEC0DE}, .beside = &first});
  EXPECT_EQ(host.add({{.exit = 0x5AFEC0DE5AFEC0DE}}), Status::kOk);
  host.link();
  host.poll();
  host.linked(1);
  host.linked(2);
  host.poll();
  for (std::uint64_t token = 0xFACADEFACADE; token < 0xFACADEFACADE + 20; ++token) {
    host.cell(1, token);
  }
  settle(host);
  const std::string region = region::test::contents(directory_.region());
  ASSERT_EQ(slots().size(), 1U) << "it is this tunnel of which the region tells";

  std::vector<std::string> secrets = {raw(host.link_body(1).nonce.data(), 32)};
  for (const std::uint64_t id :
       {std::uint64_t{host.tunnel}, std::uint64_t{host.id(1)}, std::uint64_t{host.id(2)},
        std::uint64_t{0x5AFEC0DE5AFEC0DE}, std::uint64_t{0xFACADEFACADE}}) {
    secrets.push_back(raw(&id, sizeof(id)));
  }
  for (const std::string& secret : secrets) {
    EXPECT_EQ(region.find(secret), std::string::npos) << hex(secret);
    EXPECT_EQ(region.find(hex(secret)), std::string::npos) << hex(secret);
    EXPECT_EQ(region.find(base64(secret)), std::string::npos) << hex(secret);
  }
}

}  // namespace
}  // namespace conflux::test
