#include "plugin/core/leg_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
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
