#include "examples/scheduler_lab/host/plugin_tunnel.h"

#include <mpath/reasons.h>

#include <algorithm>
#include <array>

#include "examples/scheduler_lab/host/receiver.h"

namespace scheduler_lab {
namespace {

constexpr std::uint8_t kJoinHop = 2;
constexpr std::uint32_t kCwndInit = 124;
// Plugins may count time 0 as "never"; a host's clock is not 0 when it starts.
constexpr Time kEpoch = 1000 * kSecond;

std::uint32_t clamp32(std::uint64_t value) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(value, UINT32_MAX));
}

// Relays are numbers that mean nothing; the exit's is the same for all legs.
std::array<mpath_hop, 3> hops_of(std::size_t leg) {
  return {{{2 * leg + 2, MPATH_HOP_RELAY, MPATH_CC_FIXED_WINDOW},
           {2 * leg + 3, MPATH_HOP_RELAY, MPATH_CC_FIXED_WINDOW},
           {1, MPATH_HOP_RELAY, MPATH_CC_VEGAS}}};
}

}  // namespace

PluginTunnel::PluginTunnel(mpath::Instance& instance, const TunnelFacts& facts, SendControl send,
                           Random& random)
    : instance_(instance), send_(std::move(send)) {
  std::array<std::uint8_t, MPATH_SEED_LEN> seed;
  for (std::uint8_t& byte : seed) byte = static_cast<std::uint8_t>(random.next());
  std::vector<std::array<mpath_hop, 3>> hops;
  for (std::size_t i = 0; i < facts.legs.size(); ++i) hops.push_back(hops_of(i));
  std::vector<mpath_leg_params> params;
  for (std::size_t i = 0; i < hops.size(); ++i) {
    const mpath::LegParams leg{
        .path = {.hops = hops[i], .cwnd_init = kCwndInit, .sendme_inc = kSendmeInc}, .cookie = i};
    params.push_back(leg.raw());
  }
  ids_.resize(params.size());
  mpath::TunnelParams first;
  first.first_leg.path = {.hops = hops[0], .cwnd_init = kCwndInit, .sendme_inc = kSendmeInc};
  first.seed = seed;
  check(mpath::Tunnel::create(instance_, first, {}, &tunnel_, ids_.data()), "tunnel_create");
  const std::span<const mpath_leg_params> more(params.data() + 1, params.size() - 1);
  std::vector<mpath_leg_id> joined(more.size());
  const TunnelFacts one{.legs = facts.legs.first(1), .backlog = facts.backlog};
  check(tunnel_.add_legs(more, views(one), joined), "legs_add");
  std::ranges::copy(joined, ids_.begin() + 1);
}

mpath::Views PluginTunnel::views(const TunnelFacts& facts) {
  views_.clear();
  for (std::size_t i = 0; i < facts.legs.size(); ++i) {
    if (ids_[i] == 0) continue;
    const LegFacts& leg = facts.legs[i];
    mpath_leg_view& view = views_.emplace_back();
    view = {};
    view.leg = ids_[i];
    if (leg.slow_start) view.flags |= MPATH_VIEW_SLOW_START;
    if (leg.channel_blocked || leg.gone) view.flags |= MPATH_VIEW_CHANNEL_BLOCKED;
    if (leg.gone) view.flags |= MPATH_VIEW_INPUT_CLOSED;
    view.cwnd = clamp32(leg.cwnd);
    view.inflight = clamp32(leg.inflight);
    view.ewma_rtt_us = clamp32(leg.ewma_rtt_us);
    view.last_rtt_us = clamp32(leg.last_rtt_us);
    view.channel_queue = clamp32(leg.channel_queue);
    view.data_sent = leg.data_sent;
    view.data_acked = leg.data_acked;
    view.half_stream_expiry_us = MPATH_NEVER;
    view.disused_since_us = MPATH_NEVER;
  }
  return {.legs = views_, .backlog = facts.backlog};
}

