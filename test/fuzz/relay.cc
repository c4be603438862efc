// What relays send on circuits: relay cells and their bodies, replies to handshakes, and whole
// conversations in which every layer of encryption is right and what is inside is not.
//
// Input: one byte that names the part, then its bytes.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "examples/onion_proxy/cell/handshake_extension.h"
#include "examples/onion_proxy/circuit/circuit.h"
#include "test/fuzz/support/expect.h"
#include "test/fuzz/support/input.h"
#include "test/onion_proxy/support/fake_relay.h"

namespace conflux::fuzz {
namespace {

using onion_proxy::Bytes;
using onion_proxy::ByteView;
using onion_proxy::CellPayload;
using onion_proxy::Circuit;
using onion_proxy::CircuitBuilder;
using onion_proxy::LinkCommand;
using onion_proxy::RelayCell;
using onion_proxy::RelayCommand;
using onion_proxy::RelayHeader;
using onion_proxy::test::FakePath;
using onion_proxy::test::FakeRelay;

constexpr std::uint8_t kSendmeInc = 31;

void check_words(const std::string& error) {
  expect(!error.empty() && error.size() < 300, "a refusal has its words");
}

ByteView view(std::span<const std::uint8_t> bytes) { return bytes; }

// The header: what parses encodes to the same bytes.
void check_cell(ByteView payload) {
  const auto cell = onion_proxy::parse_relay_cell(payload);
  if (!cell.ok()) return check_words(cell.error());
  const RelayCell& parsed = cell.value();
  expect(parsed.body.size() + onion_proxy::kRelayHeaderSize <= payload.size(), "a body fits");
  if (parsed.body.size() > onion_proxy::kRelayBodyMax) return;
  CellPayload again;
  onion_proxy::encode_relay_cell(again, {parsed.command, parsed.stream_id}, parsed.body);
  expect(again[0] == payload[0] && again[3] == payload[3] && again[4] == payload[4] &&
             std::equal(again.begin() + 9, again.begin() + 11, payload.begin() + 9),
         "relay cell: parse, encode, equal");
  expect(!onion_proxy::relay_command_name(parsed.command).empty(), "every command has a name");
}

void check_bodies(ByteView body) {
  const auto connected = onion_proxy::parse_connected(body);
  if (!connected.ok()) check_words(connected.error());
  const auto sendme = onion_proxy::parse_sendme(body);
  if (sendme.ok()) {
    const Bytes again = onion_proxy::encode_sendme(sendme.value());
    expect(std::equal(again.begin(), again.end(), body.begin()), "SENDME: parse, encode, equal");
  }
  const auto xon = onion_proxy::parse_xon(body);
  if (xon.ok()) {
    const Bytes again = onion_proxy::encode_xon(xon.value());
    expect(std::equal(again.begin(), again.end(), body.begin()), "XON: parse, encode, equal");
  }
  const auto xoff = onion_proxy::parse_xoff(body);
  expect(xoff.ok() == (!body.empty() && body[0] == 0), "XOFF is of version 0");
  const auto resolved = onion_proxy::parse_resolved(body);
  if (!resolved.ok()) check_words(resolved.error());
  expect(!resolved.ok() || resolved.value().size() <= body.size() / 6, "answers have six bytes");
  const auto created = onion_proxy::parse_created2(body);
  expect(!created.ok() || created.value().size() + 2 <= body.size(), "a reply fits its cell");
  expect(!onion_proxy::end_reason_text(onion_proxy::parse_end(body)).empty(), "END has words");
  expect(!onion_proxy::destroy_reason_text(onion_proxy::parse_destroy(body)).empty(),
         "DESTROY has words");
  const auto increment = onion_proxy::parse_congestion_control_response(body, kSendmeInc);
  expect(!increment.ok() || std::abs(increment.value() - kSendmeInc) <= 1, "increments are near");
}

// Replies to a client whose secret is known, so that a right one can stand in the corpus: the
// relay's identity and key, then its reply.
void check_handshakes(Input in) {
  onion_proxy::Curve25519Key secret;
  secret.fill(0x42);
  onion_proxy::ByteArray<32> id{};
  onion_proxy::Curve25519Key key{};
  std::ranges::copy(in.take(id.size()), id.begin());
  std::ranges::copy(in.take(key.size()), key.begin());
  const ByteView reply = view(in.rest());
  const auto keys = [&] { return onion_proxy::X25519KeyPair::from_secret(secret); };

  onion_proxy::NtorRelay relay{{}, key};
  std::copy_n(id.begin(), relay.rsa_id.size(), relay.rsa_id.begin());
  const onion_proxy::NtorClient ntor(relay, keys());
  const auto simple = ntor.finish(reply, onion_proxy::kHopKeySize);
  expect(!simple.ok() || simple.value().size() == onion_proxy::kHopKeySize, "ntor gives keys");

  onion_proxy::NtorV3Client v3({id, key}, {.keys = keys()});
  if (!v3.onionskin(onion_proxy::congestion_control_request()).ok()) return;
  const auto finished = v3.finish(reply, onion_proxy::kHopKeySize);
  if (!finished.ok()) return check_words(finished.error());
  expect(finished.value().keys.size() == onion_proxy::kHopKeySize &&
             finished.value().server_message.size() + 64 == reply.size(),
         "ntor-v3 gives keys and the relay's message");
}

// A circuit that honest relays answer, except where the input says otherwise.
class Conversation {
 public:
  explicit Conversation(Input& in)
      : in_(in), relays_{FakeRelay(1), FakeRelay(2), FakeRelay(3)}, builder_(infos(), kSendmeInc) {}

