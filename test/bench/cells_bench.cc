// Nanoseconds per cell, through the table of a loaded conflux.so.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "test/support/bare_tunnel.h"

namespace conflux {
namespace {

using test::BareTunnel;
using test::conflux_table;

// One tunnel in an instance of its own.
class Fixture {
 public:
  explicit Fixture(std::int64_t legs)
      : instance_(test::open_instance("  reorder: {tunnel_limit: 256MiB, high_water: 128MiB}\n")),
        tunnel_(std::make_unique<BareTunnel>(instance_, static_cast<std::uint32_t>(legs))) {
    tunnel_->build();
  }
  ~Fixture() {
    tunnel_.reset();
    conflux_table().instance_close(instance_);
  }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  [[nodiscard]] mpath_instance* instance() const { return instance_; }
  BareTunnel* operator->() { return tunnel_.get(); }

 private:
  mpath_instance* instance_;
  std::unique_ptr<BareTunnel> tunnel_;
};

// Arguments: legs, cells per call.
void Route(benchmark::State& state) {
  Fixture tunnel(state.range(0));
  const mpath_plugin_table& table = conflux_table();
  const auto want = static_cast<std::uint32_t>(state.range(1));
  const mpath_route_request request = BareTunnel::route_request(want);
  const mpath_leg_views views = tunnel->leg_views();
  for (auto _ : state) {
    const mpath_status status = table.route(tunnel.instance(), tunnel->id(), &request, &views,
                                            tunnel->now_us, &tunnel->grant);
    if (status != MPATH_OK || tunnel->grant.granted != want) [[unlikely]] {
      state.SkipWithError("not granted");
    }
  }
  state.SetItemsProcessed(state.iterations() * want);
}
BENCHMARK(Route)->ArgNames({"legs", "want"})->ArgsProduct({{1, 2, 4, 8}, {1}})->Args({2, 32});

// Every cell goes on the other leg, behind a SWITCH.
void RouteSwitching(benchmark::State& state) {
  Fixture tunnel(2);
  if (tunnel->route() != MPATH_OK) state.SkipWithError("not routed");
  bool full = false;
  for (auto _ : state) {
    full = !full;
    tunnel->views[0].inflight = full ? tunnel->views[0].cwnd : 0;
    if (tunnel->route() != MPATH_OK) state.SkipWithError("not granted");
  }
  if (tunnel->info().switches_sent + 1 < static_cast<std::uint64_t>(state.iterations())) {
    state.SkipWithError("not switched");
  }
}
BENCHMARK(RouteSwitching);

void RouteBlocked(benchmark::State& state) {
  Fixture tunnel(2);
  static_cast<void>(tunnel->route());
  for (int leg = 0; leg < 2; ++leg) tunnel->views[leg].inflight = tunnel->views[leg].cwnd;
  for (auto _ : state) {
    if (tunnel->route() != MPATH_BLOCKED) state.SkipWithError("not blocked");
  }
}
BENCHMARK(RouteBlocked);

// Argument: legs. All arrive on the first.
void ReceiveInOrder(benchmark::State& state) {
  Fixture tunnel(state.range(0));
  const mpath_plugin_table& table = conflux_table();
  const mpath_cell cell = BareTunnel::data_cell(tunnel->leg(0), 1);
  const mpath_status expected = state.range(0) == 1 ? MPATH_PASS : MPATH_OK;
  for (auto _ : state) {
    const mpath_status status =
        table.receive(tunnel.instance(), tunnel->id(), &cell, tunnel->now_us, &tunnel->receipt);
    if (status != expected) [[unlikely]]
      state.SkipWithError("not delivered");
  }
}
BENCHMARK(ReceiveInOrder)->ArgName("legs")->Arg(1)->Arg(2)->Arg(4)->Arg(8);

// Two legs at work while a third one is not linked yet: what arrives goes the general way.
void RouteWhileALegLinks(benchmark::State& state) {
  Fixture tunnel(2);
  if (tunnel->add_one_leg() != MPATH_OK) state.SkipWithError("not added");
  for (auto _ : state) {
    if (tunnel->route() != MPATH_OK) state.SkipWithError("not granted");
  }
}
BENCHMARK(RouteWhileALegLinks);

void ReceiveWhileALegLinks(benchmark::State& state) {
  Fixture tunnel(2);
  if (tunnel->add_one_leg() != MPATH_OK) state.SkipWithError("not added");
  for (auto _ : state) {
    if (tunnel->receive(0, 1) != MPATH_OK) state.SkipWithError("not delivered");
  }
}
BENCHMARK(ReceiveWhileALegLinks);

// What a host that fills its structs in for each cell pays: what it has just written is read.
void RouteFilledIn(benchmark::State& state) {
  Fixture tunnel(2);
  const mpath_plugin_table& table = conflux_table();
  const mpath_leg_views views = tunnel->leg_views();
  std::uint32_t want = 1;
  for (auto _ : state) {
    benchmark::DoNotOptimize(want);
    const mpath_route_request request = BareTunnel::route_request(want);
    if (table.route(tunnel.instance(), tunnel->id(), &request, &views, tunnel->now_us,
                    &tunnel->grant) != MPATH_OK) {
      state.SkipWithError("not granted");
    }
  }
}
BENCHMARK(RouteFilledIn);

void ReceiveFilledIn(benchmark::State& state) {
  Fixture tunnel(2);
  const mpath_plugin_table& table = conflux_table();
  std::uint32_t cost = 514;
  for (auto _ : state) {
    benchmark::DoNotOptimize(cost);
    mpath_cell cell = BareTunnel::data_cell(tunnel->leg(0), 1);
    cell.cost = cost;
    if (table.receive(tunnel.instance(), tunnel->id(), &cell, tunnel->now_us, &tunnel->receipt) !=
        MPATH_OK) {
      state.SkipWithError("not delivered");
    }
  }
}
BENCHMARK(ReceiveFilledIn);

// Leg 1 is `held` cells ahead when leg 0 brings the missing one; then all are drained. The time is
// that of one held cell: held back and drained.
void HoldAndDrain(benchmark::State& state) {
  Fixture tunnel(2);
  const auto held = static_cast<std::uint32_t>(state.range(0));
  for (auto _ : state) {
    if (!tunnel->hold_and_drain(held)) state.SkipWithError("not held and drained");
  }
  state.SetItemsProcessed(state.iterations() * held);
}
BENCHMARK(HoldAndDrain)->ArgName("held")->Arg(32)->Arg(256)->Arg(2048)->Arg(8192);

// The same with all legs but the first ahead, each of them with a run of its own behind the one of
// the leg before; their cells arrive in turn, one of each.
void HoldAndDrainOfAllLegs(benchmark::State& state) {
  const auto legs = static_cast<std::uint32_t>(state.range(0));
  const std::uint32_t run = static_cast<std::uint32_t>(state.range(1)) / (legs - 1);
  const std::uint32_t held = run * (legs - 1);
  Fixture tunnel(state.range(0));
  const mpath_plugin_table& table = conflux_table();
  std::vector<mpath_cell> early;
  for (std::uint32_t leg = 1; leg < legs; ++leg) {
    early.push_back(BareTunnel::data_cell(tunnel->leg(leg), 1));
  }
  // A SWITCH may point far ahead only behind the first cell.
  if (tunnel->receive(0, 0) != MPATH_OK) state.SkipWithError("not in order");
  bool first = true;
  for (auto _ : state) {
    for (std::uint32_t leg = 1; leg < legs; ++leg) {
      const std::uint32_t before = (leg - 1) * run;
      static_cast<void>(tunnel->receive_switch(leg, first ? 2 + before : 1 + held - run));
    }
    for (std::uint32_t i = 0; i < run; ++i) {
      for (const mpath_cell& cell : early) {
        const mpath_status status =
            table.receive(tunnel.instance(), tunnel->id(), &cell, tunnel->now_us, &tunnel->receipt);
        if (status != MPATH_HELD) [[unlikely]]
          state.SkipWithError("not held");
      }
    }
    if (!tunnel->bring_missing_and_drain(held)) state.SkipWithError("not drained");
    first = false;
  }
  state.SetItemsProcessed(state.iterations() * held);
}
BENCHMARK(HoldAndDrainOfAllLegs)
    ->ArgNames({"legs", "held"})
    ->ArgsProduct({{2, 4, 8}, {32, 256, 2048, 8192}});

void PollWithNothingToTell(benchmark::State& state) {
  Fixture tunnel(state.range(0));
  for (auto _ : state) {
    if (tunnel->poll() != MPATH_OK || tunnel->told.count != 0) state.SkipWithError("not quiet");
  }
}
BENCHMARK(PollWithNothingToTell)->ArgName("legs")->Arg(2)->Arg(8);

}  // namespace
}  // namespace conflux
