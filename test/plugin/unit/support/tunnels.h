// A tunnel, its host's views and an exit that answers.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "plugin/codec/link_message.h"
#include "plugin/codec/switch_message.h"
#include "plugin/core/tunnel.h"
#include "test/plugin/unit/support/legs.h"

namespace conflux::test {

inline Nonce test_nonce() {
  std::array<std::uint8_t, Nonce::kSize> bytes;
  bytes.fill(0x5A);
  return Nonce(bytes);
}

class TunnelRig {
 public:
  static constexpr CellKey kDataKey =
      make_cell_key(static_cast<std::uint8_t>(RelayCommand::kData), kJoinHop.raw());

  explicit TunnelRig(const TunnelConfig& config = {},
                     const JoinRequest& first = {.path = three_hops(), .cookie = Cookie{1001}})
      : tunnel(TunnelIdentity{TunnelOrdinal{1}, Cookie{9}}, config, test_nonce(), first) {}

  // One view for each leg, as the windows say.
  LegViews views() {
    views_.assign(tunnel.legs().size(), LegView{});
    for (std::size_t i = 0; i < views_.size(); ++i) {
      views_[i].leg = tunnel.legs()[i].id().raw();
      views_[i].cwnd = window;
      views_[i].inflight = inflight;
      views_[i].data_sent = data_sent;
      if (const auto known = totals.find(tunnel.legs()[i].id()); known != totals.end()) {
        views_[i].inflight = static_cast<std::uint32_t>(known->second.sent - known->second.acked);
        views_[i].data_sent = known->second.sent;
        views_[i].data_acked = known->second.acked;
        views_[i].ewma_rtt_us = known->second.rtt_us;
      }
      views_[i].flags = flags;
      views_[i].half_stream_expiry_us = MPATH_NEVER;
      views_[i].disused_since_us = MPATH_NEVER;
    }
    return LegViews(views_.data(), views_.size(), sizeof(LegView), Cells{backlog});
  }
  Outcome join(std::size_t count) {
    const std::vector<JoinRequest> requests(count, JoinRequest{.path = three_hops()});
    std::vector<LegId> ids(count);
    return tunnel.add_legs(requests, views(), ids);
  }
  std::vector<Event> poll() {
    std::vector<Event> storage(MPATH_EVENTS_MAX);
    EventSink sink(storage);
    EXPECT_EQ(tunnel.poll(views(), now, sink), Outcome::kOk);
    storage.resize(sink.count());
    return storage;
  }
  // Joins legs to be `count`, links them all and drains the LINKED_ACKs.
  void link_all(std::size_t count) {
    ASSERT_EQ(join(count - 1), Outcome::kOk);
    ASSERT_EQ(tunnel.link(now), Outcome::kOk);
    poll();
    for (std::size_t i = 0; i < count; ++i) {
      now += 10ms;
      ASSERT_EQ(linked(leg(i)), Outcome::kConsumed);
    }
    poll();
  }
  [[nodiscard]] LegId leg(std::size_t index) const { return tunnel.legs()[index].id(); }

  Outcome linked(LegId from) {
    const auto body = encode({.nonce = test_nonce(),
                              .last_seq_sent = SeqNo{0},
                              .last_seq_received = SeqNo{0},
                              .desired_ux = 1});
    return receive(from, RelayCommand::kConfluxLinked, body);
  }
  Outcome switched(LegId from, std::uint32_t delta) {
    return receive(from, RelayCommand::kConfluxSwitch, encode_switch(SeqDelta{delta}));
  }
  Outcome data(LegId from, std::uint32_t cost = 1) {
    return receive(from, RelayCommand::kData, {}, cost);
  }
  Outcome receive(LegId from, RelayCommand command, std::span<const std::uint8_t> body,
                  std::uint32_t cost = 1) {
    violation = Reason::NONE;
    return tunnel.handle_cell({.leg = from,
                               .command = static_cast<std::uint8_t>(command),
                               .hop = kJoinHop,
                               .body = body,
                               .token = Token{++tokens},
                               .cost = cost},
                              now, violation);
  }
  Outcome route(CommandClass command = CommandClass::kData, std::uint64_t want = 1) {
    grant = {};
    return tunnel.route({.command = command, .hop = kJoinHop, .leg = {}, .want = Cells{want}},
                        views(), now, grant);
  }

  // DATA as the shim handles it: the short way if that is open.
  Outcome route_shortly(std::uint64_t want) {
    grant = {};
    const Leg* leg = tunnel.route_again(kDataKey, Cells{want}, views(), now, grant.granted);
    if (leg == nullptr) return route(CommandClass::kData, want);
    ++shortcuts;
    grant.leg = leg->id();
    grant.cookie = leg->cookie();
    return Outcome::kOk;
  }
  Outcome data_shortly(LegId from, std::uint32_t cost) {
    if (tunnel.deliver_in_turn(kDataKey, from, now)) {
      ++tokens;
      ++turns;
      return Outcome::kOk;
    }
    Leg* leg = tunnel.find_counting(kDataKey, from, now);
    if (leg == nullptr) return data(from, cost);
    const bool delivered = tunnel.deliver_plainly(*leg);
    if (!delivered && !tunnel.hold_plainly(*leg, from, Token{tokens + 1}, cost)) {
      return data(from, cost);
    }
    ++tokens;
    ++shortcuts;
    return delivered ? Outcome::kOk : Outcome::kHeld;
  }

  // A DATA cell, while congestion control has measured these round trips.
  Outcome route_with_rtt(std::initializer_list<std::uint32_t> rtts_us) {
    const LegViews legs = views();
    std::size_t i = 0;
    for (const std::uint32_t rtt_us : rtts_us) views_[i++].ewma_rtt_us = rtt_us;
    grant = {};
    return tunnel.route(
        {.command = CommandClass::kData, .hop = kJoinHop, .leg = {}, .want = Cells{1}}, legs, now,
        grant);
  }

  // What congestion control knows of a leg.
  struct Totals {
    std::uint64_t sent = 0;
    std::uint64_t acked = 0;
    std::uint32_t rtt_us = 0;
  };

  Tunnel tunnel;
  Instant now = at(1s);
  std::map<LegId, Totals> totals;  // of other legs, what stands below holds
  std::uint32_t window = 1000;
  std::uint32_t inflight = 0;
  std::uint64_t data_sent = 0;
  std::uint32_t flags = 0;
  std::uint32_t backlog = 0;
  std::uint64_t tokens = 0;
  std::uint64_t shortcuts = 0;  // cells that went the short way
  std::uint64_t turns = 0;      // and cells of the leg in turn
  Reason violation = Reason::NONE;
  RouteGrant grant;

 private:
  std::vector<LegView> views_;
};

// How many events of a kind there are.
inline std::size_t count(const std::vector<Event>& events, EventKind kind) {
  return static_cast<std::size_t>(std::ranges::count(events, kind, &Event::kind));
}

}  // namespace conflux::test
