#include "plugin/sidecar/ctl/top/view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/sidecar/ctl/answers.h"

namespace conflux::top {
namespace {

using test::TunnelFacts;
using testing::ElementsAre;

Model model_of(const std::vector<TunnelFacts>& first, const std::vector<TunnelFacts>& second) {
  Tracker tracker("x", 1);
  double at = 0;
  for (const auto* facts : {&first, &second}) {
    auto answer = test::tunnels_at(at++);
    for (const TunnelFacts& tunnel : *facts) test::add_tunnel(answer, tunnel);
    tracker.handle_tunnels(answer);
  }
  return tracker.model();
}

// c is fastest, a has most out of order, b switches most and gains most.
Model three() {
  return model_of({{.id = 0xa, .received = {0, 0}},
                   {.id = 0xb, .received = {0, 0}},
                   {.id = 0xc, .received = {0, 0}}},
                  {{.id = 0xa, .reorder_cells = 9, .received = {200, 20}},
                   {.id = 0xb, .switches = 3, .received = {100, 100}},
                   {.id = 0xc, .received = {300, 30}, .instance = "proxy"}});
}

std::vector<std::uint32_t> ids(const Model& model, const View& view) {
  std::vector<std::uint32_t> out;
  for (const TunnelRow* row : rows_of(model, view)) out.push_back(row->display_id);
  return out;
}

class Keys : public testing::Test {
 protected:
  void SetUp() override { keep_selection(view_, model_); }
  Action press(char key) {
    return handle_key(view_, model_, {.kind = Key::Kind::kText, .text = key}, 10);
  }
  Action press(Key::Kind kind) { return handle_key(view_, model_, {.kind = kind}, 10); }

  Model model_ = three();
  View view_;
};

TEST_F(Keys, TheFastestTunnelIsFirst) {
  EXPECT_THAT(ids(model_, view_), ElementsAre(0xc, 0xa, 0xb));
  EXPECT_EQ(view_.selected_id, 0xcU);
}

TEST_F(Keys, SortGoesThroughAllColumnsAndBack) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < kSortKeys; ++i) {
    names.push_back(name_of(view_.sort));
    press('s');
  }
  EXPECT_THAT(names,
              ElementsAre("goodput", "rtt", "reorder", "switches", "ratio", "age", "tunnel"));
  EXPECT_EQ(view_.sort, SortKey::kGoodput);
  press('S');
  EXPECT_EQ(view_.sort, SortKey::kTunnel);
  for (const std::string_view name : names) EXPECT_EQ(name_of(*sort_key_named(name)), name);
  EXPECT_EQ(sort_key_named("nothing"), std::nullopt);
}

TEST_F(Keys, EachSortKeySortsByWhatItSays) {
  view_.sort = SortKey::kReorder;
  EXPECT_EQ(ids(model_, view_)[0], 0xaU);
  view_.sort = SortKey::kSwitches;
  EXPECT_EQ(ids(model_, view_)[0], 0xbU);
  view_.sort = SortKey::kRatio;
  EXPECT_EQ(ids(model_, view_)[0], 0xbU);
  view_.sort = SortKey::kTunnel;
  EXPECT_THAT(ids(model_, view_), ElementsAre(0xa, 0xb, 0xc));
  press('r');
  EXPECT_THAT(ids(model_, view_), ElementsAre(0xc, 0xb, 0xa));
}

TEST_F(Keys, TheSelectionMovesAndStopsAtTheEnds) {
  press('j');
  EXPECT_EQ(view_.selected_id, 0xaU);
  press(Key::Kind::kDown);
  press(Key::Kind::kDown);
  EXPECT_EQ(view_.selected_id, 0xbU);
  press(Key::Kind::kPageUp);
  EXPECT_EQ(view_.selected_id, 0xcU);
  press('G');
  EXPECT_EQ(view_.selected_id, 0xbU);
  press(Key::Kind::kHome);
  press('k');
  EXPECT_EQ(view_.selected_id, 0xcU);
}

TEST_F(Keys, TheSelectionStaysOnItsTunnelWhenTheOrderChanges) {
  press('j');
  ASSERT_EQ(view_.selected_id, 0xaU);
  press('r');
  press('s');
  EXPECT_EQ(view_.selected_id, 0xaU);
  model_ = model_of({}, {{.id = 0xd, .received = {1}}, {.id = 0xa, .received = {1}}});
  keep_selection(view_, model_);
  EXPECT_EQ(view_.selected_id, 0xaU);
}

TEST_F(Keys, TheSelectionStaysInPlaceWhenItsTunnelVanishes) {
  press('G');
  model_ = model_of({}, {{.id = 1, .received = {1}}, {.id = 2, .received = {1}}});
  keep_selection(view_, model_);
  EXPECT_EQ(view_.selected_id, 2U);
  model_ = model_of({}, {});
  keep_selection(view_, model_);
  EXPECT_FALSE(view_.has_selection);
  EXPECT_EQ(press('j'), Action::kNone);
}

TEST_F(Keys, AFilterIsTypedKeptAndCleared) {
  press('/');
  EXPECT_EQ(press('q'), Action::kNone) << "a letter of the filter";
  press(Key::Kind::kBackspace);
  press('b');
  press(Key::Kind::kEnter);
  EXPECT_THAT(ids(model_, view_), ElementsAre(0xb));
  EXPECT_EQ(view_.selected_id, 0xbU);
  EXPECT_FALSE(view_.typing_filter);
  press(Key::Kind::kEscape);
  EXPECT_EQ(ids(model_, view_).size(), 3U);
}

TEST_F(Keys, HelpPauseAndDetailsAreSwitches) {
  press('h');
  EXPECT_TRUE(view_.help);
  EXPECT_EQ(press('q'), Action::kNone) << "closes the help";
  EXPECT_FALSE(view_.help);
  press('?');
  press(Key::Kind::kEscape);
  EXPECT_FALSE(view_.help);
  press('p');
  EXPECT_TRUE(view_.paused);
  press('p');
  EXPECT_FALSE(view_.paused);
  press(Key::Kind::kEnter);
  EXPECT_FALSE(view_.details);
}

TEST_F(Keys, QuitQuits) { EXPECT_EQ(press('q'), Action::kQuit); }

}  // namespace
}  // namespace conflux::top
