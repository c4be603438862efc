#include "host_api/conformance/scene.h"

#include <algorithm>

namespace mpath::kit {
namespace {

constexpr std::size_t kCircuits = 16;

// Relay tags that cannot be mistaken for a small number in a log.
constexpr std::uint64_t kRelay = 0x5EC2E7AB00000000;
constexpr std::uint64_t kLastRelay = kRelay + 0xFFFF;

struct Hops {
  mpath_hop of[kCircuits][3];
};

constexpr Hops make_hops() {
  Hops hops{};
  for (std::uint64_t i = 0; i < kCircuits; ++i) {
    hops.of[i][0] = {kRelay + 2 * i, MPATH_HOP_RELAY, MPATH_CC_FIXED_WINDOW};
    hops.of[i][1] = {kRelay + 2 * i + 1, MPATH_HOP_RELAY, MPATH_CC_FIXED_WINDOW};
    hops.of[i][2] = {kLastRelay, MPATH_HOP_RELAY, MPATH_CC_VEGAS};
  }
  return hops;
}

constexpr Hops kHops = make_hops();

void open_with(Driver& driver, const std::string& text) {
  const mpath_status status = driver.instance_open(&text, driver.instance);
  driver.check.expect(status == MPATH_OK && driver.instance != nullptr, "MPATH-P-33",
                      "instance_open with {} answered {}",
                      text.empty() ? "an empty text" : driver.check.settings().config_file, status);
}

}  // namespace

mpath_leg_params make_circuit(std::size_t number) {
  mpath_leg_params params{};
  params.cookie = 0xC00C1E5EC2E70000 + number;
  params.path = {kHops.of[number % kCircuits], 3, sizeof(mpath_hop), kWindow, kIncrement};
  return params;
}

void open_instance(Driver& driver) { open_with(driver, driver.configuration()); }

void open_defaults(Driver& driver) { open_with(driver, {}); }

void Stage::need_peer() const {
  if (!speaks_prop329(driver.table)) {
    driver.check.skip(
        "the plugin's signalling is not that of prop329, which the kit's peer speaks");
  }
}

std::uint64_t Scene::token_of(std::uint64_t number) noexcept { return 0x70CE5EC2E7000000 + number; }

Scene::Scene(Driver& driver, const SceneOptions& options)
    : driver_(driver), peer_(driver.check), owns_instance_(driver.instance == nullptr) {
  if (owns_instance_) open_instance(driver_);
  for (std::size_t i = 0; i < seed_.size(); ++i) {
    seed_[i] = static_cast<std::uint8_t>(options.seed + 37 * i);
  }
  Leg first;
  TunnelParams params;
  params.first = make_circuit(0);
  if (options.founds_set) params.first.flags = MPATH_LEG_FOUNDS_SET;
  params.seed = options.seeded ? seed_.data() : nullptr;
  params.cookie = 0xC00C1E00F0000001;
  const mpath_status status = driver_.tunnel_create(params, tunnel, first.id);
  check().expect(status == MPATH_OK, "MPATH-P-12", "tunnel_create answered {}", status);
  check().expect(tunnel != 0 && first.id != 0, "MPATH-P-10", "tunnel_create minted an id of zero");
  legs_.push_back(first);
  if (!options.joined) return;
  if (!options.founds_set || options.legs > 1) join(options.legs - 1);
  if (options.linked) shake_hands();
}

void Scene::finish() {
  const mpath_status closed = driver_.tunnel_close(tunnel, now_us);
  check().expect(closed == MPATH_OK, "MPATH-P-12", "tunnel_close answered {}", closed);
  closing_ = true;
  (void)poll();
  (void)drain();
  check().expect(held_.empty(), "MPATH-P-13", "{} held tokens never came back", held_.size());
  check().expect(closed_told_, lost_events(), "CLOSED was never told");
  for (const Leg& leg : legs_) {
    check().expect(leg.told_gone, lost_events(), "LEG_GONE was never told for leg {}",
                   leg.circuit + 1);
  }
  const mpath_status destroyed = driver_.tunnel_destroy(tunnel);
  check().expect(destroyed == MPATH_OK, "MPATH-P-14",
                 "tunnel_destroy of a tunnel that is closed and drained answered {}", destroyed);
  if (!owns_instance_) return;
  const mpath_status status = driver_.instance_close(driver_.instance);
  check().expect(status == MPATH_OK, "MPATH-P-12", "instance_close answered {}", status);
  driver_.instance = nullptr;
}

std::optional<std::size_t> Scene::number_of(mpath_leg_id id) const {
  const auto at = std::ranges::find(legs_, id, &Leg::id);
  if (at == legs_.end()) return std::nullopt;
  return static_cast<std::size_t>(at - legs_.begin());
}

Views Scene::views() const {
  Views views{.items = {}, .backlog = backlog};
  for (const Leg& leg : legs_) {
    if (leg.gone) continue;
    mpath_leg_view view = leg.view;
    view.leg = leg.id;
    if (view.cwnd == 0) view.cwnd = kWindow;
    if (view.ewma_rtt_us == 0) view.ewma_rtt_us = view.last_rtt_us = kRoundTrip;
    if (view.half_stream_expiry_us == 0) view.half_stream_expiry_us = MPATH_NEVER;
    if (view.disused_since_us == 0) view.disused_since_us = MPATH_NEVER;
    views.items.push_back(view);
  }
  return views;
}

mpath_tunnel_info Scene::info() {
  mpath_tunnel_info info{};
  const mpath_status status = driver_.tunnel_info(tunnel, info);
  check().expect(status == MPATH_OK, "MPATH-P-12", "tunnel_info answered {}", status);
  return info;
}

mpath_leg_info Scene::leg_info(std::size_t number) {
  mpath_leg_info info{};
  const mpath_status status = driver_.leg_info(tunnel, leg(number).id, info);
  check().expect(status == MPATH_OK, "MPATH-P-12", "leg_info answered {}", status);
  return info;
}

void Scene::join(std::size_t count) {
  std::vector<mpath_leg_params> circuits;
  for (std::size_t i = 0; i < count; ++i) circuits.push_back(make_circuit(legs_.size() + i));
  std::vector<mpath_leg_id> ids;
  const mpath_status status = driver_.legs_add(tunnel, circuits, views(), ids);
  check().expect(status == MPATH_OK, "MPATH-P-19", "legs_add of {} good circuits answered {}",
                 count, status);
  for (const mpath_leg_id id : ids) {
    check().expect(id != 0 && !number_of(id), "MPATH-P-10",
                   "legs_add minted an id that is zero or was there before");
    Leg leg;
    leg.id = id;
    leg.circuit = legs_.size();
    legs_.push_back(leg);
  }
}

void Scene::link() {
  const mpath_status status = driver_.link(tunnel, now_us);
  check().expect(status == MPATH_OK, "MPATH-P-12", "link answered {}", status);
}

mpath_status Scene::answer(std::size_t number) {
  Leg& at = leg(number);
  check().expect(at.linked.has_value(), "MPATH-P-15", "no LINK was told for leg {}", number + 1);
  const Body body = *std::exchange(at.linked, std::nullopt);
  return receive(number, kLinked, body);
}

void Scene::shake_hands() {
  link();
  (void)poll();
  now_us += kRoundTrip;
  for (std::size_t i = 0; i < legs_.size(); ++i) {
    const mpath_status status = answer(i);
    check().expect(status == MPATH_CONSUMED, "MPATH-P-37", "an honest LINKED was answered with {}",
                   status);
  }
  (void)poll();
  check().expect(ready_told_, "MPATH-P-15", "READY was not told when all legs were linked");
  for (const Leg& leg : legs_) {
    check().expect(peer_.is_acknowledged(leg.id), "MPATH-P-15", "no LINKED_ACK was told for leg {}",
                   leg.circuit + 1);
  }
}

std::vector<mpath_event> Scene::poll() {
  Polled polled;
  const mpath_status status = poll_with_room(MPATH_EVENTS_MAX, polled);
  check().expect(status == MPATH_OK, "MPATH-P-12", "poll answered {}", status);
  return polled.events;
}

mpath_status Scene::poll_with_room(std::uint32_t capacity, Polled& out) {
  const mpath_status status = driver_.poll(tunnel, views(), now_us, capacity, out);
  if (status == MPATH_E_BUFFER) had_short_buffer_ = true;
  bool levels_began = false;
  for (const mpath_event& event : out.events) {
    const bool is_level = event.kind < MPATH_EVENT_SEND_CELL;
    check().expect(is_level || !levels_began, "MPATH-P-15",
                   "an event of one shot ({}) was told behind a level-triggered one", event.kind);
    levels_began = is_level;
    note_event(event);
  }
  return status;
}

void Scene::note_event(const mpath_event& event) {
  switch (event.kind) {
    case MPATH_EVENT_READY:
      check().expect(!ready_told_, "MPATH-P-15", "READY was told twice");
      ready_told_ = true;
      return;
    case MPATH_EVENT_CLOSED:
      check().expect(!closed_told_, "MPATH-P-15", "CLOSED was told twice");
      closed_told_ = closed_ = true;
      return;
    case MPATH_EVENT_PRESSURE:
      return;
    default:
      note_leg_event(event);
  }
}

void Scene::note_leg_event(const mpath_event& event) {
  const std::optional<std::size_t> number = number_of(event.leg);
  if (!number) {
    // A kind that we do not know may name no leg.
    check().expect(event.kind > MPATH_EVENT_CLOSED, "MPATH-P-15",
                   "event {} names a leg that never was", event.kind);
    return;
  }
  Leg& at = leg(*number);
  check().expect(!at.told_gone, "MPATH-P-15", "event {} names leg {} after its LEG_GONE",
                 event.kind, *number + 1);
  check().expect(event.leg_cookie == make_circuit(at.circuit).cookie, "MPATH-P-15",
                 "event {} of leg {} carries the cookie of another", event.kind, *number + 1);
  if (event.kind == MPATH_EVENT_SEND_CELL) {
    auto answer = peer_.handle_control(event.leg, event.cell);
    if (answer) at.linked = std::move(answer);
  } else if (event.kind == MPATH_EVENT_LINK_RESULT) {
    check().expect(!at.told_result, "MPATH-P-15", "LINK_RESULT was told twice for leg {}",
                   *number + 1);
    at.told_result = true;
  } else if (event.kind == MPATH_EVENT_LEG_GONE) {
    at.told_gone = at.gone = true;
  }
}

std::vector<mpath_token> Scene::drain() {
  constexpr std::uint32_t kRoom = 3;
  std::vector<mpath_token> all;
  Drained drained{.tokens = {}, .left = true};
  while (drained.left) {
    const mpath_status status = driver_.drain(tunnel, kRoom, drained);
    check().expect(status == MPATH_OK, "MPATH-P-12", "drain answered {}", status);
    check().expect(!drained.left || !drained.tokens.empty(), "MPATH-P-13",
                   "drain says that something is left and returns nothing");
    for (const mpath_token& token : drained.tokens) take(token);
    all.insert(all.end(), drained.tokens.begin(), drained.tokens.end());
  }
  const bool is_behind = !closing_ && !closed_ && held_.contains(delivered_ + 1);
  check().expect(!is_behind, "MPATH-P-13", "cell {} is in order, but drain left it behind",
                 delivered_ + 1);
  return all;
}

void Scene::take(const mpath_token& token) {
  const std::uint64_t number = token.token - token_of(0);
  check().expect(held_.contains(number), "MPATH-P-13",
                 "the token of cell {} came back, which is not held (any more)", number);
  if (token.verdict == MPATH_DELIVER) {
    check().expect(number == delivered_ + 1, "MPATH-P-13",
                   "the token of cell {} was delivered behind that of cell {}", number, delivered_);
    delivered_ = number;
  } else {
    check().expect(token.verdict == MPATH_DISCARD && (closing_ || closed_), "MPATH-P-13",
                   "the token of cell {} came back with verdict {} from a tunnel that is open",
                   number, token.verdict);
  }
  held_.erase(number);
}

mpath_status Scene::route(std::uint32_t want, mpath_grant& grant, std::uint8_t command) {
  const mpath_route_request request{0, command, kJoinHop, 0, 0, want, 0};
  grant = {};
  const std::uint64_t sent = info().cells_sent;
  const mpath_status status = driver_.route(tunnel, request, views(), now_us, grant);
  if (status == MPATH_BLOCKED) {
    check().expect(info().cells_sent == sent, "MPATH-P-11",
                   "route answered BLOCKED and committed cells all the same");
  }
  if (status == MPATH_OK) {
    check().expect(grant.granted >= 1 && grant.granted <= want, "MPATH-P-18",
                   "route granted {} of {} cells", grant.granted, want);
    peer_.handle_grant(grant);
    const std::optional<std::size_t> number = number_of(grant.leg);
    if (number && command == kData) leg(*number).view.inflight += grant.granted;
  }
  return status;
}

mpath_status Scene::remove(std::size_t number, std::uint32_t reason) {
  const mpath_status status =
      driver_.leg_remove(tunnel, {.leg = leg(number).id, .reason = reason}, views(), now_us);
  if (status == MPATH_OK) leg(number).gone = true;
  if (status == MPATH_OK && info().state == MPATH_TUNNEL_CLOSED) closing_ = true;
  return status;
}

void Scene::remove_harmlessly(std::size_t number) {
  const mpath_status status = remove(number, MPATH_REASON_RETIRED);
  check().expect(status == MPATH_OK, "MPATH-P-12", "leg_remove answered {}", status);
  const mpath_tunnel_info now = info();
  check().expect(now.state != MPATH_TUNNEL_CLOSED, "MPATH-P-36",
                 "the loss of a leg that nothing depends on closed the tunnel for reason {}",
                 now.close_reason);
}

mpath_cell Scene::make_cell(std::size_t number, std::uint8_t command, std::uint64_t token) const {
  return {0, command, kJoinHop, 0, legs_.at(number).id, nullptr, token, cost, 0};
}

mpath_status Scene::receive(std::size_t number, std::uint8_t command, const Body& body,
                            std::uint64_t token, std::uint8_t hop) {
  mpath_cell cell = make_cell(number, command, token);
  cell.hop = hop;
  cell.body = body.data();
  cell.body_length = static_cast<std::uint16_t>(body.size());
  receipt_ = {};
  const mpath_status status = driver_.receive(tunnel, cell, now_us, receipt_);
  if (status == MPATH_E_PROTOCOL || status == MPATH_E_CLOSED) closing_ = true;
  return status;
}

void Scene::send(std::size_t number) {
  const std::optional<Body> change = peer_.plan_send(leg(number).id);
  leg(number).incoming.push_back({change, peer_.sent()});
}

mpath_status Scene::arrive(std::size_t number) {
  Leg& at = leg(number);
  const Leg::Flight flight = at.incoming.front();
  at.incoming.pop_front();
  if (flight.change) {
    const mpath_status status = receive(number, kSwitch, *flight.change);
    if (status == MPATH_E_CLOSED) return status;
    check().expect(status == MPATH_CONSUMED, "MPATH-P-37", "an honest SWITCH was answered with {}",
                   status);
  }
  const mpath_status status = receive(number, kData, {}, token_of(flight.number));
  note_arrival(flight.number, status);
  return status;
}

void Scene::note_arrival(std::uint64_t number, mpath_status status) {
  if (status == MPATH_HELD) {
    check().expect(number != delivered_ + 1, "MPATH-P-13", "cell {} is in order, but was held",
                   number);
    held_.insert(number);
    return;
  }
  if (status == MPATH_E_CLOSED) return;
  check().expect(status == MPATH_OK, "MPATH-P-37", "an honest cell was answered with {}", status);
  check().expect(number == delivered_ + 1, "MPATH-P-13",
                 "cell {} was to be delivered at once, but {} was the last in order", number,
                 delivered_);
  delivered_ = number;
  check().expect((receipt_.ready != 0) == held_.contains(number + 1), "MPATH-P-13",
                 "receive says ready = {} although cell {} is {}held", receipt_.ready, number + 1,
                 held_.contains(number + 1) ? "" : "not ");
}

}  // namespace mpath::kit
