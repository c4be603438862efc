#include "examples/onion_proxy/cell/link_cell.h"

#include <cassert>

namespace onion_proxy {

void LinkCellDecoder::append(ByteView bytes) {
  if (bytes.empty()) return;
  std::memcpy(prepare(bytes.size()).data(), bytes.data(), bytes.size());
  commit(bytes.size());
}

bool LinkCellDecoder::next(LinkCell& cell) {
  const size_t id_size = static_cast<size_t>(width_);
  const MutableByteView in = input_.bytes();
  if (in.size() < id_size + 1) return false;
  const auto command = static_cast<LinkCommand>(in[id_size]);
  size_t body_at = id_size + 1;
  size_t body_size = kCellPayloadSize;
  if (is_variable_length(command)) {
    if (in.size() < body_at + 2) return false;
    body_size = read_u16(&in[body_at]);
    body_at += 2;
  }
  if (in.size() < body_at + body_size) return false;

  ByteReader header(in);
  cell.circuit_id = width_ == CircuitIdWidth::kTwo ? header.u16() : header.u32();
  cell.command = command;
  cell.body = in.subspan(body_at, body_size);
  input_.consume(body_at + body_size);
  return true;
}

void append_fixed_cell(Bytes& out, uint32_t circuit_id, LinkCommand command, ByteView payload) {
  assert(payload.size() <= kCellPayloadSize && !is_variable_length(command));
  const size_t start = out.size();
  out.resize(start + kFixedCellSize);
  write_u32(&out[start], circuit_id);
  out[start + 4] = static_cast<uint8_t>(command);
  if (!payload.empty()) std::memcpy(&out[start + 5], payload.data(), payload.size());
}

void append_variable_cell(Bytes& out, const VariableCell& cell) {
  assert(cell.body.size() <= kMaxVariableBody && is_variable_length(cell.command));
  if (cell.width == CircuitIdWidth::kTwo) {
    append_u16(out, static_cast<uint16_t>(cell.circuit_id));
  } else {
    append_u32(out, cell.circuit_id);
  }
  append_u8(out, static_cast<uint8_t>(cell.command));
  append_u16(out, static_cast<uint16_t>(cell.body.size()));
  append(out, cell.body);
}

std::string_view link_command_name(LinkCommand command) {
  switch (command) {
    case LinkCommand::kPadding:
      return "PADDING";
    case LinkCommand::kCreate:
      return "CREATE";
    case LinkCommand::kCreated:
      return "CREATED";
    case LinkCommand::kRelay:
      return "RELAY";
    case LinkCommand::kDestroy:
      return "DESTROY";
    case LinkCommand::kCreateFast:
      return "CREATE_FAST";
    case LinkCommand::kCreatedFast:
      return "CREATED_FAST";
    case LinkCommand::kVersions:
      return "VERSIONS";
    case LinkCommand::kNetinfo:
      return "NETINFO";
    case LinkCommand::kRelayEarly:
      return "RELAY_EARLY";
    case LinkCommand::kCreate2:
      return "CREATE2";
    case LinkCommand::kCreated2:
      return "CREATED2";
    case LinkCommand::kPaddingNegotiate:
      return "PADDING_NEGOTIATE";
    case LinkCommand::kVpadding:
      return "VPADDING";
    case LinkCommand::kCerts:
      return "CERTS";
    case LinkCommand::kAuthChallenge:
      return "AUTH_CHALLENGE";
    case LinkCommand::kAuthenticate:
      return "AUTHENTICATE";
    case LinkCommand::kAuthorize:
      return "AUTHORIZE";
  }
  return "unknown";
}

}  // namespace onion_proxy
