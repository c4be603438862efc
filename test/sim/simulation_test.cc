#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

#include "test/sim/exhaustive.h"
#include "test/sim/world.h"

namespace sim {
namespace {

// About a minute of one core in a release build. Sanitizers are slow; they look at memory, which
// fewer runs show as well. A million: conflux-sim --runs 1000000.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kRuns = 4000;
#else
constexpr std::uint64_t kRuns = 100'000;
#endif
constexpr std::size_t kSteps = 200;

void expect_no_violation(RunOptions options, std::uint64_t runs) {
  for (options.seed = 1; options.seed <= runs; ++options.seed) {
    const RunResult result = run(options);
    ASSERT_EQ(result.violation, "") << "replay: conflux-sim --seed " << options.seed << " --steps "
                                    << options.steps << (options.hostile ? " --hostile" : "");
  }
}

TEST(Simulation, SeedsThatOnceFailedPassFirst) {
  std::ifstream seeds(CONFLUX_SOURCE_DIR "/test/sim/regressions.txt");
  ASSERT_TRUE(seeds.is_open());
  std::string mode;
  RunOptions options;
  while (seeds >> mode) {
    if (mode.front() == '#') {
      std::getline(seeds, mode);
      continue;
    }
    ASSERT_TRUE(seeds >> options.seed >> options.steps);
    options.hostile = mode == "hostile";
    EXPECT_EQ(run(options).violation, "") << mode << " seed " << options.seed;
  }
}

TEST(Simulation, HonestEndsDeliverEverythingOrTheTunnelClosesWithAReason) {
  expect_no_violation({.steps = kSteps}, kRuns);
}

TEST(Simulation, WithoutLossesNothingButAStallOrALimitClosesATunnel) {
  expect_no_violation({.steps = kSteps, .losses = false}, kRuns / 2);
}

TEST(Simulation, AHostileFarEndBreaksNoPromiseOfOurs) {
  expect_no_violation({.steps = kSteps, .hostile = true}, kRuns);
}

TEST(Simulation, EqualSeedsGiveEqualTracesAndOthersDoNot) {
  std::set<std::uint64_t> traces;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const RunOptions options{.seed = seed, .steps = kSteps};
    const RunResult first = run(options);
    EXPECT_EQ(first.trace, run(options).trace) << "seed " << seed;
    traces.insert(first.trace);
  }
  EXPECT_EQ(traces.size(), 200U);
}

TEST(Simulation, SomeUploadsWaitForTheMemoryOfTheFarEnd) {
  std::size_t waited = 0;
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    waited += run({.seed = seed, .steps = kSteps}).peer_was_full;
  }
  EXPECT_GT(waited, 100U);
}

// A harness that cannot fail proves nothing.
TEST(Simulation, TheOracleNoticesCellsThatVanish) {
  int noticed = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const RunOptions options{.seed = seed, .steps = kSteps, .losses = false, .canary = true};
    noticed += run(options).violation.empty() ? 0 : 1;
  }
  // In the others nothing vanishes, or the stall timer closes the tunnel before it shows.
  EXPECT_GT(noticed, 15);
}

TEST(Enumeration, SixCellsOverTwoOrThreeLegsArriveInOrderInEveryInterleaving) {
  for (std::size_t legs = 2; legs <= 3; ++legs) {
    const ExhaustiveResult result = enumerate(6, legs, false);
    EXPECT_EQ(result.violation, "");
    EXPECT_EQ(result.closed, 0U);
  }
}

TEST(Enumeration, LosingAnyLegAtAnyPointKeepsOrderAndGivesEveryTokenBack) {
  const ExhaustiveResult result = enumerate(6, 3, true);
  EXPECT_EQ(result.violation, "");
  // 35169 interleavings, each undisturbed and with each of 3 legs lost at each of 7 points.
  EXPECT_EQ(result.runs, 35169U * 22U);
  EXPECT_GT(result.closed, 0U);
  EXPECT_LT(result.closed, result.runs);
}

}  // namespace
}  // namespace sim
