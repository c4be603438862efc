// conflux-sim: seeded runs of the plugin against a reference exit over legs that delay, stall and
// die. Equal seeds give equal traces.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "test/sim/world.h"

namespace {

constexpr std::uint64_t kProgressEvery = 20'000;

int report(const sim::RunOptions& options, const sim::RunResult& result) {
  std::printf("seed %llu: %s\n  replay: conflux-sim --seed %llu --steps %zu%s --verbose\n",
              static_cast<unsigned long long>(options.seed), result.violation.c_str(),
              static_cast<unsigned long long>(options.seed), options.steps,
              options.hostile ? " --hostile" : "");
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Runs the plugin against a reference exit in virtual time."};
  sim::RunOptions options;
  std::uint64_t runs = 1;
  bool fail_fast = false;
  app.add_option("--seed", options.seed, "seed of the first run");
  app.add_option("--runs", runs, "how many runs, with consecutive seeds");
  app.add_option("--steps", options.steps, "steps of each run");
  app.add_flag("--hostile", options.hostile, "the far end mutates, repeats and injects cells");
  app.add_flag("--canary", options.canary, "lose cells silently: runs must fail");
  app.add_flag("--fail-fast", fail_fast, "stop at the first run that fails");
  app.add_flag("--verbose", options.verbose, "print what happens");
  app.footer("Examples:\n  conflux-sim --runs 100000\n  conflux-sim --seed 17 --verbose");
  CLI11_PARSE(app, argc, argv);

  std::uint64_t cells = 0;
  std::uint64_t closed = 0;
  int failures = 0;
  const std::uint64_t first = options.seed;
  for (; options.seed < first + runs && !(fail_fast && failures > 0); ++options.seed) {
    const sim::RunResult result = sim::run(options);
    cells += result.delivered;
    closed += result.closed_reason != 0 ? 1 : 0;
    if (!result.violation.empty()) failures += report(options, result);
    if (options.verbose)
      std::printf("trace %016llx\n", static_cast<unsigned long long>(result.trace));
    if ((options.seed - first + 1) % kProgressEvery == 0) {
      std::fprintf(stderr, "%llu runs, %d failures\n",
                   static_cast<unsigned long long>(options.seed - first + 1), failures);
    }
  }
  std::printf("%llu runs, %llu cells delivered, %llu tunnels closed, %d failures\n",
              static_cast<unsigned long long>(runs), static_cast<unsigned long long>(cells),
              static_cast<unsigned long long>(closed), failures);
  return failures == 0 ? 0 : 1;
}
