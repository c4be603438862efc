#include "plugin/types/leg_view.h"

#include <gtest/gtest.h>

#include <array>

namespace conflux {
namespace {

LegView view_with_window(std::uint32_t cwnd, std::uint32_t inflight) {
  LegView view{};
  view.cwnd = cwnd;
  view.inflight = inflight;
  return view;
}

TEST(Room, IsWhatTheWindowStillAdmits) {
  EXPECT_EQ(room(view_with_window(100, 40)), Cells{60});
  EXPECT_EQ(room(view_with_window(100, 99)), Cells{1});
  EXPECT_EQ(room(view_with_window(UINT32_MAX, 0)), Cells{UINT32_MAX});
}

TEST(Room, IsZeroWhenFullOrOverdrawn) {
  EXPECT_EQ(room(view_with_window(100, 100)), Cells{0});
  EXPECT_EQ(room(view_with_window(100, 101)), Cells{0}) << "a window may shrink below its inflight";
  EXPECT_EQ(room(view_with_window(0, UINT32_MAX)), Cells{0});
}

// A host with newer headers, whose views are longer.
struct LongerView {
  LegView known;
  std::uint64_t unknown;
};

TEST(LegViews, StridesOverTheViewsOfANewerHost) {
  std::array<LongerView, 3> items{};
  for (std::size_t i = 0; i < items.size(); ++i) items[i].known.leg = 10 + i;
  const LegViews views(&items[0].known, items.size(), sizeof(LongerView), Cells{7});
  EXPECT_EQ(views.size(), 3U);
  EXPECT_EQ(views.backlog(), Cells{7});
  for (std::size_t i = 0; i < items.size(); ++i) EXPECT_EQ(views[i].leg, 10 + i);
}

TEST(LegViews, FindsALegWhateverTheOrder) {
  std::array<LegView, 2> items{};
  items[0].leg = 5;
  items[1].leg = 6;
  const LegViews views(items.data(), items.size(), sizeof(LegView), Cells{0});
  EXPECT_EQ(views.find(LegId{5}, 0), &items[0]);
  EXPECT_EQ(views.find(LegId{5}, 1), &items[0]) << "expected elsewhere";
  EXPECT_EQ(views.find(LegId{6}, 99), &items[1]) << "expected beyond the end";
  EXPECT_EQ(views.find(LegId{7}, 0), nullptr);
  EXPECT_EQ(LegViews{}.find(LegId{5}, 0), nullptr);
}

}  // namespace
}  // namespace conflux
