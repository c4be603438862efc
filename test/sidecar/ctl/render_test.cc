#include "plugin/sidecar/ctl/top/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugin/sidecar/ctl/top/graph.h"
#include "test/sidecar/ctl/answers.h"

namespace conflux::top {
namespace {

using test::add_region;
using test::add_tunnel;
using test::snapshot_at;
using test::tunnels_at;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr RenderOptions kSmall{.width = 80, .height = 24};
constexpr RenderOptions kLarge{.width = 200, .height = 50};
constexpr RenderOptions kTiny{.width = 20, .height = 5};

// Two tunnels: a1 at twice the pace of b2.
Model busy(std::uint32_t slots = 64) {
  Tracker tracker("unix:/run/x.sock", 1);
  for (int at = 0; at < 30; ++at) {
    const auto cells = static_cast<std::uint64_t>(at) * 1000;
    tracker.handle_snapshot(snapshot_at(
        at, {.slots = slots, .best_received = 1000.0 * at, .other_received = 900.0 * at}));
    auto answer = tunnels_at(at);
    add_tunnel(answer, {.id = 0xb2, .received = {cells / 2, cells / 2}});
    add_tunnel(answer, {.id = 0xa1,
                        .switches = static_cast<std::uint32_t>(at),
                        .reorder_cells = 12,
                        .received = {cells * 6 / 5, cells * 4 / 5}});
    if (slots > 0) tracker.handle_tunnels(answer);
  }
  return tracker.model();
}

std::string drawn(const Model& model, const RenderOptions& options, View view = {}) {
  keep_selection(view, model);
  return render(model, view, options).text();
}

std::string line_with(const std::string& text, const std::string& what) {
  const std::size_t at = text.find(what);
  if (at == std::string::npos) return {};
  const std::size_t first = text.rfind('\n', at) + 1;
  return text.substr(first, text.find('\n', at) - first);
}

TEST(Picture, AnswersWhetherItHelps) {
  const Model model = busy();
  for (const RenderOptions& size : {kSmall, kLarge}) {
    EXPECT_THAT(drawn(model, size), HasSubstr("Does it help?  1.9x the best leg"));
  }
}

TEST(Picture, At80x24ShowsEveryColumnThatMatters) {
  const std::string text = drawn(busy(), kSmall);
  EXPECT_THAT(text, AllOf(HasSubstr("proxy live"), HasSubstr("TUNNEL"), HasSubstr("STATE"),
                          HasSubstr("RECV/s"), HasSubstr("SENT/s"), HasSubstr("SHARE %"),
                          HasSubstr("RTT ms"), HasSubstr("REORDER"), HasSubstr("SW/MIN")));
  const std::string row = line_with(text, "000000a1");
  EXPECT_THAT(
      row, AllOf(StartsWith(">000000a1 ready"), HasSubstr("996 kB"), HasSubstr("60/40"),
                 HasSubstr("100/180"), HasSubstr("6.0 KiB"), HasSubstr("60.0"), HasSubstr("1.7x")));
}

TEST(Picture, At80x24ShowsTheLegsOfTheSelectedTunnel) {
  const std::string text = drawn(busy(), kSmall);
  EXPECT_THAT(text, HasSubstr("tunnel 000000a1 of proxy, ready, under ten minutes old"));
  EXPECT_THAT(line_with(text, "  1* linked"), AllOf(HasSubstr("598 kB"), HasSubstr("60%"),
                                                    HasSubstr("100 ms"), HasSubstr("50/200")));
  EXPECT_THAT(text, HasSubstr("out of order 12 cells"));
}

TEST(Picture, At200x50UsesTheSpace) {
  const std::string text = drawn(busy(), kLarge);
  EXPECT_THAT(text, AllOf(HasSubstr("PROXY"), HasSubstr("AGE"), HasSubstr("INFLIGHT:CWND"),
                          HasSubstr("CELLS IN"), HasSubstr("GOODPUT"), HasSubstr("leg 2 (top")));
  EXPECT_THAT(line_with(text, ">000000a1"), HasSubstr("50:200/100:200"));
}

TEST(Picture, At20x5StillTellsTheTotalAndATunnel) {
  const std::string text = drawn(busy(), kTiny);
  EXPECT_THAT(text, AllOf(HasSubstr("conflux top"), HasSubstr("Goodput"), HasSubstr("000000a1")));
}

TEST(Picture, HasTheSizeThatWasAskedForWhateverItIs) {
  const Model model = busy();
  for (const int width : {0, 1, 2, 7, 20, 79, 80, 81, 140, 200, 400}) {
    for (const int height : {0, 1, 2, 3, 4, 5, 6, 12, 20, 24, 39, 40, 120}) {
      for (const bool help : {false, true}) {
        const Screen screen = render(model, {.help = help}, {.width = width, .height = height});
        EXPECT_EQ(screen.width(), width);
        EXPECT_EQ(screen.height(), height);
      }
    }
  }
}

TEST(Picture, InAsciiHasNothingElse) {
  for (RenderOptions size : {kSmall, kLarge}) {
    size.ascii = true;
    for (const char c : drawn(busy(), size)) EXPECT_LT(static_cast<unsigned char>(c), 0x80);
  }
}

TEST(Picture, OneShotHasNoKeysAndNoSelection) {
  RenderOptions options = kSmall;
  options.one_shot = true;
  const std::string text = drawn(busy(), options);
  EXPECT_THAT(text, AllOf(Not(HasSubstr("quit")), Not(HasSubstr(">000")), HasSubstr("000000b2")));
}

TEST(Picture, SaysThatTheSidecarIsAbsentAndWhatToDo) {
  Tracker tracker("unix:/run/x.sock", 1);
  tracker.handle_lost("No such file or directory");
  const std::string text = drawn(tracker.model(), kSmall);
  EXPECT_THAT(text,
              AllOf(HasSubstr("no sidecar"), HasSubstr("cannot be reached at unix:/run/x.sock"),
                    HasSubstr("No such file"), HasSubstr("systemctl"), HasSubstr("doctor")));
}

TEST(Picture, SaysThatMetricsAreOff) {
  Tracker tracker("x", 1);
  tracker.handle_snapshot({});
  EXPECT_THAT(drawn(tracker.model(), kSmall),
              AllOf(HasSubstr("No proxy publishes"), HasSubstr("conflux.metrics.mode: aggregate")));
}

TEST(Picture, SaysThatDetailIsOffAndShowsTotals) {
  const std::string text = drawn(busy(0), kSmall);
  EXPECT_THAT(text, AllOf(HasSubstr("Totals only"), HasSubstr("conflux.metrics.detail: local"),
                          HasSubstr("946 kB/s received"), HasSubstr("1.9x the best leg")));
  EXPECT_THAT(text, Not(HasSubstr("TUNNEL ")));
}

TEST(Picture, SaysWhichProxyIsStalledOrDead) {
  Tracker tracker("x", 1);
  auto snapshot = snapshot_at(
      0, {.instance = "a", .health = test::v1::Region::HEALTH_STALLED, .problem = "it hangs"});
  add_region(snapshot, {.instance = "b", .health = test::v1::Region::HEALTH_DEAD});
  add_region(snapshot, {.instance = "c"});
  tracker.handle_snapshot(snapshot);
  EXPECT_THAT(drawn(tracker.model(), kSmall),
              AllOf(HasSubstr("3 proxies, 2 live"), HasSubstr("a is stalled: it hangs"),
                    HasSubstr("b is dead")));
}

TEST(Picture, SaysThatItIsPausedAndFiltered) {
  EXPECT_THAT(drawn(busy(), kSmall, {.paused = true}), HasSubstr("PAUSED"));
  EXPECT_THAT(drawn(busy(), kSmall, {.filter = "b2"}),
              AllOf(HasSubstr("filtered: b2"), HasSubstr("000000b2"), Not(HasSubstr("000000a1"))));
  EXPECT_THAT(drawn(busy(), kSmall, {.filter = "zz"}), HasSubstr("no tunnel matches `zz`"));
}

TEST(Picture, HelpNamesEveryKeyAndFits80x24) {
  const std::string text = drawn(busy(), kSmall, {.help = true});
  for (const char* word : {"quit", "sort", "reverse", "filter", "pause", "select", "memory only"}) {
    EXPECT_THAT(text, HasSubstr(word));
  }
}

TEST(Picture, MarksTheSelectedRowAndTheSortedColumn) {
  const Model model = busy();
  View view;
  keep_selection(view, model);
  const Screen screen = render(model, view, kSmall);
  int marked = 0;
  for (int row = 0; row < 24; ++row) {
    if (screen.at(row, 0).glyph == U'>') {
      EXPECT_TRUE(screen.at(row, 79).look.reverse);
      ++marked;
    }
  }
  EXPECT_EQ(marked, 1);
}

TEST(Layout, GivesWhatIsThereToTheTableFirst) {
  const Layout small = plan_layout({.width = 80, .height = 16}, {.banners = 0, .legs = 2});
  EXPECT_EQ(small.graph, 0);
  EXPECT_EQ(small.details, 5);
  const Layout tiny = plan_layout(kTiny, {.banners = 5, .legs = 2});
  EXPECT_EQ(tiny.details, 0);
  EXPECT_EQ(tiny.banners, 1);
  for (int height = 0; height < 100; ++height) {
    const Layout plan = plan_layout({.width = 80, .height = height}, {.banners = 3, .legs = 8});
    EXPECT_EQ(plan.header + plan.graph + plan.banners + plan.rows + plan.details + plan.footer +
                  (plan.titles ? 1 : 0),
              height);
  }
}

TEST(Graph, DrawsTwoValuesAndFourStepsPerBrailleCharacter) {
  const std::vector<float> values = {0, 1, 2, 4};
  EXPECT_THAT(draw_graph(values, 4, {.width = 3, .height = 1}), ElementsAre(" ⢀⣼"))
      << "right-aligned";
  EXPECT_THAT(draw_graph(values, 4, {.width = 2, .height = 2}), ElementsAre(" ⢸", "⢠⣿"));
  EXPECT_THAT(draw_graph(values, 4, {.width = 4, .height = 1, .ascii = true}), ElementsAre(" .:#"));
}

TEST(Graph, ShowsTheLeastFlowAsADot) {
  EXPECT_THAT(draw_graph(std::vector<float>{0, 0.001F}, 1000, {.width = 1, .height = 1}),
              ElementsAre("⢀"));
}

TEST(Graph, ScalesByRoundNumbers) {
  EXPECT_FLOAT_EQ(round_scale(996'000), 1'000'000);
  EXPECT_FLOAT_EQ(round_scale(1'200'000), 2'000'000);
  EXPECT_FLOAT_EQ(round_scale(4), 5);
  EXPECT_FLOAT_EQ(round_scale(0), 1);
}

TEST(Graph, BarsAreBoundedByTheirWidth) {
  EXPECT_EQ(draw_bar(0.5, 4, true), "##--");
  EXPECT_EQ(draw_bar(7, 2, true), "##");
  EXPECT_EQ(draw_bar(-1, 2, false), "░░");
}

TEST(ScreenOfCells, CutsWhatLiesOutsideAndReplacesWhatIsNoSingleColumn) {
  Screen screen(5, 2);
  screen.put({0, 3}, "abc");
  screen.put({7, 0}, "below");
  screen.put({1, -1}, "xyz");
  EXPECT_EQ(screen.text(), "   ab\nyz\n");
  screen.put({1, 0}, "\x1b\xE6\xBC\xA2\xFFo\xCC\x81");
  EXPECT_EQ(screen.text(), "   ab\n???o?\n");
}

TEST(ScreenOfCells, Utf8GoesInAndOut) {
  const std::string text = "aé█⣿";
  Screen screen(4, 1);
  screen.put({0, 0}, text);
  EXPECT_EQ(screen.text(), text + "\n");
}

}  // namespace
}  // namespace conflux::top
