#include "examples/onion_proxy/circuit/circuit_builder.h"

#include <cassert>

#include "examples/onion_proxy/cell/handshake_extension.h"

namespace onion_proxy {

CircuitBuilder::CircuitBuilder(std::vector<RelayInfo> path, uint8_t sendme_inc)
    : path_(std::move(path)), expected_sendme_inc_(sendme_inc) {
  assert(path_.size() >= 2 && path_.size() <= kMaxHops);
  begin_hop();
}

std::optional<OutgoingCell> CircuitBuilder::poll_cell() {
  std::optional<OutgoingCell> out;
  out.swap(waiting_);
  return out;
}

void CircuitBuilder::fail(std::string reason) {
  if (state_ != State::kBuilding) return;
  state_ = State::kFailed;
  failure_ = "hop " + std::to_string(hops_done() + 1) + ": " + std::move(reason);
  waiting_.reset();
}

Result<Handshake> CircuitBuilder::next_handshake() {
  const RelayInfo& relay = path_[hops_done()];
  if (!at_exit()) {
    const auto& ntor = handshake_.emplace<NtorClient>(
        NtorClient({.rsa_id = relay.rsa_id, .ntor_key = relay.ntor_key}));
    return Handshake{NtorClient::kHandshakeType, ntor.onionskin()};
  }
  auto& ntor = handshake_.emplace<NtorV3Client>(
      NtorV3Client({.ed_id = relay.ed_id, .ntor_key = relay.ntor_key}));
  Result<Bytes> skin = ntor.onionskin(congestion_control_request());
  if (!skin.ok()) return Error{skin.error()};
  return Handshake{NtorV3Client::kHandshakeType, std::move(skin).value()};
}

void CircuitBuilder::begin_hop() {
  const Result<Handshake> handshake = next_handshake();
  if (!handshake.ok()) return fail(handshake.error());
  if (hops_done() == 0) {
    waiting_ = OutgoingCell{LinkCommand::kCreate2, encode_create2(handshake.value())};
    return;
  }
  // Relays silently drop EXTEND2 in a plain RELAY cell.
  CellPayload payload;
  encode_relay_cell(payload, {.command = RelayCommand::kExtend2},
                    encode_extend2(path_[hops_done()], handshake.value()));
  built_.crypto.encrypt(hops_done() - 1, payload);
  waiting_ = OutgoingCell{LinkCommand::kRelayEarly, Bytes(payload.begin(), payload.end())};
}

void CircuitBuilder::handle_cell(LinkCommand command, MutableByteView payload) {
  if (state_ != State::kBuilding) return;
  if (command == LinkCommand::kDestroy) {
    return fail("the circuit was destroyed: " +
                std::string(destroy_reason_text(parse_destroy(payload))));
  }
  const bool created = hops_done() > 0;
  if (command == LinkCommand::kCreated2 && !created) return finish_hop(payload);
  if (command == LinkCommand::kRelay && created) return handle_relay(payload);
  fail("an unexpected " + std::string(link_command_name(command)) + " cell");
}

void CircuitBuilder::handle_relay(MutableByteView payload) {
  assert(payload.size() == kCellPayloadSize);
  const auto recognized = built_.crypto.decrypt(CellPayloadView(payload.data(), kCellPayloadSize));
  if (!recognized) return fail("a relay cell that no hop made");
  const Result<RelayCell> cell = parse_relay_cell(payload);
  if (!cell.ok()) return fail(cell.error());
  const RelayCell& relay_cell = cell.value();
  if (relay_cell.command == RelayCommand::kDrop) return;
  if (relay_cell.command == RelayCommand::kTruncated) {
    return fail("the circuit was truncated: " +
                std::string(destroy_reason_text(parse_destroy(relay_cell.body))));
  }
  const bool from_last = recognized->hop + 1 == hops_done();
  if (relay_cell.command != RelayCommand::kExtended2 || !from_last || relay_cell.stream_id != 0) {
    return fail("an unexpected " + std::string(relay_command_name(relay_cell.command)) +
                " cell while extending");
  }
  finish_hop(relay_cell.body);
}

Result<Bytes> CircuitBuilder::finish_handshake(ByteView reply) {
  if (const auto* ntor = std::get_if<NtorClient>(&handshake_)) {
    return ntor->finish(reply, kHopKeySize);
  }
  auto finished = std::get<NtorV3Client>(handshake_).finish(reply, kHopKeySize);
  if (!finished.ok()) return Error{finished.error()};
  const auto increment =
      parse_congestion_control_response(finished.value().server_message, expected_sendme_inc_);
  if (!increment.ok()) return Error{increment.error()};
  built_.sendme_inc = increment.value();
  return std::move(finished.value().keys);
}

void CircuitBuilder::finish_hop(ByteView body) {
  const Result<ByteView> reply = parse_created2(body);
  if (!reply.ok()) return fail(reply.error());
  const Result<Bytes> keys = finish_handshake(reply.value());
  if (!keys.ok()) return fail(keys.error());
  built_.crypto.add_hop(keys.value());
  if (hops_done() == path_.size()) {
    handshake_ = std::monostate{};
    state_ = State::kBuilt;
    return;
  }
  begin_hop();
}

}  // namespace onion_proxy
