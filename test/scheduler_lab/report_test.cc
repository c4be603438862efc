// Tables, CSV and plots: numbers come out as they went in.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "examples/scheduler_lab/report/folder.h"
#include "examples/scheduler_lab/report/plots.h"
#include "examples/scheduler_lab/report/summary.h"
#include "examples/scheduler_lab/report/svg.h"
#include "test/scheduler_lab/support.h"
#include "test/support/temporary_directory.h"

namespace scheduler_lab {
namespace {

RunResult run_of(double goodput, std::uint64_t peak) {
  RunResult run;
  run.goodput = goodput;
  run.peak_held_cells = peak;
  run.shares = {0.75, 0.25};
  run.completions = {{.kind = TrafficKind::kBulk, .created = 0, .bytes = 5, .took = 2 * kSecond},
                     {.kind = TrafficKind::kWeb, .created = 0, .bytes = 5, .took = kSecond},
                     {.kind = TrafficKind::kWeb, .created = 0, .bytes = 5, .took = 3 * kSecond},
                     {.kind = TrafficKind::kWeb, .created = 0, .bytes = 5}};
  run.samples = {{.at = kSecond, .delivered = 1000}, {.at = 2 * kSecond, .delivered = 4000}};
  return run;
}

struct Results {
  Scenario scenario{.name = "one", .text = "version: 1\n", .title = "A <b> & \"c\""};
  std::vector<Runs> all{
      {.scenario = &scenario, .scheduler = "low_rtt", .runs = {run_of(1e6, 400), run_of(3e6, 600)}},
      {.scenario = &scenario,
       .scheduler = "other",
       .runs = {run_of(1e6, 100), run_of(2.8e6, 200)}}};