  void run() {
    std::size_t steps = 0;
    while (builder_.state() == CircuitBuilder::State::kBuilding && steps++ < 16) answer();
    if (builder_.state() == CircuitBuilder::State::kFailed) return check_words(builder_.failure());
    if (builder_.state() == CircuitBuilder::State::kBuilt) use();
  }

 private:
  std::vector<onion_proxy::RelayInfo> infos() const {
    std::vector<onion_proxy::RelayInfo> out;
    for (const FakeRelay& relay : relays_) out.push_back(relay.info());
    return out;
  }

  // What the relay of the next hop answers.
  Bytes reply(ByteView handshake, std::size_t hop) {
    const bool exit = hop + 1 == relays_.size();
    Bytes message = {1, 2, 1, kSendmeInc};
    if (in_.below(8) == 7) {
      const auto hostile = in_.take(in_.byte());
      message.assign(hostile.begin(), hostile.end());
    }
    Bytes body = exit ? relays_[hop].answer_ntor_v3(handshake, message)
                      : relays_[hop].answer_ntor(handshake);
    if (in_.below(16) == 15) body[in_.below(body.size())] ^= in_.byte();
    Bytes out;
    onion_proxy::append_u16(out, static_cast<std::uint16_t>(body.size()));
    onion_proxy::append(out, body);
    if (in_.below(16) == 15) out[in_.below(2)] = in_.byte();
    return out;
  }

  void answer() {
    const std::size_t hop = builder_.hops_done();
    if (in_.below(8) == 7) return interfere(hop);
    const auto asked = builder_.poll_cell();
    if (!asked) return;
    if (hop == 0) {
      Bytes payload = reply(ByteView(asked->payload).subspan(4, 84), 0);
      payload.resize(onion_proxy::kCellPayloadSize);
      path_keys(0);
      return builder_.handle_cell(LinkCommand::kCreated2, payload);
    }
    CellPayload payload;
    std::copy_n(asked->payload.begin(), payload.size(), payload.begin());
    const auto opened = path_.open(payload);
    // Specifiers of an address and two identities, then type and length of the handshake.
    constexpr std::size_t kBeforeHandshake = 1 + (2 + 6) + (2 + 20) + (2 + 32) + 4;
    const ByteView body = opened.cell.body;
    const std::size_t length = onion_proxy::read_u16(&body[kBeforeHandshake - 2]);
    const Bytes extended = reply(body.subspan(kBeforeHandshake, length), hop);
    send(hop - 1, {.command = RelayCommand::kExtended2}, extended);
    path_keys(hop);
  }

