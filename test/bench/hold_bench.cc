// What a cell that came too early costs with its body: in the example host, which keeps the bodies
// and asks conflux.so for their order, and in a binary heap of copied messages, as C tor does it.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "examples/onion_proxy/proxy/cell_store.h"
#include "test/support/bare_tunnel.h"

namespace conflux {
namespace {

using onion_proxy::CellStore;
using onion_proxy::RelayCell;
using test::BareTunnel;

constexpr std::size_t kBodySize = 498;
using Body = std::array<std::uint8_t, kBodySize>;

void deliver(const std::uint8_t* body) { benchmark::DoNotOptimize(*body); }

void depths(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("held")->Arg(32)->Arg(256)->Arg(2048)->Arg(8192);
}

// As in HoldAndDrain: leg 1 is ahead, leg 0 brings the missing cell.
void HoldInTheExampleHost(benchmark::State& state) {
  mpath_instance* instance =
      test::open_instance("  reorder: {tunnel_limit: 256MiB, high_water: 128MiB}\n");
  auto tunnel = std::make_unique<BareTunnel>(instance, 2);
  tunnel->build();
  const Body body{1};
  const RelayCell arrived{onion_proxy::RelayCommand::kData, 1, body};
  CellStore store;
  const auto held = static_cast<std::uint32_t>(state.range(0));
  mpath_cell early = BareTunnel::data_cell(tunnel->leg(1), 0);
  early.cost = CellStore::kCost;
  bool first = true;
  for (auto _ : state) {
    static_cast<void>(tunnel->receive_switch(1, 1));
    for (std::uint32_t i = 0; i < held; ++i) {
      early.token = store.allocate();
      if (test::conflux_table().receive(instance, tunnel->id(), &early, tunnel->now_us,
                                        &tunnel->receipt) != MPATH_HELD) {
        state.SkipWithError("not held");
      }
      store.put(early.token, arrived);
    }
    if (!first) static_cast<void>(tunnel->receive_switch(0, held));
    first = false;
    if (tunnel->receive(0, 0) != MPATH_OK) state.SkipWithError("not in order");
    while (const std::uint32_t count = tunnel->drain()) {
      for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint64_t token = tunnel->tokens[i].token;
        deliver(store.get(token).body.data());
        store.free(token);
      }
    }
    if (store.used() != 0) state.SkipWithError("not drained");
  }
  state.SetItemsProcessed(state.iterations() * held);
  tunnel.reset();
  test::conflux_table().instance_close(instance);
}
BENCHMARK(HoldInTheExampleHost)->Apply(depths);

// C tor: conflux_process_relay_msg() copies the message and puts it into a smartlist_pqueue by its
// number; conflux_dequeue_relay_msg() takes the lowest. Nothing else of it is here.
void HoldInAHeap(benchmark::State& state) {
  struct Message {
    std::uint64_t seq;
    std::unique_ptr<Body> body;
  };
  const auto later = [](const std::unique_ptr<Message>& a, const std::unique_ptr<Message>& b) {
    return a->seq > b->seq;
  };
  const Body arrived{1};
  std::vector<std::unique_ptr<Message>> heap;
  const auto held = static_cast<std::uint32_t>(state.range(0));
  std::uint64_t delivered = 0;
  for (auto _ : state) {
    for (std::uint32_t i = 0; i < held; ++i) {
      heap.push_back(std::make_unique<Message>(
          Message{.seq = delivered + 2 + i, .body = std::make_unique<Body>(arrived)}));
      std::push_heap(heap.begin(), heap.end(), later);
    }
    ++delivered;
    while (!heap.empty() && heap.front()->seq == delivered + 1) {
      std::pop_heap(heap.begin(), heap.end(), later);
      deliver(heap.back()->body->data());
      heap.pop_back();
      ++delivered;
    }
    if (!heap.empty()) state.SkipWithError("not drained");
  }
  state.SetItemsProcessed(state.iterations() * held);
}
BENCHMARK(HoldInAHeap)->Apply(depths);

}  // namespace
}  // namespace conflux