std::size_t PluginTunnel::index_of(mpath_leg_id leg) const {
  return static_cast<std::size_t>(std::ranges::find(ids_, leg) - ids_.begin());
}

void PluginTunnel::check(mpath::Status status, const char* what) const {
  if (!mpath::is_error(status) || status == mpath::Status::kErrorClosed) return;
  std::string words = std::string(what) + ": " + instance_.plugin().text(status);
  mpath_detail detail;
  if (tunnel_ && tunnel_.detail(&detail) == mpath::Status::kOk && detail.reason != 0) {
    words += std::string(": ") + instance_.plugin().text(mpath::reason_of(detail));
  }
  throw Broken(words);
}

void PluginTunnel::link(Time now) { check(tunnel_.link(kEpoch + now), "link"); }

PluginTunnel::Grant PluginTunnel::route(std::size_t want, const TunnelFacts& facts, Time now) {
  mpath_grant grant;
  const mpath::Status status =
      tunnel_.route({.command = command::kData, .hop = kJoinHop, .want = clamp32(want)},
                    views(facts), kEpoch + now, &grant);
  check(status, "route");
  if (status != mpath::Status::kOk) return {};
  const std::size_t leg = index_of(grant.leg);
  if (grant.has_first != 0) send_(leg, grant.first);
  return {.leg = leg, .cells = grant.granted};
}

void PluginTunnel::receive(std::size_t leg, const mpath_control_cell& cell, Time now) {
  mpath_receipt receipt;
  check(tunnel_.receive({.command = cell.command,
                         .hop = kJoinHop,
                         .leg = ids_[leg],
                         .body = mpath::body_of(cell)},
                        kEpoch + now, &receipt),
        "receive");
}

void PluginTunnel::lose(std::size_t leg, const TunnelFacts& facts, Time now) {
  check(tunnel_.remove_leg(ids_[leg], mpath::Reason::kCircuitDestroyed, views(facts), kEpoch + now),
        "leg_remove");
}

void PluginTunnel::handle(const mpath_event& event, const TunnelFacts& facts, Time now,
                          News& news) {
  switch (mpath::kind_of(event)) {
    case mpath::EventKind::kSendCell:
      return send_(index_of(event.leg), event.cell);
    case mpath::EventKind::kReady:
      ready_ = true;
      return;
    case mpath::EventKind::kClosed:
      news.closed = true;
      news.reason = instance_.plugin().text(mpath::reason_of(event));
      return;
    case mpath::EventKind::kRemoveLeg:
      return check(
          tunnel_.remove_leg(event.leg, mpath::reason_of(event), views(facts), kEpoch + now),
          "leg_remove");
    case mpath::EventKind::kLegGone:
      if (const std::size_t at = index_of(event.leg); at < ids_.size()) ids_[at] = 0;
      return;
    // Cells are handled as they arrive, and streams are read whenever there is room.
    case mpath::EventKind::kCollectHalfStreams:
    case mpath::EventKind::kPadding:
    case mpath::EventKind::kHandleCell:
    case mpath::EventKind::kReadStreams:
    case mpath::EventKind::kLinkResult:
    case mpath::EventKind::kPressure:
      return;
  }
}

PluginTunnel::News PluginTunnel::poll(const TunnelFacts& facts, Time now) {
  News news;
  for (bool again = true; again;) {
    check(tunnel_.poll(views(facts), kEpoch + now, &events_), "poll");
    again = false;
    for (const mpath_event& event : events_) {
      again = again || mpath::kind_of(event) == mpath::EventKind::kRemoveLeg;
      handle(event, facts, now, news);
    }
  }
  if (events_.next_deadline_us != MPATH_NEVER) {
    news.next_deadline = events_.next_deadline_us > kEpoch ? events_.next_deadline_us - kEpoch : 0;
  }
  return news;
}

std::uint64_t PluginTunnel::switches() const {
  mpath_tunnel_info info;
  return tunnel_.info(&info) == mpath::Status::kOk ? info.switches_sent : 0;
}

}  // namespace scheduler_lab
