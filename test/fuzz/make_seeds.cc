// Writes the seeds that no fuzzer finds by itself, because signatures and key exchanges in them
// must be right, and those that are documents of their own. `fuzz-seeds FOLDER` makes
// FOLDER/<target>/.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>

#include "examples/onion_proxy/base/file.h"
#include "examples/onion_proxy/cell/handshake_extension.h"
#include "examples/onion_proxy/crypto/ntor.h"
#include "examples/onion_proxy/crypto/ntor_v3.h"
#include "examples/onion_proxy/link/link_handshake.h"
#include "plugin/region/schema.h"
#include "plugin/region/writer.h"
#include "test/fuzz/tunnel/ops.h"
#include "test/onion_proxy/support/fake_link_certs.h"
#include "test/onion_proxy/support/fake_relay.h"

namespace conflux::fuzz {
namespace {

using namespace onion_proxy;  // NOLINT: the seeds are all about it
using onion_proxy::test::FakeLinkIdentity;
using onion_proxy::test::FakeRelay;

class Writer {
 public:
  explicit Writer(std::filesystem::path folder) : folder_(std::move(folder)) {}

  void write(const std::string& target, const std::string& name, ByteView bytes) const {
    const std::filesystem::path folder = folder_ / target;
    std::filesystem::create_directories(folder);
    std::ofstream file(folder / name, std::ios::binary);
    file.exceptions(std::ios::failbit | std::ios::badbit);
    file.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  }