  [[nodiscard]] std::vector<Summary> rows() const { return {summarise(all[0]), summarise(all[1])}; }
};

TEST(LabSummary, TakesMediansAndTheRangeOverSeeds) {
  const Results results;
  const Summary row = summarise(results.all[0]);
  EXPECT_DOUBLE_EQ(row.goodput.median, 2e6);
  EXPECT_DOUBLE_EQ(row.goodput.low, 1e6);
  EXPECT_DOUBLE_EQ(row.goodput.high, 3e6);
  EXPECT_DOUBLE_EQ(row.peak_cells.median, 500);
  EXPECT_DOUBLE_EQ(row.shares[1], 0.25);
}

TEST(LabSummary, TellsOfTheWaitForWhatIsMostUrgent) {
  const Results results;
  const Summary row = summarise(results.all[0]);
  EXPECT_EQ(row.waits_for, TrafficKind::kWeb);
  ASSERT_TRUE(row.wait);
  EXPECT_DOUBLE_EQ(row.wait->p50, 2);
  EXPECT_DOUBLE_EQ(row.wait->p95, 3);
  EXPECT_EQ(row.unfinished, 2U);
}

TEST(LabSummary, QuantilesLieBetweenNeighbours) {
  EXPECT_DOUBLE_EQ(quantile({1, 2, 3, 4}, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(quantile({1, 2, 3, 4}, 0), 1);
  EXPECT_DOUBLE_EQ(quantile({1, 2, 3, 4}, 1), 4);
  EXPECT_DOUBLE_EQ(quantile({7}, 0.95), 7);
}

TEST(LabSummary, TheComparisonGivesSharesOfTheBaseline) {
  const Results results;
  const std::string text = comparison_of(results.rows(), "low_rtt");
  EXPECT_NE(text.find("95.0%"), std::string::npos) << text;
  EXPECT_NE(text.find("30.0%"), std::string::npos) << text;
  EXPECT_EQ(comparison_of(results.rows(), "unknown"), "");
}

TEST(LabSummary, CsvHasAsManyFieldsAsHeadings) {
  const Results results;
  const std::string csv = csv_of(results.rows());
  std::vector<std::ptrdiff_t> commas;
  for (std::size_t begin = 0; begin < csv.size();) {
    const std::size_t end = csv.find('\n', begin);
    commas.push_back(std::count(csv.begin() + static_cast<std::ptrdiff_t>(begin),
                                csv.begin() + static_cast<std::ptrdiff_t>(end), ','));
    begin = end + 1;
  }
  ASSERT_EQ(commas.size(), 3U);
  EXPECT_EQ(commas[0], commas[1]);
  EXPECT_EQ(commas[0], commas[2]);
}

TEST(LabSummary, TheTableNamesEachScenarioOnce) {
  const Results results;
  const std::string table = table_of(results.rows());
  EXPECT_EQ(table.find("\none\n"), table.rfind("\none\n"));
  EXPECT_NE(table.find("page 2.00 s / 3.00 s"), std::string::npos) << table;
}

TEST(LabSvg, TicksAreRoundAndReachTheMost) {
  EXPECT_EQ(ticks(10), (std::vector<double>{0, 2, 4, 6, 8, 10}));
  EXPECT_EQ(ticks(101).back(), 125);
  EXPECT_EQ(ticks(0), (std::vector<double>{0, 1}));
  for (const double most : {0.003, 0.9, 7.0, 33.0, 2211.0, 1e6}) {
    const std::vector<double> marks = ticks(most);
    EXPECT_GE(marks.back(), most * 0.999) << most;
    EXPECT_GE(marks.size(), 4U) << most;
    EXPECT_LE(marks.size(), 9U) << most;
  }
}

TEST(LabSvg, PlotsAreWholeAndEscapeWhatIsMarkup) {
  const Results results;
  const std::vector<NamedPlot> plots = plots_of(results.all);
  ASSERT_EQ(plots.size(), 4U);
  for (const NamedPlot& plot : plots) {
    EXPECT_TRUE(plot.svg.starts_with("<svg ")) << plot.file;
    EXPECT_TRUE(plot.svg.ends_with("</svg>\n")) << plot.file;
    EXPECT_EQ(plot.svg.find("<b>"), std::string::npos) << plot.file;
    EXPECT_NE(plot.svg.find("A &lt;b&gt; &amp; &quot;c&quot;"), std::string::npos) << plot.file;
    EXPECT_NE(plot.svg.find("low_rtt"), std::string::npos) << plot.file;
    EXPECT_EQ(plot.svg.find("nan"), std::string::npos) << plot.file;
  }
}

// A scheduler whose file does not end within the run is not the one that is fastest.
struct SlowResults : Results {
  SlowResults() {
    for (RunResult& run : all[1].runs) {
      for (Completion& completion : run.completions) completion.took.reset();
    }
  }

  [[nodiscard]] std::string plot(const std::string& file) const {
    const std::vector<NamedPlot> plots = plots_of(all);
    const auto found = std::ranges::find(plots, file, &NamedPlot::file);
    return found != plots.end() ? found->svg : "";
  }
};

TEST(LabSvg, ASchedulerThatDeliversNothingHasNoBar) {
  const SlowResults results;
  const std::string svg = results.plot("completion_file.svg");
  EXPECT_NE(svg.find("none ended"), std::string::npos) << svg;
  EXPECT_EQ(svg.find(">0<"), svg.rfind(">0<")) << "a bar of no seconds, beside the axis";
}

TEST(LabSvg, BarsSayHowManyEndedIfNotAllDid) {
  SlowResults results;
  results.all[1].runs[0].completions[0].took = 7 * kSecond;
  const std::string svg = results.plot("completion_file.svg");
  EXPECT_NE(svg.find("7 (1 of 2)"), std::string::npos) << svg;
}

TEST(LabSummary, CsvLeavesTheWaitEmptyIfNothingEnded) {
  const SlowResults results;
  EXPECT_NE(csv_of(results.rows()).find(",page,,,8,"), std::string::npos) << csv_of(results.rows());
  EXPECT_NE(table_of(results.rows()).find("none ended"), std::string::npos);
}

class LabFolder : public testing::Test {
 protected:
  const conflux::test::TemporaryDirectory place_;
  const std::string directory_ = place_.path("lab-folder");
};

TEST_F(LabFolder, HoldsTheScenarioAndTheVersionsOfEachRun) {
  const Results results;
  const Provenance from{.lab = "9.9", .plugin = "conflux 8.8", .plugin_sha256 = "ab", .abi = "1.1"};
  ASSERT_EQ(write_files(directory_, files_of_run(results.all[0], 1, 42, from)), "");
  const std::string base = directory_ + "/one/low_rtt/seed-42/";
  EXPECT_EQ(read_text(base + "scenario.yaml"), "version: 1\n");
  const std::string json = read_text(base + "run.json");
  for (const char* part :
       {"\"9.9\"", "\"conflux 8.8\"", "\"seed\": 42", "\"scheduler\": \"low_rtt\""}) {
    EXPECT_NE(json.find(part), std::string::npos) << json;
  }
}

TEST_F(LabFolder, ResultsAreOverwrittenOnRequestOnly) {
  const Results results;
  EXPECT_EQ(check_directory(directory_, false), "");
  ASSERT_EQ(write_files(directory_, files_of_all(results.all, results.rows(), {})), "");
  EXPECT_NE(check_directory(directory_, false).find("--force"), std::string::npos);
  EXPECT_EQ(check_directory(directory_, true), "");
}

TEST_F(LabFolder, WhatIsNotOursIsNeverOverwritten) {
  ASSERT_EQ(write_files(directory_, {{"letter.txt", "dear"}}), "");
  EXPECT_NE(check_directory(directory_, true), "");
}

}  // namespace
}  // namespace scheduler_lab
