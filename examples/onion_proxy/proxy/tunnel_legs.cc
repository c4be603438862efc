// Tunnel: its legs, from the first cell of their building to their loss.
#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "examples/onion_proxy/proxy/tunnel.h"

namespace onion_proxy {
namespace {

constexpr std::chrono::milliseconds kHoldCheck{20};
// In which LINKED is expected.
constexpr int kLinkRoundTrips = 2;

}  // namespace

void Tunnel::add_leg(const ChosenPath& path) {
  LegOwner& owner = *this;
  auto leg = std::make_unique<Leg>(env_.io, owner,
                                   LegOptions{.ordinal = legs_.size() + 1,
                                              .path = path.hops,
                                              .sendme_inc = options_.sendme_inc,
                                              .vegas = options_.vegas,
                                              .build_timeout = options_.build_timeout});
  stats_.legs.push_back({.state = "building"});
  legs_.push_back(std::move(leg));
  entries_.push_back(Entry::kNotYet);
  legs_.back()->build(env_.channels);
}

void Tunnel::handle_leg_built(Leg& leg) {
  env_.log.info("tunnel {}: leg {} is built", ordinal(), leg.ordinal());
  stats_.legs[leg.ordinal() - 1].state = "built";
  join_built();
}

void Tunnel::replace_leg() {
  if (replacements_ >= options_.replacements_max) return;
  std::vector<ChosenPath> others;
  for (const auto& leg : legs_) {
    if (!leg->is_gone()) others.push_back(options_.paths[leg->ordinal() - 1]);
  }
  if (others.empty()) return;
  const auto path = owner_.choose_replacement(others);
  if (!path.ok()) {
    env_.log.notice("tunnel {}: no other path: {}", ordinal(), path.error());
    return;
  }
  ++replacements_;
  options_.paths.push_back(path.value());
  add_leg(path.value());
}

// It was built, so that its guard is none of the suspects; nor is an exit that serves others.
void Tunnel::handle_dropped(const DroppedLeg& dropped) {
  const Leg& leg = *dropped.leg;
  env_.log.notice("tunnel {}: leg {} is dropped: {}", ordinal(), leg.ordinal(), dropped.reason);
  stats_.legs[leg.ordinal() - 1].state = "closed";
  const size_t hops = leg.path().size();
  blame(leg, 1, was_ready_ ? hops - 2 : hops - 1);
  replace_leg();
  join_built();  // what was far may be the nearest now
}

void Tunnel::blame(const Leg& leg, size_t first_hop, size_t last_hop) {
  const auto at = leg.path().begin();
  owner_.note_suspects(std::vector<RelayInfo>(at + static_cast<ptrdiff_t>(first_hop),
                                              at + static_cast<ptrdiff_t>(last_hop) + 1));
}

void Tunnel::blame_behind_guards() {
  for (const auto& leg : legs_) {
    if (!leg->is_gone() && is_joined(*leg)) blame(*leg, 1, leg->path().size() - 1);
  }
}

void Tunnel::handle_leg_lost(Leg& leg, const LegLoss& loss) {
  stats_.legs[leg.ordinal() - 1].state = "closed";
  if (state_ == State::kClosed) return;
  const bool joined = is_joined(leg);
  // An exit that serves others is no suspect: else a relay of a leg that waits, for however long,
  // could turn the client away from it.
  const bool exit_serves = was_ready_ && entries_[leg.ordinal() - 1] == Entry::kWaits;
  const size_t before_exit = leg.path().size() - 2;
  blame(leg, loss.first_suspect,
        exit_serves ? std::min(loss.last_suspect, before_exit) : loss.last_suspect);
  env_.log.notice("tunnel {}: leg {} {}: {}", ordinal(), leg.ordinal(),
                  joined ? "is gone" : "is lost before it was joined", loss.reason);
  if (!joined) {
    replace_leg();
    return close_without_legs("no circuit could be built");
  }
  const std::string reason = "leg " + std::to_string(leg.ordinal()) + " is gone: " + loss.reason;
  switch (paths_->lose_leg(leg, facts(), now())) {
    case LossEffect::kCellsLost:
      return close(reason);
    case LossEffect::kBeginAnew:
      state_ = State::kBuilding;
      replace_leg();
      join_built();
      return close_without_legs(reason);
    case LossEffect::kOthersGoOn:
      replace_leg();
      join_built();
      schedule_turn();
  }
}

void Tunnel::close_without_legs(const std::string& reason) {
  if (std::ranges::all_of(legs_, [](const auto& leg) { return leg->is_gone(); })) close(reason);
}

// A slow leg delays none of the others. The nearest comes first: it decides which are far.
void Tunnel::join_built() {
  if (state_ == State::kClosed || must_hold()) return;
  const bool waited = far_leg_waits();
  std::vector<Leg*> built;
  for (const auto& leg : legs_) {
    if (leg->is_built() && !is_joined(*leg)) built.push_back(leg.get());
  }
  std::ranges::sort(built, {},
                    [](const Leg* leg) { return std::pair(leg->round_trip(), leg->ordinal()); });
  for (Leg* leg : built) {
    if (must_wait(*leg)) {
      let_wait(*leg);
    } else if (!join(*leg)) {
      return;
    }
  }
  if (waited || !far_leg_waits()) return;
  bulk_ = BulkWatch();
  schedule_turn();
}

// While nobody serves, a far leg gives a near one no more time than its LINK takes.
bool Tunnel::must_wait(const Leg& leg) const {
  if (!options_.far_legs.for_bulk || wants_far_legs()) return false;
  if (state_ == State::kBuilding || is_link_overdue()) return false;
  return std::ranges::any_of(legs_, [&](const auto& other) {
    return other->is_built() && is_joined(*other) &&
           options_.far_legs.is_far(leg.round_trip(), other->round_trip());
  });
}

void Tunnel::let_wait(const Leg& leg) {
  Entry& entry = entries_[leg.ordinal() - 1];
  if (entry == Entry::kWaits) return;
  entry = Entry::kWaits;
  stats_.legs[leg.ordinal() - 1].state = "waiting";
  env_.log.info("tunnel {}: leg {} is far and waits until much moves", ordinal(), leg.ordinal());
}

bool Tunnel::is_link_overdue() const { return state_ == State::kJoining && now() >= linked_by_; }

bool Tunnel::far_leg_waits() const {
  return std::ranges::any_of(legs_, [&](const auto& leg) {
    return leg->is_built() && entries_[leg->ordinal() - 1] == Entry::kWaits;
  });
}

// Not while memory is short: a far leg makes more wait.
bool Tunnel::wants_far_legs() const { return bulk_.is_bulk() && !under_pressure_; }

void Tunnel::review_far_legs() {
  if (state_ == State::kClosed || !far_leg_waits()) return;
  if (bulk_.note_all(bytes_up() + bytes_down(), now())) {
    streams_.for_each([](Stream& stream) { stream.begin_burst(); });
  }
  uint64_t longest = 0;
  streams_.for_each([&](const Stream& stream) { longest = std::max(longest, stream.burst()); });
  bulk_.note_longest(longest);
  if (wants_far_legs()) env_.log.info("tunnel {}: much moves, far legs join", ordinal());
  if (wants_far_legs() || is_link_overdue()) join_built();
}

bool Tunnel::join(Leg& leg) {
  entries_[leg.ordinal() - 1] = Entry::kJoined;
  stats_.legs[leg.ordinal() - 1].state = "linking";
  const bool first = state_ == State::kBuilding;
  if (first) {
    state_ = State::kJoining;
    linked_by_ = now() + kLinkRoundTrips * leg.round_trip();
  }
  const Status joined =
      first ? paths_->begin(leg, facts(), now()) : paths_->add(leg, facts(), now());
  schedule_turn();
  if (joined.ok()) return true;
  return handle_unjoined(leg, joined.error());
}

// Whether the tunnel goes on.
bool Tunnel::handle_unjoined(Leg& leg, const std::string& why) {
  if (!was_ready_) {
    close("leg " + std::to_string(leg.ordinal()) + " could not be joined: " + why);
    return false;
  }
  // What moves needs it no more than before.
  env_.log.warn("tunnel {}: leg {} could not be joined: {}", ordinal(), leg.ordinal(), why);
  stats_.legs[leg.ordinal() - 1].state = "closed";
  leg.destroy();
  (void)paths_->lose_leg(leg, facts(), now());
  return true;
}

// Tests look at the network between the last EXTENDED2 and LINK.
bool Tunnel::must_hold() {
  if (options_.hold_link_file.empty()) return false;
  std::error_code ignored;
  if (std::filesystem::exists(options_.hold_link_file, ignored)) return false;
  armed_for_.reset();
  timer_.run_after(kHoldCheck, [this] { join_built(); });
  return true;
}

void Tunnel::handle_leg_violation(Leg& leg, const Violation& violation) {
  env_.log.warn("tunnel {}: leg {}: {}", ordinal(), leg.ordinal(), violation.reason);
  // Attack: a guard or a middle of one leg closes what the others carry, by a cell that the exit
  // never made. It gets no further than with a DESTROY.
  if (violation.culprit == Culprit::kAnyRelay) {
    leg.destroy();
    return handle_leg_lost(leg, {violation.reason, 1, leg.path().size() - 1});
  }
  // The exit is shared by all legs, and so is the fault in a cell that it sealed.
  stats_.legs[leg.ordinal() - 1].state = "closed";
  blame(leg, 1, leg.path().size() - 1);
  close("leg " + std::to_string(leg.ordinal()) + ": " + violation.reason);
}

}  // namespace onion_proxy
