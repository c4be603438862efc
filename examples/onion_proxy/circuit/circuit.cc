#include "examples/onion_proxy/circuit/circuit.h"

namespace onion_proxy {
namespace {

using Incoming = Circuit::Incoming;

Incoming violation(ViolationKind kind, std::string reason, Culprit culprit = Culprit::kLastHop) {
  Incoming out;
  out.kind = Incoming::Kind::kViolation;
  out.violation = {kind, std::move(reason), culprit};
  return out;
}

enum class Fate : uint8_t { kDeliver, kSendme, kTruncated, kIgnore, kRefuse };

// What a client may get from its circuit. Spec: tor-spec "Relay cells"; unknown commands are
// ignored, so that relays may learn new ones.
Fate fate_of(RelayCommand command) {
  switch (command) {
    case RelayCommand::kData:
    case RelayCommand::kEnd:
    case RelayCommand::kConnected:
    case RelayCommand::kResolved:
    case RelayCommand::kXoff:
    case RelayCommand::kXon:
    case RelayCommand::kConfluxLink:
    case RelayCommand::kConfluxLinked:
    case RelayCommand::kConfluxLinkedAck:
    case RelayCommand::kConfluxSwitch:
      return Fate::kDeliver;
    case RelayCommand::kSendme:
      return Fate::kSendme;
    case RelayCommand::kTruncated:
      return Fate::kTruncated;
    case RelayCommand::kDrop:
      return Fate::kIgnore;
    case RelayCommand::kBegin:
    case RelayCommand::kExtend:
    case RelayCommand::kExtended:
    case RelayCommand::kTruncate:
    case RelayCommand::kResolve:
    case RelayCommand::kBeginDir:
    case RelayCommand::kExtend2:
    case RelayCommand::kExtended2:
      return Fate::kRefuse;
  }
  return Fate::kIgnore;
}

bool needs_stream(RelayCommand command) {
  return command == RelayCommand::kData || command == RelayCommand::kEnd ||
         command == RelayCommand::kConnected || command == RelayCommand::kResolved ||
         command == RelayCommand::kXoff || command == RelayCommand::kXon;
}

std::string quoted(RelayCommand command) {
  return std::string(relay_command_name(command)) + " cell";
}

}  // namespace

Circuit::Circuit(BuiltCircuit built, const VegasParams& vegas)
    : crypto_(std::move(built.crypto)),
      sendme_inc_(built.sendme_inc),
      cwnd_init_(vegas.cwnd_init),
      vegas_(vegas, built.sendme_inc),
      sender_(built.sendme_inc),
      receiver_(built.sendme_inc) {}

void Circuit::seal(const Outgoing& cell, Instant now, CellPayloadView out) {
  encode_relay_cell(out, cell.header, cell.body);
  const CellTag tag = crypto_.encrypt(cell.hop, out);
  if (cell.header.command != RelayCommand::kData || cell.hop != last_hop()) return;
  sender_.note_data(tag, now);
  vegas_.note_data_sent();
}

Incoming Circuit::handle_sendme(const RelayCell& cell, const ChannelState& channel, Instant now) {
  // With congestion control there are no stream SENDMEs.
  if (cell.stream_id != 0) {
    return violation(ViolationKind::kBadSendme, "a SENDME for a stream");
  }
  const auto tag = parse_sendme(cell.body);
  if (!tag.ok()) return violation(ViolationKind::kBadSendme, tag.error());
  const auto sent_at = sender_.match(tag.value());
  if (!sent_at.ok()) return violation(ViolationKind::kBadSendme, sent_at.error());
  const auto rtt = std::max<int64_t>((now - sent_at.value()).count(), 0);
  vegas_.handle_sendme({.rtt_us = static_cast<uint64_t>(rtt),
                        .channel_blocked = channel.blocked,
                        .channel_queue = channel.queued_cells});
  return {};
}

Incoming Circuit::handle_relay(SealedPayloadView sealed, CellPayloadView clear,
                               const ChannelState& channel, Instant now) {
  const auto recognized = crypto_.decrypt(sealed, clear);
  if (!recognized) {
    return violation(ViolationKind::kUnrecognizedCell, "a relay cell that no hop made",
                     Culprit::kAnyRelay);
  }
  const Culprit maker = recognized->hop == last_hop() ? Culprit::kLastHop : Culprit::kAnyRelay;
  const auto parsed = parse_relay_cell(clear);
  if (!parsed.ok()) return violation(ViolationKind::kMalformedCell, parsed.error(), maker);
  const RelayCell& cell = parsed.value();

  const Fate fate = fate_of(cell.command);
  if (fate == Fate::kIgnore) return {};
  if (fate == Fate::kTruncated) {
    const auto reason = destroy_reason_text(parse_destroy(cell.body));
    return violation(ViolationKind::kTruncated, "the circuit was truncated: " + std::string(reason),
                     Culprit::kAnyRelay);
  }
  if (fate == Fate::kRefuse) {
    return violation(ViolationKind::kUnexpectedCommand, "an unexpected " + quoted(cell.command),
                     maker);
  }
  if (recognized->hop != last_hop()) {
    return violation(ViolationKind::kWrongHop,
                     "a " + quoted(cell.command) + " from another hop than the last", maker);
  }
  if (fate == Fate::kSendme) return handle_sendme(cell, channel, now);
  if (needs_stream(cell.command) != (cell.stream_id != 0)) {
    return violation(ViolationKind::kMalformedCell,
                     "a " + quoted(cell.command) +
                         (cell.stream_id == 0 ? " without a stream" : " with a stream"));
  }
  if (cell.command == RelayCommand::kData) {
    if (const auto tag = receiver_.note_data(recognized->tag)) {
      if (sendmes_due_.size() >= kMaxSendmesDue) {
        return violation(ViolationKind::kOverrun, "DATA beyond any window");
      }
      sendmes_due_.push_back(*tag);
    }
  }
  Incoming out;
  out.kind = Incoming::Kind::kCell;
  out.cell = cell;
  out.hop = recognized->hop;
  return out;
}

bool Circuit::poll_sendme(Instant now, CellPayloadView out) {
  if (sendmes_due_.empty()) return false;
  const Bytes body = encode_sendme(sendmes_due_.front());
  sendmes_due_.pop_front();
  seal({.header = {.command = RelayCommand::kSendme}, .body = body, .hop = last_hop()}, now, out);
  return true;
}

}  // namespace onion_proxy
