// The C++ layer (mpath/plugin.hpp) as the host that the probe plugin looks at.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <mpath/loader.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "test/support/temporary_directory.h"

namespace conflux::test {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

constexpr std::array<mpath_hop, 2> kFirst{
    {{1, MPATH_HOP_RELAY, MPATH_CC_FIXED_WINDOW}, {9, MPATH_HOP_RELAY, MPATH_CC_VEGAS}}};
constexpr std::array<mpath_hop, 2> kSecond{
    {{2, MPATH_HOP_RELAY, MPATH_CC_FIXED_WINDOW}, {9, MPATH_HOP_RELAY, MPATH_CC_VEGAS}}};

class CppLayerUnderTheProbe : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string script = "mpath-probe 1\nverdicts " + verdicts_ +
                               "\nminor 7\non receive command 2 nth 1 times 2 hold\n"
                               "on poll nth 2 tell 9999 reason 9999\n";
    mpath::OpenResult opened =
        mpath::open_plugin({.path = CONFLUX_PROBE, .pins = {}}, {.text = script});
    ASSERT_TRUE(opened) << opened.message;
    instance_ = std::move(opened.instance);
  }

  mpath::Views views() {
    for (std::size_t i = 0; i < legs_.size(); ++i) {
      views_[i] = {};
      views_[i].leg = legs_[i];
      views_[i].cwnd = 100;
      views_[i].half_stream_expiry_us = views_[i].disused_since_us = MPATH_NEVER;
    }
    return {.legs = {views_.data(), legs_[1] == 0 ? 1U : 2U}};
  }

  mpath::Status receive(mpath::Tunnel& tunnel, mpath_leg_id leg, std::uint8_t command,
                        std::span<const std::uint8_t> body, std::uint64_t token) {
    mpath_receipt receipt;
    return tunnel.receive(
        {.command = command, .hop = 1, .leg = leg, .body = body, .token = token, .cost = 514},
        ++now_us_, &receipt);
  }

  // Legs link; a SEND_CELL is answered at once, as a far end would.
  void link(mpath::Tunnel& tunnel) {
    const mpath_leg_params second = mpath::LegParams{.path = {kSecond, 124, 31}, .cookie = 1}.raw();
    ASSERT_EQ(tunnel.add_legs({&second, 1}, views(), {&legs_[1], 1}), mpath::Status::kOk);
    ASSERT_EQ(tunnel.link(++now_us_), mpath::Status::kOk);
    mpath::EventBuffer events;
    do {
      ASSERT_EQ(tunnel.poll(views(), ++now_us_, &events), mpath::Status::kOk);
      for (const mpath_event& event : events) {
        if (event.kind != MPATH_EVENT_SEND_CELL || event.cell.command != 19) continue;
        std::array<std::uint8_t, 50> body{};
        std::copy_n(event.cell.body, 33, body.begin());
        ASSERT_EQ(receive(tunnel, event.leg, 20, body, 0), mpath::Status::kConsumed);
      }
    } while (events.count > 0);
  }

  std::vector<std::string> with_verdict(const std::string& verdict) {
    std::vector<std::string> ids;
    const nlohmann::json told = nlohmann::json::parse(std::ifstream(verdicts_));
    EXPECT_TRUE(told["finished"].get<bool>());
    for (const auto& it : told["requirements"]) {
      if (it["verdict"] == verdict) ids.push_back(it["id"]);
    }
    return ids;
  }

  const conflux::test::TemporaryDirectory directory_;
  const std::string verdicts_ = directory_.path("verdicts.json");
  mpath::Instance instance_;
  std::array<mpath_leg_id, 2> legs_{};
  std::array<mpath_leg_view, 2> views_{};
  std::uint64_t now_us_ = 1'000'000;
};

TEST_F(CppLayerUnderTheProbe, BreaksNoRequirementEvenIfATunnelGoesOutOfScopeWithCellsHeld) {
  std::vector<std::uint64_t> discarded;
  {
    const std::array<std::uint8_t, MPATH_SEED_LEN> seed{1, 2, 3};
    mpath::Tunnel tunnel;
    ASSERT_EQ(mpath::Tunnel::create(
                  instance_, {.first_leg = {.path = {kFirst, 124, 31}}, .seed = seed},
                  [&](const mpath_token& token) { discarded.push_back(token.token); }, &tunnel,
                  legs_.data()),
              mpath::Status::kOk);
    ASSERT_NO_FATAL_FAILURE(link(tunnel));
    mpath_grant grant;
    ASSERT_EQ(tunnel.route({.command = 2, .hop = 1, .want = 5}, views(), ++now_us_, &grant),
              mpath::Status::kOk);
    ASSERT_EQ(receive(tunnel, legs_[0], 2, {}, 11), mpath::Status::kHeld);
    ASSERT_EQ(receive(tunnel, legs_[1], 2, {}, 12), mpath::Status::kHeld);
  }
  EXPECT_THAT(discarded, ::testing::ElementsAre(11, 12));
  ASSERT_EQ(instance_.close(), mpath::Status::kOk);

  EXPECT_THAT(with_verdict("failed"), IsEmpty());
  const std::vector<std::string> passed = with_verdict("passed");
  for (const char* id : {"MPATH-H-1", "MPATH-H-4", "MPATH-H-8", "MPATH-H-10", "MPATH-H-11",
                         "MPATH-H-17", "MPATH-H-19", "MPATH-H-24", "MPATH-H-25"}) {
    EXPECT_THAT(passed, Contains(id));
  }
}

TEST_F(CppLayerUnderTheProbe, KeepsItsInstanceOpenWhileATunnelIsLeftAndSaysSo) {
  mpath::Tunnel tunnel;
  ASSERT_EQ(mpath::Tunnel::create(instance_, {.first_leg = {.path = {kFirst, 124, 31}}, .seed = {}},
                                  nullptr, &tunnel, legs_.data()),
            mpath::Status::kOk);
  EXPECT_EQ(instance_.close(), mpath::Status::kErrorState);
  tunnel = mpath::Tunnel();
  EXPECT_EQ(instance_.close(), mpath::Status::kOk);
  EXPECT_THAT(with_verdict("failed"), Contains("MPATH-H-19"));
}

}  // namespace
}  // namespace conflux::test