  void path_keys(std::size_t hop) { path_.add_hop(relays_[hop].keys()); }

  void send(std::size_t hop, RelayHeader header, ByteView body) {
    auto sealed = path_.seal(hop, header, body);
    builder_.handle_cell(LinkCommand::kRelay, sealed.payload);
  }

  // Another cell than the one that is due.
  void interfere(std::size_t hops) {
    const auto command = static_cast<LinkCommand>(in_.byte());
    if (hops > 0 && in_.flag()) {
      const RelayHeader header{static_cast<RelayCommand>(in_.byte()), in_.byte()};
      const std::size_t hop = in_.below(hops);
      return send(hop, header, view(in_.take(in_.byte())));
    }
    Bytes payload(onion_proxy::kCellPayloadSize);
    std::ranges::copy(in_.take(in_.byte()), payload.begin());
    builder_.handle_cell(command, payload);
  }

  // The circuit stands: DATA out, and any cell in.
  void use() {
    Circuit circuit(builder_.take(), {});
    onion_proxy::Instant now{};
    while (!in_.empty()) {
      now += onion_proxy::Micros(in_.byte() * 1000);
      if (in_.flag()) {
        seal_data(circuit, now);
      } else if (!receive(circuit, now)) {
        return;
      }
    }
  }

  void seal_data(Circuit& circuit, onion_proxy::Instant now) {
    for (std::size_t count = in_.below(64); count > 0 && circuit.may_send_data(); --count) {
      CellPayload payload;
      circuit.seal({.header = {RelayCommand::kData, 1}, .body = {}, .hop = circuit.last_hop()}, now,
                   payload);
      tags_.push_back(path_.open(payload).tag);
    }
  }

  // A right SENDME, or what the input says.
  bool receive(Circuit& circuit, onion_proxy::Instant now) {
    RelayHeader header{static_cast<RelayCommand>(in_.byte()), in_.byte()};
    const std::size_t hop = in_.below(4) == 3 ? in_.below(3) : circuit.last_hop();
    Bytes body;
    const auto raw = in_.take(in_.byte());
    body.assign(raw.begin(), raw.end());
    const std::size_t due = (sendmes_ + 1) * kSendmeInc;
    if (header.command == RelayCommand::kSendme && raw.empty() && tags_.size() >= due) {
      header.stream_id = 0;
      body = onion_proxy::encode_sendme(tags_[due - 1]);
      ++sendmes_;
    }
    auto sealed = path_.seal(hop, header, body);
    const onion_proxy::ChannelState channel{in_.flag(), in_.byte()};
    CellPayload clear;
    const auto incoming = circuit.handle_relay(sealed.payload, clear, channel, now);
    using Kind = Circuit::Incoming::Kind;
    if (incoming.kind == Kind::kViolation) check_words(incoming.violation.reason);
    if (incoming.kind == Kind::kCell) {
      expect(
          incoming.cell.command == header.command && std::ranges::equal(incoming.cell.body, body),
          "a cell arrives as it was sent");
      expect(incoming.hop == circuit.last_hop(), "only the last hop's cells go to streams");
    }
    CellPayload out;
    while (circuit.poll_sendme(now, out)) path_.open(out);
    expect(circuit.data_acked() <= circuit.data_sent(), "no more is acknowledged than was sent");
    return incoming.kind != Kind::kViolation;
  }

  Input& in_;
  std::array<FakeRelay, 3> relays_;
  CircuitBuilder builder_;
  FakePath path_;
  std::vector<onion_proxy::CellTag> tags_;
  std::size_t sendmes_ = 0;
};

}  // namespace
}  // namespace conflux::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace conflux::fuzz;
  Input in(data, size);
  switch (in.below(4)) {
    case 0:
      check_cell(view(in.rest()));
      return 0;
    case 1:
      check_bodies(view(in.rest()));
      return 0;
    case 2:
      check_handshakes(in);
      return 0;
    default:
      Conversation(in).run();
      return 0;
  }
}
