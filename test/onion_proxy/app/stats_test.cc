#include "examples/onion_proxy/app/stats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "examples/onion_proxy/app/console.h"
#include "examples/onion_proxy/base/file.h"
#include "test/support/temporary_directory.h"

namespace onion_proxy {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

ProxyStats sample() {
  ProxyStats stats;
  stats.bytes_in = 12'400'000;
  stats.bytes_out = 500'000;
  stats.streams_open = 2;
  stats.streams_ok = 7;
  stats.stream_failures["refused"] = 3;
  TunnelStats tunnel;
  tunnel.ordinal = 4;
  tunnel.open = true;
  tunnel.legs.resize(2);
  tunnel.legs[0].cells_in = 51;
  tunnel.legs[1].cells_in = 49;
  tunnel.legs[1].state = "linked";
  tunnel.held_cells = 12;
  tunnel.held_cells_peak = 340;
  stats.tunnels.push_back(tunnel);
  return stats;
}

TEST(StatsJson, IsOneDocumentWithTheNamesThatScriptsRead) {
  const auto json = nlohmann::json::parse(to_json(sample(), milliseconds(1500)));
  EXPECT_EQ(json["version"], 1);
  EXPECT_EQ(json["uptime_ms"], 1500);
  EXPECT_EQ(json["bytes_in"], 12'400'000);
  EXPECT_EQ(json["streams"]["open"], 2);
  EXPECT_EQ(json["streams"]["failures"]["refused"], 3);
  const auto& tunnel = json["tunnels"][0];
  EXPECT_EQ(tunnel["tunnel"], 4);
  EXPECT_EQ(tunnel["out_of_order_cells_peak"], 340);
  EXPECT_DOUBLE_EQ(tunnel["legs"][0]["share_in"].get<double>(), 0.51);
  EXPECT_DOUBLE_EQ(tunnel["legs"][0]["share_out"].get<double>(), 0.0);
  EXPECT_EQ(tunnel["legs"][1]["state"], "linked");
}

TEST(StatsJson, SurvivesReasonsThatAreNotUtf8) {
  ProxyStats stats;
  stats.tunnel_closes["\xff\xfe"] = 1;
  EXPECT_TRUE(nlohmann::json::accept(to_json(stats, milliseconds(0))));
}

TEST(StatusLine, ShowsTotalsRatesSharesAndDepth) {
  StatusLine line;
  ProxyStats stats = sample();
  stats.bytes_in = 9'300'000;
  (void)line.render(stats, milliseconds(1000), 200);
  stats.bytes_in = 12'400'000;
  const std::string text = line.render(stats, milliseconds(2000), 200);
  EXPECT_THAT(text, HasSubstr("12.4 MB down"));
  EXPECT_THAT(text, HasSubstr("3.10 MB/s"));
  EXPECT_THAT(text, HasSubstr("legs 51/49 %"));
  EXPECT_THAT(text, HasSubstr("held 12 (peak 340)"));
  EXPECT_THAT(text, HasSubstr("2 streams"));
}

TEST(StatusLine, FitsTheTerminal) {
  StatusLine line;
  EXPECT_LE(line.render(sample(), milliseconds(1000), 20).size(), 20U);
}

TEST(StatusLine, ShowsNoSharesBeforeAnyCell) {
  StatusLine line;
  ProxyStats stats;
  stats.tunnels.resize(1);
  stats.tunnels[0].open = true;
  stats.tunnels[0].legs.resize(2);
  EXPECT_THAT(line.render(stats, milliseconds(0), 200), HasSubstr("legs -/- %"));
}

class FileTest : public testing::Test {
 protected:
  const conflux::test::TemporaryDirectory place_;
  const std::filesystem::path& directory_ = place_.path();
};

TEST_F(FileTest, ReplacesTheWholeFileAndLeavesNoDraft) {
  const std::string path = directory_ / "stats.json";
  ASSERT_TRUE(write_file_atomically(path, "first").ok());
  ASSERT_TRUE(write_file_atomically(path, "second").ok());
  EXPECT_EQ(read_file(path, 100).value(), "second");
  const auto entries = std::filesystem::directory_iterator(directory_);
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 1);
}

TEST_F(FileTest, SaysWhichFileAndWhy) {
  EXPECT_THAT(read_file(directory_ / "absent", 10).error(), HasSubstr("absent: No such file"));
  EXPECT_THAT(read_file(directory_, 10).error(), HasSubstr("not a regular file"));
  EXPECT_THAT(write_file_atomically(directory_ / "no" / "such", "x").error(),
              HasSubstr("No such file"));
}

TEST_F(FileTest, ReadsNoMoreThanTheBound) {
  const std::string path = directory_ / "file";
  ASSERT_TRUE(write_file_atomically(path, "12345").ok());
  EXPECT_TRUE(read_file(path, 5).ok());
  EXPECT_THAT(read_file(path, 4).error(), HasSubstr("larger than 4 bytes"));
}

class ConsoleTest : public testing::Test {
 protected:
  ~ConsoleTest() override { std::fclose(file_); }
  std::string written() {
    std::fflush(file_);
    std::string out(static_cast<size_t>(std::ftell(file_)), '\0');
    std::rewind(file_);
    out.resize(std::fread(out.data(), 1, out.size(), file_));
    return out;
  }

  std::FILE* file_ = std::tmpfile();
};

TEST_F(ConsoleTest, WritesLevelAndMessageWithoutColourOffATerminal) {
  Console(file_, false).log(LogLevel::kWarn, "look out");
  const std::string text = written();
  EXPECT_THAT(text, HasSubstr("[warn] look out\n"));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST_F(ConsoleTest, LetsNoMessageForgeALineOrAnEscapeSequence) {
  Console(file_, false).log(LogLevel::kInfo, "a\nb\x1b[2Jc\xff");
  EXPECT_THAT(written(), HasSubstr("a\\x0Ab\\x1B[2Jc\\xFF\n"));
}

TEST_F(ConsoleTest, ShowsNoLiveLineOffATerminal) {
  Console console(file_, false);
  EXPECT_FALSE(console.has_live_line());
  console.show_live_line("live");
  EXPECT_EQ(written(), "");
}

TEST_F(ConsoleTest, BannerSaysLoudlyThatThereIsNoAnonymity) {
  Console(file_, false).print_banner();
  EXPECT_THAT(written(), HasSubstr("NO ANONYMITY"));
}

TEST_F(ConsoleTest, QuietHasNoBanner) {
  Console(file_, true).print_banner();
  EXPECT_EQ(written(), "");
}

}  // namespace
}  // namespace onion_proxy
