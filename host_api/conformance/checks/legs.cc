// Legs: who joins, in which order they link, what happens when one fails or goes.
#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>

#include "host_api/conformance/checks/groups.h"
#include "host_api/conformance/scene.h"

namespace mpath::kit {
namespace {

constexpr std::size_t kLegsTried = 4;

// LINKED arrives in every order, for one to four legs; after each the counts are right.
void link_in_every_order(Context& check) {
  Stage stage(check);
  stage.need_peer();
  open_instance(stage.driver);
  for (std::size_t legs = 2; legs <= kLegsTried; ++legs) {
    std::vector<std::size_t> order(legs);
    std::iota(order.begin(), order.end(), 0);
    do {
      Scene scene(stage.driver, {.legs = legs, .linked = false});
      scene.link();
      (void)scene.poll();
      std::uint32_t linked = 0;
      for (const std::size_t leg : order) {
        scene.now_us += 1'000;
        const mpath_status status = scene.answer(leg);
        check.expect(status == MPATH_CONSUMED, "MPATH-P-37",
                     "an honest LINKED was answered with {}", status);
        (void)scene.poll();
        const mpath_tunnel_info info = scene.info();
        check.expect(info.linked_count == ++linked && info.state == MPATH_TUNNEL_READY,
                     "MPATH-P-15", "{} legs are linked, but tunnel_info says {} and state {}",
                     linked, info.linked_count, info.state);
      }
      scene.finish();
    } while (std::ranges::next_permutation(order).found);
  }
}

// How far a leg is when it fails.
enum class Step : std::uint8_t { kUnlinked, kLinkQueued, kAwaiting, kAckQueued, kLinked };

void bring_to(Scene& scene, Step step) {
  if (step >= Step::kLinkQueued) scene.link();
  if (step >= Step::kAwaiting) (void)scene.poll();
  if (step < Step::kAckQueued) return;
  for (std::size_t i = 0; i < scene.legs().size(); ++i) (void)scene.answer(i);
  if (step >= Step::kLinked) (void)scene.poll();
}

void fail_one(Context& check, Driver& driver, std::size_t legs, std::size_t victim, Step step) {
  Scene scene(driver, {.legs = legs, .linked = false});
  bring_to(scene, step);
  const mpath_status status = scene.remove(victim, MPATH_REASON_CIRCUIT_DESTROYED);
  check.expect(status == MPATH_OK, "MPATH-P-12", "leg_remove answered {}", status);
  check.expect(scene.info().state != MPATH_TUNNEL_CLOSED, "MPATH-P-36",
               "the loss of a leg that carried nothing closed the tunnel");
  std::size_t gone = 0;
  std::size_t results = 0;
  for (const mpath_event& event : scene.poll()) {
    if (event.leg != scene.leg(victim).id) continue;
    gone += event.kind == MPATH_EVENT_LEG_GONE ? 1 : 0;
    results += event.kind == MPATH_EVENT_LINK_RESULT ? 1 : 0;
    check.expect(event.kind != MPATH_EVENT_SEND_CELL, "MPATH-P-15",
                 "a cell is to be sent on a leg that is gone");
  }
  check.expect(gone == 1, "MPATH-P-15", "LEG_GONE was told {} times for a leg that failed", gone);
  const bool was_under_way = step == Step::kLinkQueued || step == Step::kAwaiting;
  const std::size_t expected = was_under_way || step == Step::kAckQueued ? 1 : 0;
  check.expect(results == expected, "MPATH-P-15", "LINK_RESULT was told {} times, not {}", results,
               expected);
  scene.finish();
}

void fail_at_every_step(Context& check) {
  Stage stage(check);
  stage.need_peer();
  open_instance(stage.driver);
  for (std::size_t legs = 2; legs <= kLegsTried; ++legs) {
    for (std::size_t victim = 0; victim < legs; ++victim) {
      for (const Step step :
           {Step::kUnlinked, Step::kLinkQueued, Step::kAwaiting, Step::kAckQueued, Step::kLinked}) {
        fail_one(check, stage.driver, legs, victim, step);
      }
    }
  }
}

struct Misfit {
  const char* what;
  std::uint32_t reason;
  mpath_leg_params circuit;
};

std::vector<Misfit> misfits() {
  static const mpath_hop other_end[3] = {{11, 1, 0}, {12, 1, 0}, {13, 1, 1}};
  static const mpath_hop fixed[3] = {
      {11, 1, 0}, {12, 1, 0}, {make_circuit(0).path.hops[2].relay_tag, 1, 0}};
  static const mpath_hop is_virtual[3] = {
      {11, 1, 0}, {12, 1, 0}, {make_circuit(0).path.hops[2].relay_tag, 2, 1}};
  const auto with = [](const mpath_hop* hops, std::uint32_t count) {
    mpath_leg_params circuit = make_circuit(1);
    circuit.path.hops = hops;
    circuit.path.count = count;
    return circuit;
  };
  mpath_leg_params streams = make_circuit(1);
  streams.flags = MPATH_LEG_EVER_STREAM;
  mpath_leg_params joined = make_circuit(1);
  joined.flags = MPATH_LEG_EVER_JOINED;
  return {
      {"another last hop", MPATH_REASON_LAST_HOP_DIFFERS, with(other_end, 3)},
      {"another length", MPATH_REASON_LENGTH_DIFFERS, with(other_end + 1, 2)},
      {"a fixed window", MPATH_REASON_NO_CONGESTION_CONTROL, with(fixed, 3)},
      {"a virtual last hop", MPATH_REASON_VIRTUAL_HOP, with(is_virtual, 3)},
      {"streams", MPATH_REASON_HAS_STREAMS, streams},
      {"an earlier tunnel", MPATH_REASON_ALREADY_JOINED, joined},
  };
}

void join_all_or_none(Context& check) {
  Stage stage(check);
  open_instance(stage.driver);
  for (const Misfit& misfit : misfits()) {
    for (std::uint32_t at = 0; at < 3; ++at) {
      Scene scene(stage.driver, {.joined = false});
      std::vector<mpath_leg_params> circuits = {make_circuit(1), make_circuit(2), make_circuit(3)};
      circuits[at] = misfit.circuit;
      const mpath_tunnel_info before = scene.info();
      std::vector<mpath_leg_id> out;
      const mpath_status status = stage.driver.legs_add(scene.tunnel, circuits, scene.views(), out);
      check.expect(status == MPATH_E_LEG_INVALID, "MPATH-P-19", "a leg with {} answered {}",
                   misfit.what, status);
      mpath_detail detail{};
      (void)stage.driver.tunnel_detail(scene.tunnel, detail);
      check.expect(detail.index == at && detail.reason == misfit.reason, "MPATH-P-19",
                   "leg {} has {}, but tunnel_detail says leg {}, reason {}", at, misfit.what,
                   detail.index, detail.reason);
      const mpath_tunnel_info after = scene.info();
      check.expect(std::memcmp(&before, &after, sizeof before) == 0, "MPATH-P-19",
                   "one of three legs has {}: all were refused, but the tunnel has changed",
                   misfit.what);
      check.expect(std::ranges::count(out, mpath_leg_id{0}) == 3, "MPATH-P-11",
                   "legs_add failed and wrote ids all the same");
      scene.finish();
    }
  }
}

// The first circuit is linked and used before the second one exists; and it must be one that may
// join.
void a_set_may_begin_with_one(Context& check) {
  Stage stage(check);
  stage.need_peer();
  mpath_negotiation io = make_offer(1, 1);
  (void)stage.file.entry()(&io);
  if (io.minor < 3) check.skip("the plugin is older than this way to begin");
  open_instance(stage.driver);
  const auto create = [&](mpath_leg_params first) {
    TunnelParams params;
    params.first = first;
    params.first.flags |= MPATH_LEG_FOUNDS_SET;
    mpath_tunnel_id tunnel = 0;
    mpath_leg_id leg = 0;
    return stage.driver.tunnel_create(params, tunnel, leg);
  };
  mpath_leg_params no_hops = make_circuit(0);
  no_hops.path = {nullptr, 0, sizeof(mpath_hop), 0, 0};
  check.expect(create(no_hops) == MPATH_E_ARGUMENT, "MPATH-P-19", "a set began without a hop");
  for (const Misfit& misfit : misfits()) {
    if (misfit.reason == MPATH_REASON_LAST_HOP_DIFFERS ||
        misfit.reason == MPATH_REASON_LENGTH_DIFFERS) {
      continue;  // from others; there are none yet
    }
    check.expect(create(misfit.circuit) == MPATH_E_ARGUMENT, "MPATH-P-19",
                 "a set began with a leg that has {}", misfit.what);
  }

  Scene scene(stage.driver, {.legs = 1, .founds_set = true, .linked = false});
  check.expect(scene.info().state == MPATH_TUNNEL_LINKING, "MPATH-P-12", "the state is {}",
               scene.info().state);
  scene.shake_hands();
  mpath_grant grant{};
  check.expect(scene.route(1, grant, kBegin) == MPATH_OK, "MPATH-P-12",
               "no stream can be opened on the only leg");
  std::vector<mpath_leg_params> founder = {make_circuit(1)};
  founder[0].flags = MPATH_LEG_FOUNDS_SET;
  std::vector<mpath_leg_id> out;
  check.expect(stage.driver.legs_add(scene.tunnel, founder, scene.views(), out) == MPATH_E_ARGUMENT,
               "MPATH-P-8", "a second leg began the set again");
  scene.join(1);
  scene.link();
  (void)scene.poll();
  check.expect(scene.answer(1) == MPATH_CONSUMED, "MPATH-P-37", "an honest LINKED was refused");
  (void)scene.poll();
  check.expect(scene.info().linked_count == 2, "MPATH-P-15", "{} legs are linked, not 2",
               scene.info().linked_count);
  scene.finish();
}

void views_of_each_leg_once(Context& check) {
  Stage stage(check);
  stage.need_peer();
  Scene scene(stage.driver, {});
  const auto route = [&](const std::vector<mpath_leg_view>& items) {
    mpath_grant grant{};
    return stage.driver.route(scene.tunnel, {0, kBegin, kJoinHop, 0, 0, 1, 0}, {items, 1, 0},
                              scene.now_us, grant);
  };
  const mpath_leg_view first = scene.views().items.at(0);
  const mpath_leg_view second = scene.views().items.at(1);
  mpath_leg_view stranger = first;
  stranger.leg = ~stranger.leg;
  const auto expect = [&](const char* what, mpath_status status, mpath_status wanted) {
    check.expect(status == wanted, "MPATH-P-20", "{}: status {}, not {}", what, status, wanted);
  };
  expect("no view of the second leg", route({first}), MPATH_E_VIEWS);
  expect("no view of the first leg", route({second}), MPATH_E_VIEWS);
  expect("two views of the first leg", route({first, first}), MPATH_E_VIEWS);
  expect("two views of the first leg, one of the second", route({first, second, first}),
         MPATH_E_VIEWS);
  expect("no views", route({}), MPATH_E_VIEWS);
  expect("a stranger instead of the second leg", route({first, stranger}), MPATH_E_VIEWS);
  expect("both, in the other order", route({second, first}), MPATH_OK);
  expect("both and a stranger", route({stranger, first, second}), MPATH_OK);
}

void too_many_are_refused(Context& check) {
  Stage stage(check);
  open_instance(stage.driver);
  mpath_instance_info limits{};
  (void)stage.driver.instance_info(limits);
  check.expect(limits.legs_max >= 1 && limits.legs_max <= MPATH_LEGS_MAX, "MPATH-P-19",
               "legs_max is {}", limits.legs_max);
  Scene scene(stage.driver, {.joined = false});
  for (const std::size_t count :
       {std::size_t{limits.legs_max}, std::size_t{MPATH_LEGS_MAX} + 1, std::size_t{100}}) {
    std::vector<mpath_leg_params> circuits;
    for (std::size_t i = 1; i <= count; ++i) circuits.push_back(make_circuit(i));
    std::vector<mpath_leg_id> out;
    const mpath_status status = stage.driver.legs_add(scene.tunnel, circuits, scene.views(), out);
    check.expect(status == MPATH_E_LEG_INVALID, "MPATH-P-19", "{} more legs answered {}", count,
                 status);
  }
  if (limits.legs_max > 1) scene.join(limits.legs_max - 1);
  scene.finish();
}

// ABI.md, "What the loss of a leg does".
std::uint32_t fate_of(Scene& scene, std::size_t victim, std::uint32_t reason) {
  const mpath_tunnel_info tunnel = scene.info();
  const mpath_leg_info leg = scene.leg_info(victim);
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  std::size_t others = 0;
  for (std::size_t i = 0; i < scene.legs().size(); ++i) {
    if (i == victim || scene.leg(i).gone) continue;
    const mpath_leg_info other = scene.leg_info(i);
    received = std::max(received, other.last_seq_received);
    sent = std::max(sent, other.last_seq_sent);
    ++others;
  }
  if (reason == MPATH_REASON_SEND_FAILED && leg.cells_sent > 0) return MPATH_REASON_SEND_FAILED;
  if (others == 0) return MPATH_REASON_DEPLETED;
  if (leg.is_primary != 0 && tunnel.cells_sent > 0) return MPATH_REASON_PRIMARY_LOST;
  if (leg.last_seq_received > received) return MPATH_REASON_HIGHEST_RECEIVED_LOST;
  if (leg.last_seq_sent > sent) return MPATH_REASON_HIGHEST_SENT_LOST;
  if (scene.leg(victim).view.inflight >= kIncrement) return MPATH_REASON_DATA_IN_FLIGHT_LOST;
  return MPATH_REASON_NONE;
}

void live_a_little(Scene& scene, std::mt19937_64& random) {
  const std::size_t legs = scene.legs().size();
  for (std::size_t i = 0; i < random() % 6; ++i) scene.send(random() % legs);
  for (Scene::Leg& leg : scene.legs()) {
    while (!leg.incoming.empty()) (void)scene.arrive(*scene.number_of(leg.id));
  }
  (void)scene.drain();
  mpath_grant grant{};
  for (std::size_t i = 0; i < random() % 4; ++i) {
    scene.leg(random() % legs).view.ewma_rtt_us = static_cast<std::uint32_t>(1 + random() % 90'000);
    (void)scene.route(static_cast<std::uint32_t>(1 + random() % 60), grant);
  }
  for (Scene::Leg& leg : scene.legs()) {
    if (random() % 2 == 0) leg.view.inflight = std::min(leg.view.inflight, kIncrement - 1);
  }
  (void)scene.poll();
}

void losses_close_as_told(Context& check) {
  Stage stage(check);
  stage.need_peer();
  open_instance(stage.driver);
  std::mt19937_64 random(check.settings().seed);
  for (int life = 0; life < 150; ++life) {
    Scene scene(stage.driver, {.legs = 2 + random() % 2});
    live_a_little(scene, random);
    while (true) {
      std::size_t victim = random() % scene.legs().size();
      while (scene.leg(victim).gone) victim = random() % scene.legs().size();
      const std::uint32_t reason =
          random() % 4 == 0 ? MPATH_REASON_SEND_FAILED : MPATH_REASON_CIRCUIT_DESTROYED;
      const std::uint32_t expected = fate_of(scene, victim, reason);
      check.expect(scene.remove(victim, reason) == MPATH_OK, "MPATH-P-12", "leg_remove failed");
      const std::uint32_t found = scene.info().close_reason;
      check.expect(found == expected, "MPATH-P-36",
                   "a leg was lost: the tunnel's close reason is {}, but ABI.md says {}", found,
                   expected);
      (void)scene.poll();
      if (expected != MPATH_REASON_NONE) break;
    }
    scene.finish();
  }
}

void the_only_leg_can_be_taken(Context& check) {
  Stage stage(check);
  open_instance(stage.driver);
  Scene scene(stage.driver, {.joined = false});
  mpath_leg_id leg = 0;
  check.expect(stage.driver.leg_single(scene.tunnel, leg) == MPATH_OK && leg == scene.leg(0).id,
               "MPATH-P-12", "leg_single does not name the only leg");
  mpath_leg_info info{};
  const mpath_status status = stage.driver.leg_take_single(scene.tunnel, info, scene.now_us);
  check.expect(status == MPATH_OK && info.leg == leg && info.joined == 0, "MPATH-P-12",
               "leg_take_single answered {}, joined = {}", status, info.joined);
  check.expect(scene.info().leg_count == 0, "MPATH-P-12", "the leg that was taken is still there");
  scene.finish();
}

}  // namespace

std::vector<Check> legs_checks() {
  return {
      {"legs.link_in_every_order",
       {"MPATH-P-15"},
       link_in_every_order,
       "LINKED arrives in every order, for up to four legs"},
      {"legs.fail_at_every_step",
       {"MPATH-P-15", "MPATH-P-36"},
       fail_at_every_step,
       "A leg fails at every step of its handshake: one LEG_GONE, one LINK_RESULT"},
      {"legs.join_all_or_none",
       {"MPATH-P-11", "MPATH-P-19"},
       join_all_or_none,
       "One of three circuits does not fit, in each place and for each reason"},
      {"legs.a_set_may_begin_with_one",
       {"MPATH-P-8", "MPATH-P-12", "MPATH-P-15", "MPATH-P-19"},
       a_set_may_begin_with_one,
       "A set of one leg is linked and used before the second one joins (since 1.3)"},
      {"legs.too_many_are_refused",
       {"MPATH-P-19"},
       too_many_are_refused,
       "More legs than legs_max are refused together, just as many are not"},
      {"legs.views_of_each_leg_once",
       {"MPATH-P-20"},
       views_of_each_leg_once,
       "A leg without a view or with two is E_VIEWS, a stranger's view is ignored"},
      {"legs.losses_close_as_told",
       {"MPATH-P-36"},
       losses_close_as_told,
       "150 lives lose legs; each tunnel closes for the reason of ABI.md, or lives on"},
      {"legs.the_only_leg_can_be_taken",
       {"MPATH-P-12"},
       the_only_leg_can_be_taken,
       "leg_single names the only leg, leg_take_single takes it"},
  };
}

}  // namespace mpath::kit
