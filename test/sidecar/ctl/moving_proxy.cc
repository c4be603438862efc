// A proxy's region with traffic in it, and no proxy: for tests of what looks at regions.
//
// usage: moving_proxy DIRECTORY INSTANCE TUNNELS [SLOTS]
//
// Says "ready" and publishes until its input ends, which is an end in good order. Tunnel 1 is the
// fastest. Lines of input: "stall" stops the heartbeat, "go" has it again, "die" is SIGKILL.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "plugin/region/catalogue.h"
#include "plugin/region/writer.h"

namespace {

using namespace conflux::region;

constexpr int kTickMs = 50;
constexpr double kCellsPerSecond = 2000;
constexpr double kSwell = 1.8;  // less than 3: the period over 2 pi
constexpr Word kLinked = 6;     // MPATH_LEG_*
constexpr Word kDisplayIds = 0xa0000000;

struct Traffic {
  double best = 0;
  double other = 0;
};

// Rises and falls, and never stands still. Legs at 5 : 4, so that all over the best is 1.8.
Traffic traffic_of(std::size_t tunnel, double seconds) {
  const auto number = static_cast<double>(tunnel);
  const double swell = kSwell * (std::sin(seconds / 3 + number) - std::sin(number));
  const double best = kCellsPerSecond * (seconds + swell) / number;
  return {best, best * 0.8};
}

Word join(Word high, Word low) { return high << 32U | low; }

Slot slot_of(std::size_t tunnel, double seconds) {
  const Traffic cells = traffic_of(tunnel, seconds);
  const auto best = static_cast<Word>(cells.best);
  const auto other = static_cast<Word>(cells.other);
  Slot slot{};
  slot[kSlotDisplayId] = kDisplayIds + tunnel;
  slot[kSlotState] = static_cast<Word>(SlotState::kReady) | 2U << 8U;
  slot[kSlotAgeClass] = static_cast<Word>(AgeClass::kSeconds);
  slot[kSlotCellsReceived] = best + other;
  slot[kSlotCellsSent] = (best + other) / 50;
  slot[kSlotSwitches] = join(static_cast<Word>(seconds), static_cast<Word>(2 * seconds));
  slot[kSlotReorderCells] = tunnel * 3;
  slot[kSlotReorderBytes] = tunnel * 3 * 509;
  slot[kSlotReorderPeakBytes] = tunnel * 40 * 509;
  slot[kSlotPrimary] = 1;
  for (std::size_t leg = 0; leg < 2; ++leg) {
    Word* words = &slot[kSlotLegs + leg * kLegWords];
    words[kLegWindow] = join(300 - 100 * leg, 150 - 30 * leg);
    words[kLegRtt] = kLinked << 48U | join(leg + 1, 80 + 10 * tunnel + 60 * leg);
    words[kLegCellsReceived] = leg == 0 ? best : other;
    words[kLegCellsSent] = leg == 0 ? (best + other) / 50 : 0;
  }
  return slot;
}

void publish(Writer& writer, std::size_t tunnels, double seconds) {
  std::vector<Word> words(aggregate_words(), 0);
  words[word_of(Metric::kTunnels)] = tunnels;
  words[word_of(Metric::kLegs)] = 2 * tunnels;
  words[word_of(Metric::kReorderLimitBytes)] = 64U << 20U;
  Traffic sum;
  for (std::size_t tunnel = 1; tunnel <= tunnels; ++tunnel) {
    const Traffic cells = traffic_of(tunnel, seconds);
    sum = {sum.best + cells.best, sum.other + cells.other};
    words[word_of(Metric::kReorderBytes)] += tunnel * 3 * 509;
    if (tunnel <= writer.slots()) writer.publish_slot(tunnel - 1, slot_of(tunnel, seconds));
  }
  words[word_of(Metric::kCellsReceived)] = static_cast<Word>(sum.best);
  words[word_of(Metric::kCellsReceived) + 1] = static_cast<Word>(sum.other);
  words[word_of(Metric::kCellsSent)] = static_cast<Word>(sum.best + sum.other) / 50;
  writer.publish_aggregates(words);
}

// False: the input has ended.
bool obey(bool& beating) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  if (poll(&input, 1, kTickMs) <= 0) return true;
  std::string line;
  if (!std::getline(std::cin, line)) return false;
  if (line == "die") raise(SIGKILL);
  if (line == "stall") beating = false;
  if (line == "go") beating = true;
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("usage: moving_proxy DIRECTORY INSTANCE TUNNELS [SLOTS]\n", stderr);
    return 64;
  }
  const auto tunnels = static_cast<std::size_t>(std::atoi(argv[3]));
  const std::size_t slots = argc > 4 ? static_cast<std::size_t>(std::atoi(argv[4])) : 64;
  WriterResult made = Writer::create(
      {.directory = argv[1], .instance = argv[2], .slots = slots, .flags = kFlagFineGrained});
  if (made.writer == nullptr) {
    std::fprintf(stderr, "moving_proxy: %s\n", made.problem.c_str());
    return 1;
  }
  std::puts("ready");
  std::fflush(stdout);
  const auto begin = std::chrono::steady_clock::now();
  bool beating = true;
  do {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    if (!beating) continue;
    publish(*made.writer, tunnels, seconds.count());
    made.writer->beat();
  } while (obey(beating));
  return 0;
}
