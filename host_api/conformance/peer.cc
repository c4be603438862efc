#include "host_api/conformance/peer.h"

#include <algorithm>
#include <utility>

namespace mpath::kit {
namespace {

// LINK and LINKED: version, nonce, last sequence number sent and received, desired UX.
constexpr std::size_t kNonceAt = 1;
constexpr std::size_t kNonceEnd = kNonceAt + 32;
constexpr std::size_t kUxAt = kNonceEnd + 16;
constexpr std::size_t kLinkLength = kUxAt + 1;

bool has(const std::uint8_t (&bits)[32], unsigned command) noexcept {
  return (bits[command / 8] >> (command % 8) & 1U) != 0;
}

}  // namespace

Body switch_body(std::uint32_t skipped) {
  return {static_cast<std::uint8_t>(skipped >> 24U), static_cast<std::uint8_t>(skipped >> 16U),
          static_cast<std::uint8_t>(skipped >> 8U), static_cast<std::uint8_t>(skipped)};
}

bool speaks_prop329(const mpath_plugin_table& table) noexcept {
  for (unsigned command = 0; command < 256; ++command) {
    const bool expected = command >= kLink && command <= kSwitch;
    if (has(table.signalling, command) != expected) return false;
  }
  return has(table.sequenced, kData);
}

std::optional<Body> Peer::handle_control(mpath_leg_id leg, const mpath_control_cell& cell) {
  Leg& state = legs_[leg];
  if (cell.command == kLinkedAck) {
    check_.expect(state.linked && !state.acknowledged, "MPATH-P-15",
                  "LINKED_ACK without a LINKED before, or twice");
    state.acknowledged = true;
    return std::nullopt;
  }
  check_.expect(cell.command == kLink && cell.length >= kLinkLength && cell.body[0] == 1,
                "MPATH-P-15",
                "SEND_CELL with command {} and {} bytes is neither LINK nor LINKED_ACK",
                cell.command, cell.length);
  check_.expect(!state.linked, "MPATH-P-15", "LINK was told twice for one leg");
  const Body nonce(cell.body + kNonceAt, cell.body + kNonceEnd);
  check_.expect(nonce_.empty() || nonce_ == nonce, "MPATH-P-22",
                "two legs of one tunnel have different nonces");
  nonce_ = nonce;
  state.linked = true;
  return linked_body();
}

Body Peer::linked_body() const {
  Body body(kLinkLength, 0);
  body[0] = 1;
  std::ranges::copy(nonce_, body.begin() + kNonceAt);
  return body;
}

bool Peer::is_acknowledged(mpath_leg_id leg) const noexcept {
  const auto at = legs_.find(leg);
  return at != legs_.end() && at->second.acknowledged;
}

void Peer::handle_grant(const mpath_grant& grant) {
  Leg& leg = legs_[grant.leg];
  check_.expect(leg.acknowledged, "MPATH-P-18", "cells were granted on a leg that is not linked");
  if (grant.has_first != 0) {
    const mpath_control_cell& cell = grant.first;
    check_.expect(cell.command == kSwitch && cell.length >= 4, "MPATH-P-18",
                  "the cell in front of a grant is no SWITCH");
    std::uint64_t skipped = 0;
    for (std::size_t i = 0; i < 4; ++i) skipped = skipped << 8U | cell.body[i];
    leg.last_received += skipped;
  }
  check_.expect(
      leg.last_received == received_, "MPATH-P-18",
      "the first of {} granted cells has number {} on its leg, but {} were sent before it",
      grant.granted, leg.last_received + 1, received_);
  leg.last_received += grant.granted;
  received_ += grant.granted;
}

std::optional<Body> Peer::plan_send(mpath_leg_id id) {
  Leg& leg = legs_[id];
  std::optional<Body> change;
  if (sending_on_ != id && sending_on_ != 0) {
    change = switch_body(static_cast<std::uint32_t>(sent_ - leg.last_sent));
  }
  // The first leg that sends counts from zero without a SWITCH.
  leg.last_sent = ++sent_;
  sending_on_ = id;
  return change;
}

}  // namespace mpath::kit
