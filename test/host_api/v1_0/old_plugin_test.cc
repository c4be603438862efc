// Today's loader and C++ layer with the plugin of ABI version 1.0.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <mpath/loader.hpp>
#include <vector>

namespace conflux::test {
namespace {

using ::testing::ElementsAre;

constexpr std::array<mpath_hop, 2> kHops{
    {{1, MPATH_HOP_RELAY, MPATH_CC_FIXED_WINDOW}, {9, MPATH_HOP_RELAY, MPATH_CC_VEGAS}}};
constexpr mpath::Path kPath{.hops = kHops, .cwnd_init = 124, .sendme_inc = 31};
constexpr std::uint64_t kNow = 1'000'000;

class OldPlugin : public ::testing::Test {
 protected:
  void SetUp() override {
    mpath::OpenResult opened = mpath::open_plugin({.path = OLD_PLUGIN, .pins = {}}, {});
    ASSERT_TRUE(opened) << opened.message;
    instance_ = std::move(opened.instance);
    const std::array<std::uint8_t, MPATH_SEED_LEN> seed{1, 2, 3};
    ASSERT_EQ(mpath::Tunnel::create(
                  instance_, {.first_leg = {.path = kPath}, .seed = seed},
                  [this](const mpath_token& token) { discarded_.push_back(token.token); }, &tunnel_,
                  &legs_[0]),
              mpath::Status::kOk);
  }

  mpath::Views views() {
    for (std::size_t i = 0; i < legs_.size(); ++i) {
      views_[i] = {};
      views_[i].leg = legs_[i];
      views_[i].cwnd = 100;
      views_[i].half_stream_expiry_us = views_[i].disused_since_us = MPATH_NEVER;
    }
    return {.legs = views_};
  }

  void join_and_link() {
    const mpath_leg_params second = mpath::LegParams{.path = kPath, .cookie = 1}.raw();
    ASSERT_EQ(tunnel_.add_legs({&second, 1}, views(), {&legs_[1], 1}), mpath::Status::kOk);
    ASSERT_EQ(tunnel_.link(kNow), mpath::Status::kOk);
    mpath::EventBuffer links;
    ASSERT_EQ(tunnel_.poll(views(), kNow, &links), mpath::Status::kOk);
    ASSERT_EQ(links.count, 2U);
    for (const mpath_event& event : links) {
      std::array<std::uint8_t, 50> body{};
      std::copy_n(event.cell.body, 33, body.begin());
      ASSERT_EQ(receive(event.leg, 20, body, 0), mpath::Status::kConsumed);
    }
  }

  mpath::Status receive(mpath_leg_id leg, std::uint8_t command, std::span<const std::uint8_t> body,
                        std::uint64_t token) {
    mpath_receipt receipt;
    return tunnel_.receive(
        {.command = command, .hop = 1, .leg = leg, .body = body, .token = token, .cost = 514}, kNow,
        &receipt);
  }

  mpath::Instance instance_;
  mpath::Tunnel tunnel_;
  std::array<mpath_leg_id, 2> legs_{};
  std::array<mpath_leg_view, 2> views_{};
  std::vector<std::uint64_t> discarded_;
};

TEST_F(OldPlugin, IsLoadedAndNamesItsVersion) {
  EXPECT_STREQ(instance_.plugin().name(), "old plugin");
  EXPECT_EQ(instance_.plugin().abi_major(), 1U);
  EXPECT_EQ(instance_.plugin().abi_minor(), 0U);
  EXPECT_TRUE(instance_.plugin().is_signalling(19));
  EXPECT_TRUE(instance_.plugin().is_sequenced(2));
}

TEST_F(OldPlugin, LinksSendsAndPutsInOrderForAHostOfToday) {
  ASSERT_NO_FATAL_FAILURE(join_and_link());
  mpath_grant grant;
  EXPECT_EQ(tunnel_.route({.command = 2, .hop = 1, .want = 5}, views(), kNow, &grant),
            mpath::Status::kOk);
  EXPECT_EQ(grant.granted, 5U);

  const std::array<std::uint8_t, 4> skip_one{0, 0, 0, 1};
  EXPECT_EQ(receive(legs_[1], 22, skip_one, 0), mpath::Status::kConsumed);
  EXPECT_EQ(receive(legs_[1], 2, {}, 12), mpath::Status::kHeld);
  EXPECT_EQ(receive(legs_[0], 2, {}, 11), mpath::Status::kOk);
  std::vector<std::uint64_t> delivered;
  EXPECT_EQ(tunnel_.drain_each([&](const mpath_token& it) { delivered.push_back(it.token); }),
            mpath::Status::kOk);
  EXPECT_THAT(delivered, ElementsAre(12));
}

TEST_F(OldPlugin, GivesHeldCellsBackToADestructorOfToday) {
  ASSERT_NO_FATAL_FAILURE(join_and_link());
  const std::array<std::uint8_t, 4> skip_one{0, 0, 0, 1};
  ASSERT_EQ(receive(legs_[1], 22, skip_one, 0), mpath::Status::kConsumed);
  ASSERT_EQ(receive(legs_[1], 2, {}, 12), mpath::Status::kHeld);
  tunnel_ = mpath::Tunnel();
  EXPECT_THAT(discarded_, ElementsAre(12));
  EXPECT_EQ(instance_.close(), mpath::Status::kOk);
}

}  // namespace
}  // namespace conflux::test
