// Many tunnels: what a cell costs when no tunnel is in the cache, and what an idle one weighs.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include "test/support/bare_tunnel.h"
#include "test/support/resident_bytes.h"

namespace conflux {
namespace {

using test::BareTunnel;
using test::conflux_table;
using test::resident_bytes;

struct Tunnel {
  mpath_tunnel_id id = 0;
  std::array<mpath_leg_id, 2> legs{};
};

// Linked tunnels of two legs in one instance.
class Crowd {
 public:
  explicit Crowd(std::int64_t count) : instance_(test::open_instance()) {
    tunnels_.resize(static_cast<std::size_t>(count));  // touched here, so not counted below
    const double before = resident_bytes();
    for (Tunnel& each : tunnels_) {
      BareTunnel tunnel(instance_, 2);
      tunnel.build();
      each.legs = {tunnel.leg(0), tunnel.leg(1)};
      each.id = tunnel.release();
    }
    bytes_each_ = (resident_bytes() - before) / static_cast<double>(count);
  }
  ~Crowd() {
    for (const Tunnel& tunnel : tunnels_) conflux_table().tunnel_destroy(instance_, tunnel.id);
    conflux_table().instance_close(instance_);
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  // All tunnels in a random order, so that each is used again only when all others have been; of
  // few, several such orders. One behind the other in memory: how a host finds its tunnels is not
  // what is measured.
  [[nodiscard]] std::vector<Tunnel> in_random_order() const {
    constexpr std::size_t kTurnsMin = std::size_t{1} << 16U;
    std::mt19937 random(1);
    std::vector<Tunnel> order;
    while (order.size() < kTurnsMin) {
      const auto begin = order.insert(order.end(), tunnels_.begin(), tunnels_.end());
      std::shuffle(begin, order.end(), random);
    }
    return order;
  }
  [[nodiscard]] mpath_instance* instance() const { return instance_; }
  [[nodiscard]] double bytes_each() const { return bytes_each_; }

 private:
  mpath_instance* instance_;
  std::vector<Tunnel> tunnels_;
  double bytes_each_ = 0;
};

// Argument: tunnels. Each cell arrives in order at another one. Counter: bytes of an idle tunnel.
void ReceiveAtRandomTunnels(benchmark::State& state) {
  const Crowd crowd(state.range(0));
  const std::vector<Tunnel> order = crowd.in_random_order();
  const mpath_plugin_table& table = conflux_table();
  mpath_receipt receipt{};
  receipt.struct_size = sizeof(receipt);
  mpath_cell cell = BareTunnel::data_cell(0, 1);
  std::size_t turn = 0;
  for (auto _ : state) {
    const Tunnel& tunnel = order[turn++ % order.size()];
    cell.leg = tunnel.legs[0];
    if (table.receive(crowd.instance(), tunnel.id, &cell, 2'000'000, &receipt) != MPATH_OK) {
      state.SkipWithError("not delivered");
    }
  }
  state.counters["bytes_per_tunnel"] = crowd.bytes_each();
}
BENCHMARK(ReceiveAtRandomTunnels)->ArgName("tunnels")->RangeMultiplier(10)->Range(1, 100'000);

void RouteAtRandomTunnels(benchmark::State& state) {
  const Crowd crowd(state.range(0));
  const std::vector<Tunnel> order = crowd.in_random_order();
  const mpath_plugin_table& table = conflux_table();
  mpath_grant grant{};
  grant.struct_size = sizeof(grant);
  const mpath_route_request request = BareTunnel::route_request(1);
  const BareTunnel pattern(crowd.instance(), 2);
  std::array views = {pattern.views[0], pattern.views[1]};
  const mpath_leg_views list{views.data(), 2, sizeof(mpath_leg_view), 0, 0};
  std::size_t turn = 0;
  for (auto _ : state) {
    const Tunnel& tunnel = order[turn++ % order.size()];
    for (std::size_t i = 0; i < 2; ++i) views[i].leg = tunnel.legs[i];
    if (table.route(crowd.instance(), tunnel.id, &request, &list, 2'000'000, &grant) != MPATH_OK) {
      state.SkipWithError("not granted");
    }
  }
}
BENCHMARK(RouteAtRandomTunnels)->ArgName("tunnels")->RangeMultiplier(10)->Range(1, 100'000);

// From nothing to two linked legs and back.
void CreateLinkDestroy(benchmark::State& state) {
  mpath_instance* instance = test::open_instance();
  for (auto _ : state) {
    BareTunnel tunnel(instance, 2);
    tunnel.build();
  }
  conflux_table().instance_close(instance);
}
BENCHMARK(CreateLinkDestroy);

}  // namespace
}  // namespace conflux
