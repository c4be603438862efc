#include "examples/onion_proxy/proxy/plain_path.h"

namespace onion_proxy {
namespace {

bool is_multipath_command(RelayCommand command) {
  return command == RelayCommand::kConfluxLink || command == RelayCommand::kConfluxLinked ||
         command == RelayCommand::kConfluxLinkedAck || command == RelayCommand::kConfluxSwitch;
}

}  // namespace

Status PlainPath::begin(Leg& leg, const StreamFacts& /*facts*/, Instant /*now*/) {
  leg_ = &leg;
  return Status();
}

Status PlainPath::add(Leg& /*leg*/, const StreamFacts& /*facts*/, Instant /*now*/) {
  return Error{"without multipath there is one leg"};
}

PathSet::Grant PlainPath::route(RelayCommand command, size_t want, const StreamFacts& /*facts*/,
                                Instant /*now*/) {
  if (leg_ == nullptr) return {};
  if (command != RelayCommand::kData) return {.leg = leg_, .granted = want};
  if (leg_->channel_state().blocked || !leg_->circuit().may_send_data()) return {};
  return {.leg = leg_, .granted = std::min<size_t>(want, leg_->circuit().congestion().room())};
}

Status PlainPath::receive(Leg& /*leg*/, const RelayCell& cell, CellSink& sink, Instant now) {
  // Attack: multipath cells on a plain circuit carry a mark past the client (DROPMARK).
  if (is_multipath_command(cell.command)) {
    return Error{"a " + std::string(relay_command_name(cell.command)) +
                 " cell on a circuit without multipath"};
  }
  sink.deliver(cell, now);
  return Status();
}

LossEffect PlainPath::lose_leg(Leg& /*leg*/, const StreamFacts& /*facts*/, Instant /*now*/) {
  leg_ = nullptr;
  return LossEffect::kCellsLost;
}

PathNews PlainPath::poll(const StreamFacts& facts, Instant now) {
  PathNews news;
  news.ready = !ready_told_;
  ready_told_ = true;
  news.closed = leg_ == nullptr;
  if (news.closed) news.reason = "the only circuit is gone";
  news.collect_half_streams = facts.half_stream_expiry && *facts.half_stream_expiry <= now;
  if (!news.collect_half_streams) news.next_deadline = facts.half_stream_expiry;
  return news;
}

void PlainPath::close(Instant /*now*/) { leg_ = nullptr; }

void PlainPath::add_stats(TunnelStats& stats) const {
  if (leg_ != nullptr) stats.legs[leg_->ordinal() - 1].state = "linked";
}

}  // namespace onion_proxy
