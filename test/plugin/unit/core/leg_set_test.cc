#include "plugin/core/leg_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "test/plugin/unit/support/legs.h"

namespace conflux {
namespace {

using namespace std::chrono_literals;
using test::leg_id;
using test::Legs;

TEST(LegSet, FindsALegByIdInLegOrder) {
  Legs legs;
  legs.add_linked(1ms);
  legs.add_linked(2ms);
  EXPECT_EQ(legs.set.index_of(leg_id(1)), 0U);
  EXPECT_EQ(legs.set.index_of(leg_id(2)), 1U);
  EXPECT_EQ(legs.set.index_of(leg_id(3)), std::nullopt);
  legs.set.commit_remove(0);
  EXPECT_EQ(legs.set.index_of(leg_id(1)), std::nullopt);
  EXPECT_EQ(legs.set.index_of(leg_id(2)), 0U);
}

TEST(LegSet, ResolvesExactlyWhenEachLegHasOneView) {
  Legs legs;
  for (int i = 0; i < 3; ++i) legs.add_linked(1ms);
  // Every list of up to five views over the three legs and one that is gone.
  const std::vector<LegId> known = {leg_id(1), leg_id(2), leg_id(3), leg_id(9)};
  std::vector<LegView> views;
  int resolved = 0;
  const std::function<void()> visit = [&] {
    const auto count = [&](LegId id) { return std::ranges::count(views, id.raw(), &LegView::leg); };
    const bool each_once = count(known[0]) == 1 && count(known[1]) == 1 && count(known[2]) == 1;
    ViewOfLeg view_of;
    const LegViews list(views.data(), views.size(), sizeof(LegView), Cells{0});
    ASSERT_EQ(legs.set.resolve(list, view_of), each_once);
    for (std::size_t i = 0; each_once && i < 3; ++i) {
      ASSERT_EQ(view_of[i]->leg, legs.set[i].id().raw());
    }
    resolved += each_once ? 1 : 0;
    if (views.size() == 5) return;
    for (const LegId id : known) {
      views.push_back({});
      views.back().leg = id.raw();
      visit();
      views.pop_back();
    }
  };
  visit();
  EXPECT_EQ(resolved, 6 + 6 * 4 + 6 * 10) << "permutations, with the foreign view in any place";
}

// One to four legs: two have a way of their own.
TEST(LegSet, KnowsViewsOnlyInLegOrderAndOnlyAsTheyWere) {
  for (std::size_t count = 1; count <= 4; ++count) {
    Legs legs;
    std::vector<LegView> views(count + 1);
    for (std::size_t i = 0; i < count; ++i) {
      Leg& leg = legs.set[legs.add_linked(1ms)];
      views[i].leg = leg.id().raw();
      views[i].ewma_rtt_us = static_cast<std::uint32_t>(10'000 + i);
      leg.progress().commit_view(views[i], Instant{});
    }
    const auto known = [&](std::size_t size) {
      return legs.set.are_as_known(LegViews(views.data(), size, sizeof(LegView), Cells{0}));
    };
    SCOPED_TRACE(std::to_string(count) + " legs");
    EXPECT_TRUE(known(count));
    EXPECT_FALSE(known(count - 1)) << "a leg without a view";
    EXPECT_FALSE(known(count + 1)) << "a view without a leg";
    for (std::size_t i = 0; i < count; ++i) {
      const LegView was = views[i];
      views[i].ewma_rtt_us += 1;
      EXPECT_FALSE(known(count)) << "the RTT of leg " << i;
      views[i] = was;
      views[i].reserved = 1;
      EXPECT_FALSE(known(count)) << "the general way refuses it at leg " << i;
      views[i] = was;
      views[i].leg = leg_id(9).raw();
      EXPECT_FALSE(known(count)) << "the view of another leg at " << i;
      views[i] = was;
      EXPECT_TRUE(known(count));
    }
    if (count == 1) continue;
    std::swap(views[count - 2], views[count - 1]);
    EXPECT_FALSE(known(count)) << "in another order";
  }
}

TEST(LegSet, FindsNoLegThatHasGone) {
  Legs legs;
  legs.add_linked(1ms);
  legs.add_linked(2ms);
  legs.set.commit_remove(1);
  EXPECT_EQ(legs.set.index_of(leg_id(2)), std::nullopt) << "its place is no longer in the set";
  EXPECT_EQ(legs.set.find(leg_id(2)), nullptr);
  EXPECT_EQ(legs.set.find(leg_id(1)), &legs.set[0]);
  legs.set.clear();
  EXPECT_EQ(legs.set.index_of(leg_id(1)), std::nullopt);
  EXPECT_EQ(legs.set.find(leg_id(1)), nullptr);
}

TEST(LegSet, AnswersTheHighestSequenceWithoutALeg) {
  Legs legs;
  legs.add_linked(1ms);
  legs.add_linked(1ms);
  legs.set[0].sequence().commit_sent(Cells{9});
  legs.set[1].sequence().commit_sent(Cells{4});
  legs.set[1].sequence().commit_switch(SeqNo{20});
  EXPECT_EQ(legs.set.highest_sent(), SeqNo{9});
  EXPECT_EQ(legs.set.highest_sent(leg_id(1)), SeqNo{4});
  EXPECT_EQ(legs.set.highest_received(), SeqNo{20});
  EXPECT_EQ(legs.set.highest_received(leg_id(2)), SeqNo{0});
}

TEST(LegSet, CountsALegAsLinkedOnceItsPeerIs) {
  Legs legs;
  for (const LegState& state : test::all_states()) legs.add(state);
  EXPECT_EQ(legs.set.count_linked(), 2U) << "AckQueued and Linked";
}

}  // namespace
}  // namespace conflux
