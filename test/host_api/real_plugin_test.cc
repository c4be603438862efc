// The whole way of a C++ host: the loader, an instance, a tunnel, with the real conflux.so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <mpath/loader.hpp>
#include <thread>
#include <vector>

#include "test/host_api/sandbox.h"

namespace conflux::test {
namespace {

using mpath::EventKind;
using mpath::kind_of;
using mpath::Status;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::array<mpath_hop, 3> kFirstPath = {{{1, MPATH_HOP_RELAY, MPATH_CC_FIXED_WINDOW},
                                                  {2, MPATH_HOP_RELAY, MPATH_CC_FIXED_WINDOW},
                                                  {9, MPATH_HOP_RELAY, MPATH_CC_VEGAS}}};
constexpr std::array<mpath_hop, 3> kSecondPath = {{{3, MPATH_HOP_RELAY, MPATH_CC_FIXED_WINDOW},
                                                   {4, MPATH_HOP_RELAY, MPATH_CC_FIXED_WINDOW},
                                                   {9, MPATH_HOP_RELAY, MPATH_CC_VEGAS}}};

mpath_leg_view view_of(mpath_leg_id leg) {
  mpath_leg_view view{};
  view.leg = leg;
  view.cwnd = 124;
  view.half_stream_expiry_us = view.disused_since_us = MPATH_NEVER;
  return view;
}

class RealPlugin : public ::testing::Test {
 protected:
  RealPlugin() {
    const std::filesystem::path copy = box_.path() / "conflux.so";
    std::filesystem::copy_file(CONFLUX_PLUGIN, copy);
    change_mode(copy, 0644);
    options_.path = copy.string();
    options_.pins = {sha256_of(copy)};
  }

  Sandbox box_;
  mpath::LoadOptions options_;
};

TEST_F(RealPlugin, IsLoadedByItsPinAndOpened) {
  const mpath::OpenResult opened = mpath::open_plugin(options_, {});
  ASSERT_TRUE(opened) << opened.message;
  EXPECT_STREQ(opened.instance.plugin().name(), "conflux");
  mpath_instance_info info;
  ASSERT_EQ(opened.instance.info(&info), Status::kOk);
  EXPECT_GE(info.legs_wanted, 2U);
}

TEST_F(RealPlugin, SaysWhereItsConfigurationIsWrong) {
  const mpath::OpenResult opened =
      mpath::open_plugin(options_, {"version: 1\nconflux:\n  legs: {count: many}\n", "my.yaml"});
  EXPECT_EQ(opened.error, mpath::LoadError::kInitFailed);
  EXPECT_THAT(opened.message, HasSubstr("my.yaml:3"));
}

TEST_F(RealPlugin, IsLoadedFromManyThreadsAtOnce) {
  std::vector<mpath::LoadResult> results(8);
  std::vector<std::thread> threads;
  for (mpath::LoadResult& result : results) {
    threads.emplace_back([&] { result = mpath::load_plugin(options_); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const mpath::LoadResult& result : results) {
    ASSERT_TRUE(result) << result.message;
    EXPECT_EQ(result.plugin.table(), results.front().plugin.table());
  }
}

TEST_F(RealPlugin, JoinsTwoLegsAndAsksForTheirLinks) {
  mpath::OpenResult opened = mpath::open_plugin(options_, {});
  ASSERT_TRUE(opened) << opened.message;
  mpath::Tunnel tunnel;
  mpath_leg_id first = 0;
  const mpath::TunnelParams params{
      .first_leg = {.path = {.hops = kFirstPath, .cwnd_init = 124, .sendme_inc = 31}},
      .cookie = 5,
      .seed = {}};
  ASSERT_EQ(mpath::Tunnel::create(opened.instance, params, nullptr, &tunnel, &first), Status::kOk);
  const std::array<mpath_leg_params, 1> more = {mpath::LegParams{
      .path = {.hops = kSecondPath, .cwnd_init = 124, .sendme_inc = 31}, .cookie = 6}
                                                    .raw()};
  std::array<mpath_leg_view, 2> views = {view_of(first), view_of(0)};
  std::array<mpath_leg_id, 1> second{};
  ASSERT_EQ(tunnel.add_legs(more, {.legs = std::span(views).first(1)}, second), Status::kOk);
  views[1] = view_of(second[0]);
  ASSERT_EQ(tunnel.link(1000), Status::kOk);

  mpath::EventBuffer events;
  ASSERT_EQ(tunnel.poll({.legs = views}, 1000, &events), Status::kOk);
  std::vector<std::size_t> links;
  for (const mpath_event& event : events) {
    EXPECT_EQ(kind_of(event), EventKind::kSendCell);
    links.push_back(mpath::body_of(event.cell).size());
  }
  EXPECT_THAT(links, ElementsAre(50U, 50U));
  EXPECT_NE(events.next_deadline_us, MPATH_NEVER);

  mpath_leg_id single = 0;
  EXPECT_EQ(tunnel.single_leg(&single), Status::kErrorNotSingle);
  mpath_detail detail;
  ASSERT_EQ(tunnel.detail(&detail), Status::kOk);
  EXPECT_EQ(detail.index, 2U);
}

}  // namespace
}  // namespace conflux::test
