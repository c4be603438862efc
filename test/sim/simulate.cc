// conflux-sim: seeded runs of the plugin against a reference exit over legs that delay, stall and
// die. Equal seeds give equal traces.
#include <sys/time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <string>

#include "test/sim/world.h"

namespace {

constexpr std::uint64_t kProgressEvery = 20'000;

std::string report(const sim::RunOptions& options, const std::string& violation) {
  const std::string seed = std::to_string(options.seed);
  return "seed " + seed + ": " + violation + "\n  replay: conflux-sim --seed " + seed +
         " --steps " + std::to_string(options.steps) + (options.hostile ? " --hostile" : "") +
         " --verbose\n";
}

// A run that never ends says so with its seed. A signal handler may not format: the words are ready
// before the run begins.
class Patience {
 public:
  explicit Patience(unsigned seconds) : seconds_(seconds) {
    if (seconds_ != 0) std::signal(SIGPROF, give_up);
  }

  void begin(const sim::RunOptions& options) {
    if (seconds_ == 0) return;
    std::fflush(stdout);  // what was said before must not be lost with the process
    words_ = report(options,
                    "has not ended within " + std::to_string(seconds_) + " s of processor time");
    set_timer(seconds_);
  }
  void end() const { set_timer(0); }

 private:
  static void set_timer(unsigned seconds) {
    itimerval value{};
    value.it_value.tv_sec = static_cast<time_t>(seconds);
    ::setitimer(ITIMER_PROF, &value, nullptr);
  }

  static void give_up(int) {
    const bool written = ::write(STDOUT_FILENO, words_.data(), words_.size()) >= 0;
    ::_exit(written ? 1 : 2);
  }

  static inline std::string words_;
  unsigned seconds_;
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Runs the plugin against a reference exit in virtual time."};
  sim::RunOptions options;
  std::uint64_t runs = 1;
  bool fail_fast = false;
  unsigned patience = 60;
  app.add_option("--seed", options.seed, "seed of the first run");
  app.add_option("--runs", runs, "how many runs, with consecutive seeds");
  app.add_option("--steps", options.steps, "steps of each run");
  app.add_flag("--hostile", options.hostile, "the far end mutates, repeats and injects cells");
  app.add_flag("--canary", options.canary, "lose cells silently: runs must fail");
  app.add_flag("--fail-fast", fail_fast, "stop at the first run that fails");
  app.add_option("--patience", patience, "processor seconds that one run may take, 0: no limit");
  app.add_flag("--verbose", options.verbose, "print what happens");
  app.footer("Examples:\n  conflux-sim --runs 100000\n  conflux-sim --seed 17 --verbose");
  CLI11_PARSE(app, argc, argv);

  std::uint64_t cells = 0;
  std::uint64_t closed = 0;
  int failures = 0;
  const std::uint64_t first = options.seed;
  Patience watch(patience);
  // What a run that never ends has said so far must be seen.
  if (options.verbose) std::setvbuf(stdout, nullptr, _IOLBF, 0);
  for (; options.seed < first + runs && !(fail_fast && failures > 0); ++options.seed) {
    watch.begin(options);
    const sim::RunResult result = sim::run(options);
    watch.end();
    cells += result.delivered;
    closed += result.closed_reason != 0 ? 1 : 0;
    if (!result.violation.empty()) {
      std::fputs(report(options, result.violation).c_str(), stdout);
      ++failures;
    }
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
