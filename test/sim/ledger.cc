#include "test/sim/ledger.h"

#include <mpath/reasons.h>

#include <algorithm>
#include <array>

namespace sim {
namespace {

// Limits of the plugin, written down once more.
constexpr std::uint64_t kInflightPerLeg = 65536;
constexpr std::uint64_t kEarlyCells = 64;
constexpr std::uint64_t kAnswersPerCell = 4;
constexpr std::uint64_t kSpareSwitches = 32;
constexpr std::uint64_t kBytesPerToken = 32;

std::string differs(const char* what, std::uint64_t said, std::uint64_t expected) {
  if (said == expected) return {};
  return std::string(what) + " is " + std::to_string(said) + ", expected " +
         std::to_string(expected);
}

std::string first_of(std::initializer_list<std::string> texts) {
  for (const std::string& text : texts) {
    if (!text.empty()) return text;
  }
  return {};
}

std::uint64_t read_delta(const std::vector<std::uint8_t>& body) {
  std::uint64_t delta = 0;
  for (std::size_t i = 0; i < 4; ++i) delta = delta * 256 + body[i];
  return delta;
}

}  // namespace

bool is_counted(std::uint8_t command) {
  constexpr std::array<std::uint8_t, 8> kCounted{1, 2, 3, 4, 11, 12, 43, 44};
  return std::ranges::find(kCounted, command) != kCounted.end();
}

void Ledger::add_leg() { legs_.emplace_back(); }

void Ledger::begin_handshakes(std::uint64_t now) {
  expire(now);
  if (closed_ != 0) return;
  for (Leg& leg : legs_) {
    if (leg.state != State::kUnlinked) continue;
    leg.state = State::kLinkQueued;
    leg.deadline = now_ + options_.handshake_timeout_us;
  }
}

void Ledger::tell_link(std::size_t leg) {
  if (legs_[leg].state != State::kLinkQueued) return;
  legs_[leg].state = State::kAwaiting;
  legs_[leg].link_told_at = now();
}

void Ledger::commit_linked(std::size_t at) {
  Leg& leg = legs_[at];
  if (leg.state != State::kAwaiting) return;
  leg.state = State::kLinked;
  leg.handshake_us = now() - leg.link_told_at;
  leg.deadline = UINT64_MAX;
}

void Ledger::close(std::uint32_t reason) {
  if (closed_ == 0) closed_ = reason;
  for (Leg& leg : legs_) leg.state = State::kGone;
}

// Spec: prop329 [CLOSING_CIRCUITS].
void Ledger::remove(std::size_t at, std::uint32_t reason, std::uint32_t inflight) {
  Leg& leg = legs_[at];
  if (closed_ != 0 || leg.state == State::kGone) return;
  const auto is_left = [&](const Leg& other) {
    return &other != &leg && other.state != State::kGone;
  };
  std::uint32_t verdict = 0;
  if (reason == MPATH_REASON_SEND_FAILED && leg.carried_out > 0) {
    verdict = reason;
  } else if (std::ranges::none_of(legs_, is_left)) {
    verdict = MPATH_REASON_DEPLETED;
  } else if (sender_ == at) {
    verdict = MPATH_REASON_PRIMARY_LOST;
  } else if (leg.state == State::kUnlinked) {
    verdict = 0;
  } else if (leg.received > highest(&Leg::received, leg)) {
    verdict = MPATH_REASON_HIGHEST_RECEIVED_LOST;
  } else if (leg.sent > highest(&Leg::sent, leg)) {
    verdict = MPATH_REASON_HIGHEST_SENT_LOST;
  } else if (inflight >= options_.sendme_inc) {
    verdict = MPATH_REASON_DATA_IN_FLIGHT_LOST;
  }
  leg.state = State::kGone;
  leg.deadline = UINT64_MAX;
  if (verdict != 0) close(verdict);
}

void Ledger::expire(std::uint64_t now) {
  now_ = std::max(now_, now);
  if (closed_ != 0) return;
  for (Leg& leg : legs_) {
    const bool waits = leg.state == State::kLinkQueued || leg.state == State::kAwaiting;
    if (waits && now_ >= leg.deadline) {
      leg.state = State::kTimedOut;
      leg.deadline = UINT64_MAX;
    }
  }
  check_stall();
}

// A cell that has waited too long for one before it. While cells are in order it is the host who is
// late.
void Ledger::check_stall() {
  if (now_ < stall_at_) return;
  std::uint64_t since = now_;
  if (!has_tokens()) {
    for (const auto& [number, held] : held_) since = std::min(since, held.arrived);
  }
  stall_at_ = since + options_.stall_timeout_us;
  if (now_ >= stall_at_) close(MPATH_REASON_STALLED);
}

Expected Ledger::refuse(std::uint32_t reason) {
  close(reason);
  return {MPATH_E_PROTOCOL, reason};
}

std::optional<Expected> Ledger::receive(std::size_t at, const Cell& cell, std::uint32_t cost) {
  if (closed_ != 0) return Expected{MPATH_E_CLOSED, closed_};
  Leg& leg = legs_[at];
  if (leg.state == State::kGone) return Expected{MPATH_E_STALE, 0};
  switch (cell.command) {
    case kLink:
      return refuse(MPATH_REASON_LINK_TO_CLIENT);
    case kLinkedAck:
      return refuse(MPATH_REASON_LINKED_ACK_TO_CLIENT);
    case kLinked:
      if (leg.state == State::kAwaiting) return std::nullopt;
      if (leg.state == State::kTimedOut) return Expected{MPATH_CONSUMED, 0};
      return refuse(MPATH_REASON_LINKED_UNEXPECTED);
    case kSwitch:
      return receive_switch(leg, cell);
    default:
      if (!is_counted(cell.command)) return Expected{MPATH_PASS, 0};
      return receive_counted(leg, cell, cost);
  }
}

// Spec: prop329 [SEQUENCING].
Expected Ledger::receive_counted(Leg& leg, const Cell& cell, std::uint32_t cost) {
  if (leg.state != State::kLinked) return refuse(MPATH_REASON_CELL_BEFORE_LINKED);
  const std::uint64_t number = leg.received + 1;
  if (number <= delivered_) return refuse(MPATH_REASON_SEQUENCE_REPEATED);
  const bool next = number == delivered_ + 1;
  const std::uint64_t all = held_bytes_ + cost + kBytesPerToken * (held_.size() + 1);
  if (!next && all > options_.reorder_limit) {
    close(MPATH_REASON_REORDER_LIMIT);
    return {MPATH_E_CLOSED, MPATH_REASON_REORDER_LIMIT};
  }
  leg.received = number;
  leg.carried_in += 1;
  leg.switched = false;
  received_ += 1;
  if (next) {
    delivered_ = number;
    return {MPATH_OK, 0};
  }
  if (held_.empty()) stall_at_ = now_ + options_.stall_timeout_us;
  held_.insert({number, {cell.content, cost, now_}});
  held_bytes_ += cost;
  peak_cells_ = std::max<std::uint64_t>(peak_cells_, held_.size());
  peak_bytes_ = std::max(peak_bytes_, held_bytes_);
  check_water();
  return {MPATH_HELD, 0};
}

// Spec: prop329 [SIDE_CHANNELS].
Expected Ledger::receive_switch(Leg& leg, const Cell& cell) {
  if (leg.state != State::kLinked) return refuse(MPATH_REASON_SWITCH_UNLINKED);
  if (cell.body.size() < 4) return refuse(MPATH_REASON_SWITCH_MALFORMED);
  const std::uint64_t delta = read_delta(cell.body);
  if (leg.switched) return refuse(MPATH_REASON_SWITCH_REPEATED);
  if (delta == 0 && received_ > 0) return refuse(MPATH_REASON_SWITCH_ZERO);
  if (switches_received_ >= received_ + kSpareSwitches) return refuse(MPATH_REASON_SWITCH_FLOOD);
  if (leg.received + delta > furthest()) return refuse(MPATH_REASON_SWITCH_TOO_FAR);
  leg.received += delta;
  leg.switched = true;
  switches_received_ += 1;
  return {MPATH_CONSUMED, 0};
}

std::uint64_t Ledger::furthest() const {
  if (received_ > 0) return received_ + count_linked() * kInflightPerLeg;
  return count_linked() * options_.cwnd_init + kEarlyCells + kAnswersPerCell * sent_;
}

std::uint64_t Ledger::furthest_delta(std::size_t leg) const {
  const std::uint64_t limit = furthest();
  return limit > legs_[leg].received ? limit - legs_[leg].received : 0;
}

std::uint64_t Ledger::delta_to_next(std::size_t leg, std::uint64_t past) const {
  const std::uint64_t before = delivered_ + past;
  return before > legs_[leg].received ? before - legs_[leg].received : 0;
}

bool Ledger::has_tokens() const {
  if (closed_ != 0) return !held_.empty();
  return !held_.empty() && held_.begin()->first <= delivered_ + 1;
}

void Ledger::find_repeated() {
  if (closed_ != 0 || held_.empty() || held_.begin()->first > delivered_) return;
  close(MPATH_REASON_SEQUENCE_REPEATED);
}

void Ledger::end_drain(bool room_left) {
  if (room_left) find_repeated();
  check_water();
}

std::string Ledger::take_token(const mpath_token& token) {
  if (token.verdict == MPATH_DISCARD && closed_ == 0) find_repeated();
  if ((token.verdict == MPATH_DISCARD) != (closed_ != 0)) return "a token with the wrong verdict";
  const auto it = std::ranges::find_if(
      held_, [&](const auto& entry) { return entry.second.token == token.token; });
  if (it == held_.end()) return "a token that is not held";
  if (closed_ == 0 && it->first != delivered_ + 1) return "a token out of turn";
  if (closed_ == 0) delivered_ = it->first;
  held_bytes_ -= it->second.cost;
  held_.erase(it);
  if (held_.empty() || closed_ != 0) stall_at_ = UINT64_MAX;
  return {};
}

void Ledger::check_water() {
  if (held_bytes_ >= options_.high_water) pressure_ = true;
  if (held_bytes_ <= options_.low_water) pressure_ = false;
}

std::string Ledger::commit_grant(std::size_t at, const mpath_grant& grant) {
  Leg& leg = legs_[at];
  if (leg.state != State::kLinked) return "cells were routed to a leg that is not linked";
  const bool moves = sender_.has_value() && *sender_ != at;
  if ((grant.has_first != 0) != moves) return "a SWITCH when none is due, or none when one is";
  if (moves) {
    const std::vector<std::uint8_t> body(grant.first.body, grant.first.body + grant.first.length);
    if (grant.first.command != kSwitch || body.size() != 4) return "a SWITCH that does not parse";
    if (read_delta(body) != sent_ - leg.sent) return "a SWITCH to another number";
    switches_sent_ += 1;
  }
  sender_ = at;
  sent_ += grant.granted;
  leg.sent = sent_;
  leg.carried_out += grant.granted;
  return {};
}

std::uint64_t Ledger::count_linked() const {
  return static_cast<std::uint64_t>(
      std::ranges::count(legs_, State::kLinked, [](const Leg& leg) { return leg.state; }));
}

std::uint64_t Ledger::highest(std::uint64_t Leg::*counter, const Leg& without) const {
  std::uint64_t most = 0;
  for (const Leg& leg : legs_) {
    if (&leg != &without && leg.state != State::kGone) most = std::max(most, leg.*counter);
  }
  return most;
}

std::uint64_t Ledger::next_deadline() const {
  if (closed_ != 0) return MPATH_NEVER;
  std::uint64_t next = stall_at_;
  for (const Leg& leg : legs_) next = std::min(next, leg.deadline);
  return next == UINT64_MAX ? MPATH_NEVER : next;
}

std::string Ledger::compare(const mpath_tunnel_info& info) const {
  const std::string always =
      first_of({differs("the reason", info.close_reason, closed_),
                differs("held cells", info.held_cells, held_.size()),
                differs("held bytes", info.held_bytes, held_bytes_),
                differs("the deadline", info.next_deadline_us, next_deadline())});
  if (!always.empty() || closed_ != 0) return always;
  return first_of({differs("peak cells", info.peak_held_cells, peak_cells_),
                   differs("peak bytes", info.peak_held_bytes, peak_bytes_),
                   differs("cells sent", info.cells_sent, sent_),
                   differs("cells received", info.cells_received, received_),
                   differs("cells delivered", info.cells_delivered, delivered_),
                   differs("switches sent", info.switches_sent, switches_sent_),
                   differs("switches received", info.switches_received, switches_received_),
                   differs("linked legs", info.linked_count, count_linked())});
}

std::string Ledger::compare(std::size_t at, const mpath_leg_info& info) const {
  const Leg& leg = legs_[at];
  return first_of({differs("last sent", info.last_seq_sent, leg.sent),
                   differs("last received", info.last_seq_received, leg.received),
                   differs("carried out", info.cells_sent, leg.carried_out),
                   differs("carried in", info.cells_received, leg.carried_in)});
}

}  // namespace sim
