// What a cell that came too early costs with its body: in the example host, which decrypts each
// cell to where it may have to wait and asks conflux.so for the order, and in a binary heap of
// copied messages, as C tor does it. The host writes to a slot that may have left the cache, the
// heap's side to one buffer and then to memory of malloc's. That is not in the pair `clear`, which
// counts what holding costs beside the decryption; the pair `sealed` decrypts one layer of each cell
// too, and so counts these writes on both sides.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "examples/onion_proxy/crypto/aes_ctr.h"
#include "examples/onion_proxy/proxy/cell_store.h"
#include "test/support/bare_tunnel.h"

namespace conflux {
namespace {

using onion_proxy::AesCtr;
using onion_proxy::CellPayload;
using onion_proxy::CellPayloadView;
using onion_proxy::CellStore;
using onion_proxy::RelayCommand;
using test::BareTunnel;

constexpr std::size_t kBodySize = onion_proxy::kRelayBodyMax;
using Body = std::array<std::uint8_t, kBodySize>;

void deliver(const std::uint8_t* body) { benchmark::DoNotOptimize(*body); }

/// What arrives, and how it gets where it is read.
class Arrivals {
 public:
  explicit Arrivals(bool sealed) : sealed_(sealed) {
    onion_proxy::encode_relay_cell(cell_, {RelayCommand::kData, 1}, Body{});
  }
  /// A cell into `room`, which holds one already.
  void arrive(CellPayloadView room) {
    if (!sealed_) return;
    cipher_.apply(cell_, room);
    // In the clear the header is one.
    std::memcpy(room.data(), cell_.data(), onion_proxy::kRelayHeaderSize);
  }
  CellPayload& cell() { return cell_; }

 private:
  bool sealed_;
  AesCtr cipher_{onion_proxy::ByteArray<16>{}};
  CellPayload cell_;
};

void depths(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("held")->Arg(32)->Arg(256)->Arg(2048)->Arg(8192);
}

// Slots that have held a cell before, as they have in a tunnel that runs.
void fill(CellStore& store, std::uint32_t count, const CellPayload& cell) {
  std::vector<std::uint64_t> tokens;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::ranges::copy(cell, store.room().data());
    tokens.push_back(store.token());
    store.keep();
  }
  std::ranges::copy(cell, store.room().data());
  for (const std::uint64_t token : tokens) store.free(token);
}

// As in HoldAndDrain: leg 1 is ahead, leg 0 brings the missing cell.
void hold_in_the_example_host(benchmark::State& state, bool sealed) {
  mpath_instance* instance =
      test::open_instance("  reorder: {tunnel_limit: 256MiB, high_water: 128MiB}\n");
  auto tunnel = std::make_unique<BareTunnel>(instance, 2);
  tunnel->build();
  Arrivals arrivals(sealed);
  CellStore store;
  const auto held = static_cast<std::uint32_t>(state.range(0));
  fill(store, held + 1, arrivals.cell());
  mpath_cell early = BareTunnel::data_cell(tunnel->leg(1), 0);
  early.cost = CellStore::kCost;
  bool first = true;
  for (auto _ : state) {
    static_cast<void>(tunnel->receive_switch(1, 1));
    for (std::uint32_t i = 0; i < held; ++i) {
      arrivals.arrive(store.room());
      early.token = store.token();
      if (test::conflux_table().receive(instance, tunnel->id(), &early, tunnel->now_us,
                                        &tunnel->receipt) != MPATH_HELD) {
        state.SkipWithError("not held");
      }
      store.keep();
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
BENCHMARK_CAPTURE(hold_in_the_example_host, clear, false)->Apply(depths);
BENCHMARK_CAPTURE(hold_in_the_example_host, sealed, true)->Apply(depths);

// C tor: conflux_process_relay_msg() copies the message and puts it into a smartlist_pqueue by its
// number; conflux_dequeue_relay_msg() takes the lowest. Nothing else of it is here.
void hold_in_a_heap(benchmark::State& state, bool sealed) {
  struct Message {
    std::uint64_t seq;
    std::unique_ptr<Body> body;
  };
  const auto later = [](const std::unique_ptr<Message>& a, const std::unique_ptr<Message>& b) {
    return a->seq > b->seq;
  };
  Arrivals arrivals(sealed);
  CellPayload arrived = arrivals.cell();
  std::vector<std::unique_ptr<Message>> heap;
  const auto held = static_cast<std::uint32_t>(state.range(0));
  std::uint64_t delivered = 0;
  for (auto _ : state) {
    for (std::uint32_t i = 0; i < held; ++i) {
      arrivals.arrive(arrived);
      auto body = std::make_unique_for_overwrite<Body>();
      std::memcpy(body->data(), &arrived[onion_proxy::kRelayHeaderSize], kBodySize);
      heap.push_back(std::make_unique<Message>(
          Message{.seq = delivered + 2 + i, .body = std::move(body)}));
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
BENCHMARK_CAPTURE(hold_in_a_heap, clear, false)->Apply(depths);
BENCHMARK_CAPTURE(hold_in_a_heap, sealed, true)->Apply(depths);

// What `sealed` counts on both sides and is no part of holding.
void decrypt_one_layer(benchmark::State& state) {
  Arrivals arrivals(true);
  CellPayload arrived = arrivals.cell();
  for (auto _ : state) {
    arrivals.arrive(arrived);
    benchmark::DoNotOptimize(arrived.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(decrypt_one_layer);

}  // namespace
}  // namespace conflux
