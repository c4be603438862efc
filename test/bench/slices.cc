// What a cell costs in slices of a fraction of a millisecond, so that two plugins can be held
// against each other on a machine that others use: compare.py lets them take turns.
//
//   CONFLUX_BENCH_PLUGIN=conflux.so bench_slices
//
// For each byte that it reads it answers a line of nanoseconds: receive in order, route, held back
// and drained, each the least per cell of a few slices; then one multiplication of a chain of them.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "test/support/bare_tunnel.h"

namespace {

using conflux::test::BareTunnel;
using conflux::test::conflux_table;

constexpr std::uint32_t kSlices = 6;
constexpr std::uint32_t kHeld = 256;
constexpr std::uint32_t kBursts = 20;

void demand(bool holds, const char* what) {
  if (holds) [[likely]]
    return;
  std::fprintf(stderr, "bench_slices: %s\n", what);
  std::exit(1);
}

// Nanoseconds of one of `count` that `act` does.
template <class Act>
double each(std::uint32_t count, Act&& act) {
  const auto begin = std::chrono::steady_clock::now();
  act();
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
  return took.count() / count;
}

// Three tunnels, as each of these finds another state to go on from.
class Subject {
 public:
  explicit Subject(mpath_instance* instance)
      : instance_(instance), in_order_(instance, 2), sending_(instance, 2), ahead_(instance, 2) {
    for (BareTunnel* tunnel : {&in_order_, &sending_, &ahead_}) tunnel->build();
  }

  double receive() {
    constexpr std::uint32_t kCells = 20'000;
    const mpath_plugin_table& table = conflux_table();
    const mpath_cell cell = BareTunnel::data_cell(in_order_.leg(0), 1);
    return each(kCells, [&] {
      for (std::uint32_t i = 0; i < kCells; ++i) {
        demand(table.receive(instance_, in_order_.id(), &cell, in_order_.now_us,
                             &in_order_.receipt) == MPATH_OK,
               "not delivered");
      }
    });
  }
  double route() {
    constexpr std::uint32_t kCells = 10'000;
    const mpath_plugin_table& table = conflux_table();
    const mpath_route_request request = BareTunnel::route_request(1);
    const mpath_leg_views views = sending_.leg_views();
    return each(kCells, [&] {
      for (std::uint32_t i = 0; i < kCells; ++i) {
        demand(table.route(instance_, sending_.id(), &request, &views, sending_.now_us,
                           &sending_.grant) == MPATH_OK,
               "not granted");
      }
    });
  }
  double hold_and_drain() {
    return each(kBursts * kHeld, [&] {
      for (std::uint32_t i = 0; i < kBursts; ++i) {
        demand(ahead_.hold_and_drain(kHeld), "not held and drained");
      }
    });
  }
  // Three cycles of an x86-64 core: each product is squared.
  static double multiply() {
    constexpr std::uint32_t kTimes = 20'000;
    volatile std::uint32_t seed = 3;
    std::uint32_t product = seed;
    return each(kTimes, [&] {
      for (std::uint32_t i = 0; i < kTimes; ++i) product *= product;
      seed = product;
    });
  }

 private:
  mpath_instance* instance_;
  BareTunnel in_order_;
  BareTunnel sending_;
  BareTunnel ahead_;
};

std::array<double, 4> take_turn(Subject& subject) {
  std::array<double, 4> least;
  least.fill(std::numeric_limits<double>::max());
  for (std::uint32_t i = 0; i < kSlices; ++i) {
    const std::array<double, 4> now = {subject.receive(), subject.route(), subject.hold_and_drain(),
                                       Subject::multiply()};
    std::ranges::transform(least, now, least.begin(),
                           [](double a, double b) { return std::min(a, b); });
  }
  return least;
}

}  // namespace

int main() {
  mpath_instance* const instance = conflux::test::open_instance();
  {
    Subject subject(instance);
    char turn = 0;
    while (::read(STDIN_FILENO, &turn, 1) == 1) {
      const std::array<double, 4> least = take_turn(subject);
      std::printf("%.4f %.4f %.4f %.4f\n", least[0], least[1], least[2], least[3]);
      std::fflush(stdout);
    }
  }
  return conflux_table().instance_close(instance) == MPATH_OK ? 0 : 1;
}