 private:
  std::filesystem::path folder_;
};

// One byte, then the text of a file.
Bytes document(std::uint8_t which, const std::string& name) {
  const auto text =
      read_file(CONFLUX_SOURCE_DIR "/test/onion_proxy/vectors/directory/" + name, 1U << 20U);
  if (!text.ok()) throw std::runtime_error(text.error());
  return concat(Bytes{which}, text.value());
}

Bytes after(const Bytes& head, std::string_view text) { return concat(head, text); }

// Who the relay is, and a connection to it up to the end of the handshake.
void write_link(const Writer& out) {
  Sha256Digest tls{};
  tls.fill(7);
  const FakeLinkIdentity relay(tls);
  const auto expires = FakeLinkIdentity::far_future();
  const Bytes certs = FakeLinkIdentity::encode(relay.all());
  Bytes head = {63};
  append_u32(head,
             static_cast<std::uint32_t>(
                 std::chrono::floor<std::chrono::hours>(expires).time_since_epoch().count() - 239));
  append(head, concat(relay.rsa().digest(), relay.master().public_key(), tls));
  const auto connection = [&](std::uint16_t version, bool padding) {
    Bytes bytes = head;
    Bytes versions;
    append_u16(versions, 3);
    append_u16(versions, version);
    append_variable_cell(bytes, {CircuitIdWidth::kTwo, 0, LinkCommand::kVersions, versions});
    if (padding) append_variable_cell(bytes, {.command = LinkCommand::kVpadding, .body = versions});
    append_variable_cell(bytes, {.command = LinkCommand::kCerts, .body = certs});
    append_variable_cell(bytes, {.command = LinkCommand::kAuthChallenge, .body = versions});
    append_fixed_cell(bytes, 0, LinkCommand::kNetinfo, Bytes{0, 0, 0, 0, 4, 4, 127, 0, 0, 1, 0});
    append_fixed_cell(bytes, 5, LinkCommand::kRelay, Bytes{2});
    return bytes;
  };
  out.write("link", "open-4", connection(4, false));
  out.write("link", "open-5-padding", connection(5, true));
  out.write("link", "certs", concat(head, certs));
  out.write("link", "ed-certificate", concat(head, relay.signing_certificate(expires)));
}

// Right replies to the client whose secret the target knows.
void write_handshakes(const Writer& out) {
  Curve25519Key secret;
  secret.fill(0x42);
  FakeRelay relay(9);
  const RelayInfo& info = relay.info();
  NtorClient ntor({info.rsa_id, info.ntor_key}, X25519KeyPair::from_secret(secret));
  ByteArray<32> padded_id{};
  std::ranges::copy(info.rsa_id, padded_id.begin());
  out.write("relay", "ntor",
            concat(Bytes{2}, padded_id, info.ntor_key, relay.answer_ntor(ntor.onionskin())));
  NtorV3Client v3({info.ed_id, info.ntor_key}, {.keys = X25519KeyPair::from_secret(secret)});
  const Bytes skin = v3.onionskin(congestion_control_request()).value();
  out.write(
      "relay", "ntor-v3",
      concat(Bytes{2}, info.ed_id, info.ntor_key, relay.answer_ntor_v3(skin, Bytes{1, 2, 1, 31})));
}

// Conversations: four bytes of an honest answer for each of three hops, then what is sent.
void write_conversations(const Writer& out) {
  const Bytes built = concat(Bytes{3}, Bytes(12, 0));
  out.write("relay", "built", built);
  const Bytes data_out = {1, 1, 62};
  const Bytes sendme = {9, 0, 5, 0, 0, 0, 0, 0};
  Bytes acknowledged = built;
  for (int i = 0; i < 12; ++i) append(acknowledged, concat(data_out, sendme, sendme));
  out.write("relay", "acknowledged", acknowledged);
  Bytes data_in = built;
  for (int i = 0; i < 64; ++i) append(data_in, Bytes{1, 0, 2, 1, 0, 3, 'a', 'b', 'c', 0, 0});
  out.write("relay", "data-in", data_in);
  for (const std::uint8_t command : Bytes{3, 4, 9, 10, 12, 20, 22, 43, 44}) {
    const std::uint8_t stream = command == 20 || command == 22 || command == 9 ? 0 : 1;
    out.write("relay", "command-" + std::to_string(command),
              concat(built, Bytes{1, 0, command, stream, 0, 4, 0, 0, 0, 9, 0, 0}));
  }
  out.write("relay", "interfered", concat(Bytes{3}, Bytes{0, 0, 0, 0, 7, 0, 1, 10, 0, 0, 0}));
  out.write("relay", "destroyed", concat(Bytes{3}, Bytes{7, 4, 0, 1, 5}));
}

void write_bodies(const Writer& out) {
  const Bytes address = {127, 0, 0, 1, 0, 0, 0, 60};
  out.write("relay", "connected", concat(Bytes{1}, address));
  out.write("relay", "connected-6", concat(Bytes{1, 0, 0, 0, 0, 6}, Bytes(16, 1), Bytes(4, 0)));
  out.write("relay", "sendme", concat(Bytes{1, 1, 0, 20}, Bytes(20, 5)));
  out.write("relay", "resolved",
            concat(Bytes{1, 4, 4}, address, Bytes{0, 3}, std::string_view("a.b"), Bytes(4, 0)));
  out.write("relay", "extension", Bytes{1, 2, 9, 1, 0, 2, 1, 31});
  Bytes cell = {0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 3, 'a', 'b', 'c'};
  cell.resize(1 + kCellPayloadSize);
  out.write("relay", "cell", cell);
}

void write_directory(const Writer& out) {
  for (const std::uint8_t which : Bytes{0, 1, 2}) {
    out.write("directory", "consensus-" + std::to_string(which),
              document(which, "consensus-microdesc"));
  }
  out.write("directory", "microdescriptors", document(3, "microdescriptors"));
  const Bytes all = document(3, "microdescriptors");
  const auto text = as_text(all);
  out.write("directory", "microdescriptor",
            concat(text.substr(0, text.find("\nonion-key\n", 12) + 1)));
  out.write("directory", "certificates", document(4, "certificates"));
  out.write("directory", "authorities", document(5, "authorities"));
  out.write("directory", "reply",
            after({6},
                  "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: identity\r\n"
                  "Content-Length: 4\r\n\r\nbody"));
  out.write("directory", "reply-404", after({6}, "HTTP/1.0 404 Not found\r\n\r\n"));
  out.write("directory", "protocols", after({7}, "Conflux=1 FlowCtrl=1-2,5 Link=3-5"));
  out.write("directory", "time", after({7}, "2026-11-2218:52:09"));
  out.write("directory", "number", after({7}, "65535"));
  out.write("directory", "hex", after({7}, "00ffAB"));
  out.write("directory", "policy",
            after({3},
                  "onion-key\nntor-onion-key AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
                  "id ed25519 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
                  "family-ids ed25519:a ed25519:b\np reject 25,119,6881-65535\n"));
}

void write_socks(const Writer& out) {
  const Bytes greeting = {0, 5, 1, 0};
  out.write("socks", "connect-name",
            concat(greeting, Bytes{5, 1, 0, 3, 11}, std::string_view("example.com"), Bytes{0, 80}));
  out.write("socks", "connect-4", concat(greeting, Bytes{5, 1, 0, 1, 127, 0, 0, 1, 0, 80}));
  out.write("socks", "connect-6", concat(greeting, Bytes{5, 1, 0, 4}, Bytes(16, 1), Bytes{0, 80}));
  out.write("socks", "resolve",
            concat(greeting, Bytes{5, 0xF0, 0, 3, 3}, std::string_view("::1"), Bytes{0, 0}));
  out.write("socks", "password",
            concat(Bytes{0, 5, 2, 0, 2, 1, 1, 'u', 1, 'p', 5, 1, 0, 3, 1, 'h'}, Bytes{0, 80}));
  out.write("socks", "socks4", Bytes{0, 4, 1, 0, 80, 127, 0, 0, 1, 0});
  out.write("socks", "http", after({0}, "GET / HTTP/1.0\r\n\r\n"));
  out.write("socks", "tls", Bytes{0, 0x16, 3, 1});
}

// A region as a writer leaves it, with and without slots, and its schema alone.
void write_region(const Writer& out) {
  const std::filesystem::path folder =
      std::filesystem::path("/dev/shm") / ("conflux-fuzz-seeds-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
  for (const std::size_t slots : std::to_array<std::size_t>({0, 3})) {
    const auto made =
        region::Writer::create({.directory = folder, .instance = "seed", .slots = slots});
    if (made.writer == nullptr) throw std::runtime_error(made.problem);
    if (slots > 0) made.writer->publish_slot(1, region::Slot{});
    const auto file = read_file((folder / "seed.cfxm").string(), 1U << 20U);
    if (!file.ok()) throw std::runtime_error(file.error());
    for (const std::uint8_t switches : Bytes{0, 3, 5}) {
      out.write("region", "slots-" + std::to_string(slots) + "-" + std::to_string(switches),
                concat(Bytes{switches}, file.value()));
    }
  }
  std::filesystem::remove_all(folder);
  const auto schema = region::encode_schema(region::catalogue().first(4));
  out.write("region", "schema",
            concat(Bytes{0},
                   ByteView(reinterpret_cast<const std::uint8_t*>(schema.data()), schema.size())));
}

// Steps on tunnels: what an hour of mutation finds late.
void write_tunnel(const Writer& out) {
  const auto op = [](Op number) { return static_cast<std::uint8_t>(number); };
  constexpr std::uint8_t kMost = 63;
  // Three linked legs; the exit has sent a cell on the first that is still on its way.
  const auto ready = [&](std::uint8_t config, std::uint8_t tunnel) {
    return concat(tunnel == 0 ? Bytes{config} : Bytes{},
                  Bytes{op(Op::kEstablish), tunnel, 1, 0, tunnel, 0, 0, 0, 0},
                  Bytes{op(Op::kExitSends), tunnel, 0, 0});
  };
  const auto ahead = [&](std::uint8_t tunnel, std::uint8_t leg, int rounds) {
    Bytes bytes;
    for (int i = 0; i < rounds; ++i) append(bytes, Bytes{op(Op::kExitSends), tunnel, leg, 31});
    for (int i = 0; i < rounds; ++i)
      append(bytes, Bytes{op(Op::kExitDelivers), tunnel, leg, kMost});
    return bytes;
  };
  const Bytes late = {op(Op::kExitDelivers), 0, 0, kMost};
  const Bytes poll = {op(Op::kPollWhole), 0};
  const Bytes take_all = {op(Op::kDrain), 0, 3, op(Op::kDrainAll), 0};
  const Bytes later = {op(Op::kTime), 1, 237};  // a week
  const Bytes first = ready(0, 0);
  out.write("tunnel", "reordered", concat(first, ahead(0, 1, 1), late, take_all, poll));
  out.write("tunnel", "reordered-3",
            concat(first, ahead(0, 1, 1), ahead(0, 2, 1), ahead(0, 0, 1), take_all, poll));
  out.write("tunnel", "pressure", concat(first, ahead(0, 1, 2), poll, late, take_all, poll));
  out.write("tunnel", "limit", concat(first, ahead(0, 1, 6), poll, take_all));
  out.write("tunnel", "stalled", concat(first, ahead(0, 1, 1), poll, later, poll, take_all));
  out.write("tunnel", "left-behind",
            concat(first, ahead(0, 1, 1), ahead(0, 2, 1), Bytes{op(Op::kRemove), 0, 1, 4},
                   Bytes{op(Op::kAddLegs), 0, 0, 0, op(Op::kLinkLegs), 0}, poll, late, take_all));
  Bytes crowded = ready(1, 0);
  for (const std::uint8_t tunnel : Bytes{0, 1, 2, 3}) {
    if (tunnel > 0) append(crowded, ready(1, tunnel));
    append(crowded, Bytes{op(Op::kReceive), tunnel, 1, 4, 1});  // SWITCH
    for (int i = 0; i < 9; ++i) append(crowded, Bytes{op(Op::kBurst), tunnel, 1, 1, 0, 1, 227});
  }
  out.write("tunnel", "crowded", concat(crowded, Bytes{op(Op::kTick), 237, op(Op::kShed), 237, 4}));
  out.write("tunnel", "shed",
            concat(first, ahead(0, 1, 1), Bytes{op(Op::kShed), 1, 2}, poll, take_all,
                   Bytes{op(Op::kDestroy), 0}));
  // A SWITCH of nothing, one that is too far, two in a row; a poll that views a leg twice, or not.
  const std::uint8_t receive = op(Op::kReceive);
  out.write("tunnel", "switch-zero", concat(first, late, Bytes{receive, 0, 0, 4, 0}, poll));
  out.write("tunnel", "switch-far", concat(first, late, Bytes{receive, 0, 0, 4, 231}, poll));
  out.write("tunnel", "switch-twice",
            concat(first, late, Bytes{receive, 0, 1, 4, 5, receive, 0, 1, 4, 5}, poll));
  const auto odd_poll = static_cast<std::uint8_t>(op(Op::kPoll) | 5U << 5U);
  for (const std::uint8_t how : Bytes{1, 2, 3, 6}) {
    out.write("tunnel", "views-" + std::to_string(how), concat(first, Bytes{odd_poll, 0, 23, how}));
  }
  Bytes sent = first;
  for (int i = 0; i < 8; ++i) append(sent, Bytes{op(Op::kRoute), 0, 0, 40});
  const Bytes retire_first = {op(Op::kRemove), 0, 0, 4};
  out.write("tunnel", "sent", concat(sent, Bytes{op(Op::kCanRead), 0}, retire_first));
  out.write("tunnel", "send-failed", concat(sent, Bytes{op(Op::kRemove), 0, 0, 3}));
  out.write("tunnel", "little-room",
            concat(first, Bytes{op(Op::kView), 0, 0, 4, 120}, Bytes{op(Op::kView), 0, 1, 4, 100},
                   Bytes{op(Op::kRoute), 0, 0, 40}, Bytes{op(Op::kRoute), 0, 0, 40}));
}

// Linked legs that deliver in turn while nobody looks.
void write_tunnel_unseen(const Writer& out) {
  const auto op = [](Op number) { return static_cast<std::uint8_t>(number); };
  // By turns, which leg, how many cells less one, and in the upper bits what is drained.
  const auto write = [&](const std::string& name, const Bytes& sent, const Bytes& turns) {
    Bytes bytes = {0, op(Op::kEstablish), 0, 1, 0, 0, 0, 0, 0, 0};
    for (const std::uint8_t leg : sent) append(bytes, Bytes{op(Op::kExitSends), 0, leg, 31});
    append(bytes,
           Bytes{op(Op::kExitDeliversUnseen), 0, static_cast<std::uint8_t>(turns.size() / 2 - 1)});
    out.write("tunnel", name,
              concat(bytes, turns, Bytes{op(Op::kDrainAll), 0, op(Op::kPollWhole), 0}));
  };
  write("unseen", {0, 1, 0, 2, 0}, {1, 31, 0, 0, 0, 7, 2, 40, 0, 127, 1, 255, 0, 255, 0, 255});
  // A SWITCH that comes ahead of its turn: what the leg had received by then must count.
  write("unseen-switch", {0, 1, 0}, {0, 31, 1, 9, 0, 0, 1, 4, 0, 0, 1, 31, 0, 255, 0, 255});
}

// Handshakes of tunnels that end otherwise than well.
void write_tunnel_handshakes(const Writer& out) {
  const auto op = [](Op number) { return static_cast<std::uint8_t>(number); };
  const Bytes poll = {op(Op::kPollWhole), 0};
  const Bytes later = {op(Op::kTime), 1, 237};  // a week
  const Bytes unlinked = {0, op(Op::kCreate),   0, 0, 1, op(Op::kAddLegs), 0, 1, 0,
                          0, op(Op::kLinkLegs), 0};
  out.write("tunnel", "timed-out",
            concat(unlinked, poll, later, poll, Bytes{op(Op::kRemove), 0, 1, 0}, poll));
  // A byte of LINKED is wrong: version, nonce, what it acknowledges, UX; it is short; it is right.
  for (const std::uint8_t byte : Bytes{0, 5, 48, 49, 60, 79}) {
    out.write("tunnel", "linked-" + std::to_string(byte),
              concat(unlinked, poll, Bytes{op(Op::kReceive), 0, 0, 7, byte, 0xEE}, poll));
  }
  out.write("tunnel", "taken",
            concat(unlinked,
                   Bytes{op(Op::kRemove), 0, 1, 2, op(Op::kRemove), 0, 2, 2, op(Op::kTake), 0}));
}

void write_all(const std::filesystem::path& folder) {
  const Writer out(folder);
  write_link(out);
  write_handshakes(out);
  write_conversations(out);
  write_bodies(out);
  write_directory(out);
  write_socks(out);
  write_region(out);
  write_tunnel(out);
  write_tunnel_unseen(out);
  write_tunnel_handshakes(out);
}

}  // namespace
}  // namespace conflux::fuzz

int main(int argc, char** argv) {
  if (argc != 2 || argv[1][0] == '-') {
    std::fprintf(stderr, "usage: fuzz-seeds FOLDER\nexample: fuzz-seeds test/fuzz/corpus\n");
    return 2;
  }
  try {
    conflux::fuzz::write_all(argv[1]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fuzz-seeds: %s\n", error.what());
    return 1;
  }
  return 0;
}
