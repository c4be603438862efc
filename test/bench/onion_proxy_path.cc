// What a cell costs in the example host without its sockets: onion layers, framing and TLS. Does
// one thing a fixed number of times, so that instructions can be counted, and tells the CPU time:
//
//   bench_onion_proxy_path seal|open|tls COUNT
//
// seal: a DATA cell for the exit of three hops, into the queue of a channel. open: a cell of the
// exit through the decoder of a channel and three layers. tls: such cells, encrypted in runs of 31.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "examples/onion_proxy/cell/relay_cell.h"
#include "examples/onion_proxy/circuit/onion_crypto.h"
#include "examples/onion_proxy/net/tls_engine.h"
#include "test/onion_proxy/support/fake_tls_server.h"

namespace {

using namespace onion_proxy;

constexpr size_t kRun = 31;
constexpr size_t kHops = 3;

// What relays would have: the same keys with the directions exchanged.
OnionCrypto crypto_of(bool mirrored) {
  OnionCrypto crypto;
  for (size_t hop = 0; hop < kHops; ++hop) {
    Bytes keys(kHopKeySize);
    for (size_t i = 0; i < keys.size(); ++i) keys[i] = static_cast<uint8_t>(hop * 100 + i);
    if (mirrored) {
      std::swap_ranges(keys.begin(), keys.begin() + 20, keys.begin() + 20);
      std::swap_ranges(keys.begin() + 40, keys.begin() + 56, keys.begin() + 56);
    }
    crypto.add_hop(keys);
  }
  return crypto;
}

void add_sealed_cell(OnionCrypto& crypto, Bytes& queue) {
  static const Bytes body(kRelayBodyMax, 'b');
  append_fixed_cell(queue, 0x80000001, LinkCommand::kRelay, {});
  const auto payload = MutableByteView(queue).last<kCellPayloadSize>();
  encode_relay_cell(payload, {.command = RelayCommand::kData, .stream_id = 1}, body);
  crypto.encrypt(kHops - 1, payload);
}

bool seal(size_t count) {
  OnionCrypto crypto = crypto_of(false);
  Bytes queue;
  for (size_t i = 0; i < count; ++i) {
    add_sealed_cell(crypto, queue);
    if (queue.size() >= kRun * kFixedCellSize) queue.clear();
  }
  return true;
}

bool open(size_t count) {
  OnionCrypto relays = crypto_of(true);
  OnionCrypto client = crypto_of(false);
  LinkCellDecoder decoder;
  decoder.set_circuit_id_width(CircuitIdWidth::kFour);
  bool opened = true;
  for (size_t i = 0; i < count; i += kRun) {
    Bytes read;
    for (size_t j = 0; j < kRun; ++j) add_sealed_cell(relays, read);
    decoder.append(read);
    for (LinkCell cell; decoder.next(cell);) {
      const CellPayloadView payload(cell.body.data(), kCellPayloadSize);
      const auto recognized = client.decrypt(payload);
      opened &= recognized && recognized->hop == kHops - 1 && parse_relay_cell(payload).ok();
    }
  }
  return opened;
}

bool shake_hands(TlsEngine& client, test::FakeTlsServer& server) {
  Bytes flight;
  for (int flights = 0; flights < 10; ++flights) {
    const auto done = client.handshake();
    client.take_output(flight);
    server.receive(flight);
    if (!done.ok() || done.value()) return done.ok();
    client.commit_input(server.take(client.input_room()));
  }
  return false;
}

bool encrypt(size_t count) {
  const TlsContext context;
  TlsEngine client(context);
  test::FakeTlsServer server;
  const Bytes run(kRun * kFixedCellSize, 'r');
  Bytes sent;
  bool done = shake_hands(client, server);
  for (size_t i = 0; i < count; i += kRun) {
    done &= client.write(run).ok();
    client.take_output(sent);
  }
  return done;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc == 3 ? argv[1] : "";
  const size_t count = argc == 3 ? std::strtoull(argv[2], nullptr, 10) : 0;
  const std::clock_t start = std::clock();
  const bool done =
      count > 0 && ((what == "seal" && seal(count)) || (what == "open" && open(count)) ||
                    (what == "tls" && encrypt(count)));
  if (!done) {
    std::fprintf(stderr, "usage: bench_onion_proxy_path seal|open|tls COUNT\n");
    return 1;
  }
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  std::printf("%.0f ns of CPU time for each cell\n", seconds * 1e9 / static_cast<double>(count));
  return 0;
}
