#include "plugin/metrics/metrics.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "plugin/metrics/slot.h"

namespace conflux {
namespace {

using region::CloseCause;
using region::Direction;
using region::HandshakeResult;
using region::Metric;
using region::Rank;
using region::ViolationKind;

// Where there are slots to look at, and otherwise only often enough to look alive.
constexpr std::uint64_t kDetailTickUs = 250'000;
constexpr std::uint64_t kPlainTickUs = 1'000'000;
constexpr std::uint64_t kRejectedBin = 8;

template <class E>
constexpr std::size_t at(E value) {
  return static_cast<std::size_t>(value);
}

CloseCause cause_of(Reason reason) noexcept {
  if (is_violation(reason)) return CloseCause::kProtocol;
  if (reason >= Reason::DEPLETED && reason <= Reason::DATA_IN_FLIGHT_LOST) {
    return CloseCause::kLegLost;
  }
  if (reason == Reason::REORDER_LIMIT) return CloseCause::kLimit;
  if (reason == Reason::STALLED) return CloseCause::kStalled;
  if (reason == Reason::SHED) return CloseCause::kShed;
  if (reason == Reason::INTERNAL) return CloseCause::kBug;
  return reason == Reason::SEND_FAILED ? CloseCause::kLegLost : CloseCause::kDone;
}

ViolationKind kind_of(Reason reason) noexcept {
  if (reason >= Reason::LINKED_UNEXPECTED && reason <= Reason::LINKED_ACK_TO_CLIENT) {
    return ViolationKind::kHandshake;
  }
  if ((reason >= Reason::SWITCH_UNLINKED && reason <= Reason::SWITCH_MALFORMED) ||
      reason == Reason::SWITCH_FLOOD) {
    return ViolationKind::kSwitch;
  }
  return reason >= Reason::SEQUENCE_REPEATED && reason <= Reason::CELL_BEFORE_LINKED
             ? ViolationKind::kSequence
             : ViolationKind::kOther;
}

// Of a slot and its generation, which a reader sees anyway; the key makes it say nothing in
// another region. (The finaliser of splitmix64.)
std::uint32_t display_id_of(std::span<const std::uint8_t, 16> key, const TunnelPlace& place) {
  std::array<std::uint64_t, 2> keys{};
  std::memcpy(keys.data(), key.data(), sizeof(keys));
  std::uint64_t value = keys[0] ^ (std::uint64_t{place.generation} << 32U | place.index);
  value = (value ^ value >> 30U) * 0xBF58476D1CE4E5B9ULL;
  value = (value ^ value >> 27U) * 0x94D049BB133111EBULL ^ keys[1];
  return static_cast<std::uint32_t>(value ^ value >> 31U);
}

}  // namespace

// The best leg's share grows by no more than the tunnel's, whichever leg that is.
TunnelTally tally_of(const Tunnel& tunnel, const TunnelTally& before) noexcept {
  TunnelTally now{.sent_best = before.sent_best,
                  .received_best = before.received_best,
                  .switches_sent = tunnel.sender().switches(),
                  .switches_received = tunnel.receiver().switches()};
  for (const Leg& leg : tunnel.legs()) {
    now.sent_best = std::max(now.sent_best, leg.sequence().carried_out().raw());
    now.received_best = std::max(now.received_best, leg.sequence().carried_in().raw());
    now.linked_legs += leg.is_linked() ? 1 : 0;
  }
  now.sent_others = tunnel.sender().sent().raw() - now.sent_best;
  now.received_others = tunnel.receiver().received().raw() - now.received_best;
  return now;
}

std::unique_ptr<Metrics> Metrics::open(const config::ConfluxSettings& settings,
                                       std::string& problem) {
  const config::MetricsSettings& wanted = settings.metrics;
  if (wanted.mode == config::MetricsMode::kOff) return nullptr;
  region::Word flags = 0;
  if (wanted.unsafe_fine_grained) flags |= region::kFlagFineGrained;
#ifndef NDEBUG
  flags |= region::kFlagDebugBuild;
#endif
  region::WriterResult result = region::Writer::create(
      {.directory = wanted.directory,
       .instance = wanted.instance,
       .slots = wanted.detail == config::MetricsDetail::kLocal ? wanted.slots : 0,
       .allow_disk = wanted.allow_disk,
       .flags = flags});
  problem = std::move(result.problem);
  return std::make_unique<Metrics>(wanted, std::move(result.writer));
}

Metrics::Metrics(const config::MetricsSettings& settings, std::unique_ptr<region::Writer> writer)
    : writer_(std::move(writer)),
      tick_us_(settings.unsafe_fine_grained || settings.detail == config::MetricsDetail::kLocal
                   ? kDetailTickUs
                   : kPlainTickUs),
      interval_us_(settings.unsafe_fine_grained
                       ? kDetailTickUs
                       : static_cast<std::uint64_t>(settings.interval.count()) * 1000),
      totals_(settings.unsafe_fine_grained),
      rejected_bin_(settings.unsafe_fine_grained ? 1 : kRejectedBin) {
  totals_.set(Metric::kReloadOk, 0, 1);
}

std::uint64_t Metrics::tick(std::uint64_t now_us, const InstanceGauges& gauges) noexcept {
  const std::lock_guard lock(tell_mutex_);
  // A clock that steps back must not silence the heartbeat until it has caught up.
  if (now_us < next_tick_us_ && next_tick_us_ - now_us <= tick_us_) return next_tick_us_;
  next_tick_us_ = next_tick_after(now_us);
  epoch_.store(epoch_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  if (writer_ != nullptr) writer_->beat();
  // Aligned to the interval, not to when anything happened. Privacy: rule 5.
  const std::uint64_t interval = now_us / interval_us_;
  if (interval == interval_told_) return next_tick_us_;
  interval_told_ = interval;
  totals_.set(Metric::kTunnels, 0, gauges.tunnels);
  totals_.set(Metric::kReorderBytes, 0, gauges.held_bytes);
  totals_.set(Metric::kReorderLimitBytes, 0, gauges.held_limit);
  totals_.set(Metric::kClockStepsBack, 0, gauges.clock_steps_back);
  const std::span<const std::uint64_t> told = totals_.tell();
  if (writer_ == nullptr) return next_tick_us_;
  writer_->publish_aggregates(told);
  // Rounded up: none means none. Privacy: rule 5, as each is a tunnel that began just now.
  const std::uint64_t rejected = rejected_.load(std::memory_order_relaxed) + rejected_bin_ - 1;
  writer_->tell_rejected(rejected / rejected_bin_ * rejected_bin_);
  return next_tick_us_;
}

std::size_t Metrics::snapshot(std::span<std::uint64_t> out) noexcept {
  const std::lock_guard lock(tell_mutex_);
  const std::span<const std::uint64_t> told = totals_.told();
  std::ranges::copy(told.first(std::min(told.size(), out.size())), out.begin());
  return told.size();
}

void Metrics::settle(const Tunnel& tunnel, TunnelAccount& account) noexcept {
  if (!std::exchange(account.created, true)) totals_.add(Metric::kTunnelsCreated, 0, 1);
  const TunnelTally now = tally_of(tunnel, account.told);
  const TunnelTally& told = account.told;
  const auto move_on = [&](Metric metric, std::size_t value, std::uint64_t from, std::uint64_t to) {
    if (to != from) totals_.add(metric, value, to - from);
  };
  move_on(Metric::kCellsSent, at(Rank::kBest), told.sent_best, now.sent_best);
  move_on(Metric::kCellsSent, at(Rank::kOther), told.sent_others, now.sent_others);
  move_on(Metric::kCellsReceived, at(Rank::kBest), told.received_best, now.received_best);
  move_on(Metric::kCellsReceived, at(Rank::kOther), told.received_others, now.received_others);
  move_on(Metric::kSwitches, at(Direction::kSent), told.switches_sent, now.switches_sent);
  move_on(Metric::kSwitches, at(Direction::kReceived), told.switches_received,
          now.switches_received);
  move_on(Metric::kLegs, 0, told.linked_legs, now.linked_legs);
  account.told = now;
}

void Metrics::publish(const TunnelPlace& place, const Tunnel& tunnel, const LegViews& views,
                      TunnelAccount& account) noexcept {
  const bool is_first = account.epoch == 0;
  account.epoch = epoch();
  if (is_first) {
    account.first_seen_us = static_cast<std::uint64_t>(tunnel.now().time_since_epoch().count());
  }
  settle(tunnel, account);
  if (writer_ == nullptr || writer_->slots() == 0) return;
  if (place.index >= writer_->slots()) {
    if (is_first) rejected_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  if (is_first) account.display_id = display_id_of(writer_->key(), place);
  writer_->publish_slot(place.index, describe_tunnel(tunnel, views, account));
}

void Metrics::observe(const Event& event) noexcept {
  if (event.kind == EventKind::kPressure) {
    if (event.detail == MPATH_WATER_HIGH) totals_.add(Metric::kReorderPressure, 0, 1);
  } else if (event.kind == EventKind::kLinkResult) {
    const HandshakeResult result = event.reason == Reason::NONE ? HandshakeResult::kLinked
                                   : event.reason == Reason::HANDSHAKE_TIMEOUT
                                       ? HandshakeResult::kTimeout
                                       : HandshakeResult::kLost;
    totals_.add(Metric::kHandshakes, at(result), 1);
    if (result == HandshakeResult::kLinked && event.value > 0) {
      totals_.observe(Metric::kHandshakeRtt, event.value);
    }
  }
}

void Metrics::retire(const TunnelPlace& place, const Tunnel& tunnel, bool poisoned,
                     TunnelAccount& account) noexcept {
  // Nobody may trust the numbers of a tunnel that is out of order.
  if (!poisoned) settle(tunnel, account);
  totals_.add(Metric::kLegs, 0, 0 - account.told.linked_legs);
  if (tunnel.receiver().received() > Cells{0}) {
    totals_.observe(Metric::kReorderPeak, tunnel.receiver().queue().peak_bytes().raw());
  }
  count_closed(tunnel.close_reason(), poisoned);
  if (writer_ != nullptr && place.index < writer_->slots()) writer_->clear_slot(place.index);
}

void Metrics::count_closed(Reason reason, bool poisoned) noexcept {
  const CloseCause cause = poisoned ? CloseCause::kBug : cause_of(reason);
  totals_.add(Metric::kTunnelsClosed, at(cause), 1);
  if (cause == CloseCause::kBug) totals_.add(Metric::kInternalErrors, 0, 1);
  if (cause != CloseCause::kProtocol) return;
  totals_.add(Metric::kViolations, at(kind_of(reason)), 1);
  totals_.set(Metric::kViolationSeen, at(kind_of(reason)), 1);
}

void Metrics::count_reload(bool accepted) noexcept {
  totals_.set(Metric::kReloadOk, 0, accepted ? 1 : 0);
  if (!accepted) totals_.add(Metric::kReloadsFailed, 0, 1);
}

}  // namespace conflux
