// Tunnel: life from the first circuit to the last.
#include "examples/onion_proxy/proxy/tunnel.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <filesystem>

#include "examples/onion_proxy/base/clock.h"

namespace onion_proxy {
namespace {

constexpr std::chrono::milliseconds kHoldCheck{20};

}  // namespace

Tunnel::Tunnel(const TunnelEnvironment& environment, TunnelOwner& owner, TunnelOptions options,
               std::unique_ptr<PathSet> paths)
    : env_(environment),
      owner_(owner),
      options_(std::move(options)),
      paths_(std::move(paths)),
      liveness_(options_.stall_timeout),
      disused_since_(clock_now()),
      timer_(environment.io) {
  stats_.ordinal = options_.ordinal;
  stats_.open = true;
}

Tunnel::~Tunnel() {
  *self_ = nullptr;
  close("the proxy let go of it");
}

Instant Tunnel::now() const { return clock_now(); }

void Tunnel::build() {
  // The list grows when legs are replaced.
  const std::vector<ChosenPath> paths = options_.paths;
  for (const ChosenPath& path : paths) add_leg(path);
}

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
  joined_.push_back(false);
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
    if (!leg->is_gone()) blame(*leg, 1, leg->path().size() - 1);
  }
}

void Tunnel::handle_leg_lost(Leg& leg, const LegLoss& loss) {
  stats_.legs[leg.ordinal() - 1].state = "closed";
  if (state_ == State::kClosed) return;
  blame(leg, loss.first_suspect, loss.last_suspect);
  const bool joined = joined_[leg.ordinal() - 1];
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
      return close_without_legs(reason);
    case LossEffect::kOthersGoOn:
      replace_leg();
      schedule_turn();
  }
}

void Tunnel::close_without_legs(const std::string& reason) {
  if (std::ranges::all_of(legs_, [](const auto& leg) { return leg->is_gone(); })) close(reason);
}

// A slow leg delays none of the others.
void Tunnel::join_built() {
  if (state_ == State::kClosed || must_hold()) return;
  far_leg_waits_ = false;
  for (const auto& leg : legs_) {
    if (!leg->is_built() || joined_[leg->ordinal() - 1]) continue;
    if (must_wait(*leg)) {
      stats_.legs[leg->ordinal() - 1].state = "waiting";
      far_leg_waits_ = true;
    } else if (!join(*leg)) {
      return;
    }
  }
  if (far_leg_waits_) schedule_turn();
}

// Only once another serves: whether a near leg gets linked is not known before.
bool Tunnel::must_wait(const Leg& leg) const {
  if (!options_.far_legs.for_bulk || state_ != State::kReady || bulk_.is_bulk()) return false;
  return std::ranges::any_of(legs_, [&](const auto& other) {
    return other->is_built() && joined_[other->ordinal() - 1] &&
           options_.far_legs.is_far(leg.round_trip(), other->round_trip());
  });
}

void Tunnel::join_for_bulk() {
  if (!far_leg_waits_) return;
  bulk_.note(moved(), now());
  if (!bulk_.is_bulk()) return;
  env_.log.info("tunnel {}: much moves, far legs are joined", ordinal());
  join_built();
}

BulkWatch::Moved Tunnel::moved() const {
  BulkWatch::Moved out{.all = bytes_up_ + bytes_down_};
  streams_.for_each([&out](const Stream& stream) {
    out.all += stream.bytes_up() + stream.bytes_down();
    out.longest_stream = std::max({out.longest_stream, stream.bytes_up(), stream.bytes_down()});
  });
  return out;
}

bool Tunnel::join(Leg& leg) {
  joined_[leg.ordinal() - 1] = true;
  stats_.legs[leg.ordinal() - 1].state = "linking";
  const bool first = state_ == State::kBuilding;
  if (first) state_ = State::kJoining;
  const Status joined =
      first ? paths_->begin(leg, facts(), now()) : paths_->add(leg, facts(), now());
  if (!joined.ok()) {
    close("leg " + std::to_string(leg.ordinal()) + " could not be joined: " + joined.error());
    return false;
  }
  schedule_turn();
  return true;
}

// Tests look at the network between the last EXTENDED2 and LINK.
bool Tunnel::must_hold() {
  if (options_.hold_link_file.empty()) return false;
  std::error_code ignored;
  if (std::filesystem::exists(options_.hold_link_file, ignored)) return false;
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

void Tunnel::open_stream(SocksArrival arrival) {
  const uint16_t id = streams_.allocate_id();
  if (state_ != State::kReady || id == 0) {
    arrival.socket->write(encode_socks_reply(SocksReply::kGeneralFailure));
    arrival.socket->close_when_written();
    return;
  }
  Stream::Options options = options_.stream;
  options.id = id;
  ever_used_ = true;
  disused_since_.reset();
  StreamHost& host = *this;
  streams_.add(std::make_unique<Stream>(host, std::move(arrival), options)).open();
  schedule_turn();
}

void Tunnel::note_finished(Stream& stream, bool exit_knows) {
  bytes_up_ += stream.bytes_up();
  bytes_down_ += stream.bytes_down();
  owner_.note_stream_ended(stream);
  streams_.remove(stream, exit_knows, now());
  if (streams_.size() == 0) disused_since_ = now();
  schedule_turn();
}

std::optional<Instant> Tunnel::idle_since() const { return disused_since_; }

void Tunnel::close(std::string reason) {
  if (state_ == State::kClosed) return;
  stats();
  state_ = State::kClosed;
  close_reason_ = std::move(reason);
  timer_.cancel();
  closed_for_memory_ = paths_->closed_for_memory();
  paths_->close(now());
  for (const auto& leg : legs_) leg->destroy();
  streams_.for_each([this](Stream& stream) {
    stream.fail();
    bytes_up_ += stream.bytes_up();
    bytes_down_ += stream.bytes_down();
    owner_.note_stream_ended(stream);
    streams_.remove(stream, true, now());
  });
  control_.clear();
  stats_.open = false;
  stats_.close_reason = close_reason_;
  for (LegStats& leg : stats_.legs) leg.state = "closed";
  boost::asio::post(env_.io, [self = self_] {
    if (*self != nullptr) (*self)->owner_.handle_tunnel_closed(**self);
  });
}

uint64_t Tunnel::bytes_up() const {
  uint64_t sum = bytes_up_;
  streams_.for_each([&sum](const Stream& stream) { sum += stream.bytes_up(); });
  return sum;
}

uint64_t Tunnel::bytes_down() const {
  uint64_t sum = bytes_down_;
  streams_.for_each([&sum](const Stream& stream) { sum += stream.bytes_down(); });
  return sum;
}

const TunnelStats& Tunnel::stats() {
  if (state_ == State::kClosed) return stats_;
  for (const auto& leg : legs_) {
    LegStats& own = stats_.legs[leg->ordinal() - 1];
    if (leg->is_gone()) own.state = "closed";
    if (!leg->is_built()) continue;
    const Circuit& circuit = leg->circuit();
    own.cells_in = circuit.data_received();
    own.cells_out = circuit.data_sent();
    own.rtt_us = circuit.congestion().rtt().ewma_us();
    own.cwnd = circuit.congestion().cwnd();
  }
  paths_->add_stats(stats_);
  return stats_;
}

}  // namespace onion_proxy
