#include "test/sim/reference_exit.h"

#include <algorithm>

namespace sim {
namespace {

std::uint64_t read_big_endian(const std::vector<std::uint8_t>& body, std::size_t at,
                              std::size_t n) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < n; ++i) value = value * 256 + body.at(at + i);
  return value;
}

void append_big_endian(std::vector<std::uint8_t>& body, std::uint64_t value, std::size_t n) {
  for (std::size_t i = n; i-- > 0;) body.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

}  // namespace

void ReferenceExit::receive(std::size_t at, const Cell& cell) {
  Leg& leg = legs_[at];
  switch (cell.command) {
    case kLink: {
      if (leg.linked) error_ = "LINK twice on a leg";
      if (cell.body.size() != 50 || cell.body[0] != 1) error_ = "LINK that does not parse";
      const std::vector<std::uint8_t> nonce(cell.body.begin() + 1, cell.body.begin() + 33);
      if (!nonce_.empty() && nonce_ != nonce) error_ = "LINK with another nonce";
      nonce_ = nonce;
      leg.linked = true;
      leg.received = read_big_endian(cell.body, 33, 8);
      leg.sent = read_big_endian(cell.body, 41, 8);
      Cell reply{.command = kLinked, .content = 0, .body = {1}};
      reply.body.insert(reply.body.end(), nonce.begin(), nonce.end());
      std::uint64_t highest = 0;
      for (const Leg& other : legs_) highest = std::max(highest, other.sent);
      append_big_endian(reply.body, highest, 8);
      append_big_endian(reply.body, delivered_seq_, 8);
      reply.body.push_back(1);
      send_(at, std::move(reply));
      return;
    }
    case kLinkedAck:
      if (!leg.linked || leg.acked) error_ = "LINKED_ACK out of turn";
      leg.acked = true;
      return;
    case kSwitch: {
      const std::uint64_t delta = read_big_endian(cell.body, 0, 4);
      if (delta == 0) error_ = "SWITCH of zero";
      if (!leg.acked) error_ = "SWITCH before LINKED_ACK";
      leg.received += delta;
      return;
    }
    case kSendme:
      if (leg.inflight < sendme_inc_) error_ = "SENDME for cells that were not sent";
      leg.inflight -= std::min(leg.inflight, sendme_inc_);
      return;
    default:
      receive_sequenced(at, cell);
  }
}

void ReferenceExit::receive_sequenced(std::size_t at, const Cell& cell) {
  Leg& leg = legs_[at];
  if (!leg.acked) error_ = "a sequenced cell before LINKED_ACK";
  const std::uint64_t seq = ++leg.received;
  if (seq <= delivered_seq_ || held_.contains(seq)) error_ = "a sequence number twice";
  held_[seq] = cell.content;
  while (!held_.empty() && held_.begin()->first == delivered_seq_ + 1) {
    delivered_.push_back(held_.begin()->second);
    ++delivered_seq_;
    held_.erase(held_.begin());
  }
  if (cell.command == kData && ++leg.data_seen % sendme_inc_ == 0) {
    send_(at, {.command = kSendme, .content = 0, .body = {}});
  }
}

bool ReferenceExit::can_send() const {
  return std::ranges::any_of(legs_, [this](const Leg& leg) { return usable(leg); });
}

std::size_t ReferenceExit::send_cells(std::size_t count, Random& random) {
  std::size_t gone = 0;
  for (; gone < count; ++gone) {
    const bool is_data = random.chance(850);
    std::vector<std::size_t> choices;
    for (std::size_t i = 0; i < legs_.size(); ++i) {
      const bool room = !is_data || legs_[i].inflight < window_;
      if (usable(legs_[i]) && room) choices.push_back(i);
    }
    if (choices.empty()) break;
    // Mostly stay, as real schedulers do; sometimes go anywhere.
    const bool stay =
        has_current_ && random.chance(800) && std::ranges::find(choices, current_) != choices.end();
    send_on(stay ? current_ : choices[random.below(choices.size())], is_data ? kData : kXon);
  }
  return gone;
}

void ReferenceExit::send_on(std::size_t at, std::uint8_t command) {
  Leg& leg = legs_[at];
  if (has_current_ && current_ != at) {
    Cell jump{.command = kSwitch, .content = 0, .body = {}};
    append_big_endian(jump.body, legs_[current_].sent - leg.sent, 4);
    leg.sent = legs_[current_].sent;
    send_(at, std::move(jump));
  }
  has_current_ = true;
  current_ = at;
  ++leg.sent;
  if (command == kData) ++leg.inflight;
  sent_.push_back(sent_.size() + 1);
  send_(at, {.command = command, .content = sent_.back(), .body = {}});
}

}  // namespace sim
