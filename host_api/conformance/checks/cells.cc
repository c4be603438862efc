// Cells: order, numbers, grants, what a peer must not do, limits.
#include <algorithm>
#include <bit>
#include <cstring>
#include <random>

#include "host_api/conformance/checks/groups.h"
#include "host_api/conformance/scene.h"

namespace mpath::kit {
namespace {

// Six cells over two legs: every assignment, and every order in which the two legs can deliver.
void six_cells_in_every_order(Context& check) {
  Stage stage(check);
  stage.need_peer();
  open_instance(stage.driver);
  constexpr unsigned kCells = 6;
  for (unsigned assignment = 0; assignment < 1U << kCells; ++assignment) {
    for (unsigned order = 0; order < 1U << kCells; ++order) {
      // Bit i of `order`: the i-th arrival is on the second leg. As many as it carries.
      if (std::popcount(order) != std::popcount(assignment)) continue;
      Scene scene(stage.driver, {});
      for (unsigned i = 0; i < kCells; ++i) scene.send(assignment >> i & 1U);
      for (unsigned i = 0; i < kCells; ++i) {
        (void)scene.arrive(order >> i & 1U);
        (void)scene.drain();
      }
      check.expect(scene.held() == 0, "MPATH-P-13",
                   "all six cells have arrived, but {} are held back", scene.held());
      check.expect(scene.info().cells_delivered == kCells, "MPATH-P-13",
                   "six cells have arrived, cells_delivered is {}", scene.info().cells_delivered);
      scene.finish();
    }
  }
}

// Drained late, as by a busy host.
void late_drains_lose_nothing(Context& check) {
  Stage stage(check);
  stage.need_peer();
  open_instance(stage.driver);
  std::mt19937_64 random(check.settings().seed);
  for (int life = 0; life < 40; ++life) {
    Scene scene(stage.driver, {.legs = 3});
    for (int i = 0; i < 40; ++i) scene.send(random() % 3);
    for (int left = 40; left > 0;) {
      const std::size_t leg = random() % 3;
      if (scene.leg(leg).incoming.empty()) continue;
      (void)scene.arrive(leg);
      --left;
      if (random() % 10 == 0) (void)scene.drain();
    }
    (void)scene.drain();
    check.expect(scene.held() == 0, "MPATH-P-13", "all cells have arrived, {} are held back",
                 scene.held());
    scene.finish();
  }
}

void hold_three(Scene& scene) {
  for (const std::size_t leg : {0U, 0U, 1U, 1U, 1U}) scene.send(leg);
  for (int i = 0; i < 3; ++i) {
    const mpath_status status = scene.arrive(1);
    scene.check().expect(status == MPATH_HELD, "MPATH-P-13",
                         "a cell behind a gap was answered with {}", status);
  }
}

void a_close_discards_them(Context& check) {
  Stage stage(check);
  stage.need_peer();
  Scene scene(stage.driver, {});
  hold_three(scene);
  (void)scene.arrive(0);
  (void)scene.arrive(0);  // all in order now, and not drained
  check.expect(stage.driver.tunnel_close(scene.tunnel, scene.now_us) == MPATH_OK, "MPATH-P-12",
               "tunnel_close");
  scene.expect_close();
  const std::vector<mpath_token> tokens = scene.drain();
  check.expect(tokens.size() == 3, "MPATH-P-13", "{} of 3 tokens came back after a close",
               tokens.size());
  for (const mpath_token& token : tokens) {
    check.expect(token.verdict == MPATH_DISCARD, "MPATH-P-13",
                 "a closed tunnel gave a token back with verdict {}", token.verdict);
  }
  scene.finish();
}

void they_survive_their_leg(Context& check) {
  Stage stage(check);
  stage.need_peer();
  Scene scene(stage.driver, {.legs = 3});
  hold_three(scene);
  scene.send(2);
  (void)scene.arrive(2);  // now the third leg has received most
  check.expect(scene.remove(1, MPATH_REASON_CIRCUIT_DESTROYED) == MPATH_OK, "MPATH-P-12",
               "leg_remove failed");
  check.expect(!scene.is_closed() && scene.info().state == MPATH_TUNNEL_READY, "MPATH-P-36",
               "a leg that has delivered all it carried cannot leave");
  (void)scene.arrive(0);
  (void)scene.arrive(0);
  const std::vector<mpath_token> tokens = scene.drain();
  check.expect(tokens.size() == 4, "MPATH-P-13", "{} of 4 tokens came back after their leg went",
               tokens.size());
  scene.finish();
}

void grants_are_commitments(Context& check) {
  Stage stage(check);
  stage.need_peer();
  open_instance(stage.driver);
  std::mt19937_64 random(check.settings().seed);
  Scene scene(stage.driver, {.legs = 3});
  mpath_grant grant{};
  for (int i = 0; i < 300; ++i) {
    scene.leg(random() % 3).view.ewma_rtt_us = static_cast<std::uint32_t>(1 + random() % 90'000);
    Scene::Leg& leg = scene.leg(random() % 3);
    leg.view.inflight -= std::min(leg.view.inflight, kIncrement);
    const std::uint64_t before = scene.info().cells_sent;
    std::uint32_t room[3];
    for (std::size_t k = 0; k < 3; ++k)
      room[k] = kWindow - std::min(kWindow, scene.leg(k).view.inflight);
    const auto want = static_cast<std::uint32_t>(1 + random() % 90);
    const mpath_status status = scene.route(want, grant);
    const std::uint64_t sent = scene.info().cells_sent - before;
    check.expect(sent == (status == MPATH_OK ? grant.granted : 0), "MPATH-P-18",
                 "route answered {} and granted {}, but cells_sent grew by {}", status,
                 grant.granted, sent);
    if (status != MPATH_OK) continue;
    const std::size_t on = scene.number_of(grant.leg).value_or(0);
    check.expect(grant.granted <= room[on], "MPATH-P-18",
                 "{} DATA cells were granted where the window has room for {}", grant.granted,
                 room[on]);
    check.expect(scene.leg_info(on).last_seq_sent == scene.peer().received(), "MPATH-P-18",
                 "after a grant the leg has number {}, the peer got {}",
                 scene.leg_info(on).last_seq_sent, scene.peer().received());
  }
  scene.finish();
}

void blocked_changes_nothing(Context& check) {
  Stage stage(check);
  stage.need_peer();
  Scene scene(stage.driver, {});
  mpath_grant grant{};
  check.expect(scene.route(5, grant) == MPATH_OK, "MPATH-P-18", "nothing is granted at the start");
  for (const bool by_window : {true, false}) {
    for (Scene::Leg& leg : scene.legs()) {
      leg.view.inflight = by_window ? kWindow : 0;
      leg.view.flags = by_window ? 0 : MPATH_VIEW_CHANNEL_BLOCKED;
    }
    const mpath_tunnel_info before = scene.info();
    const mpath_status status = scene.route(5, grant);
    check.expect(status == MPATH_BLOCKED && grant.granted == 0, "MPATH-P-11",
                 "nothing can be sent, but route answered {} and granted {}", status,
                 grant.granted);
    check.expect(grant.reason != MPATH_REASON_NONE, "MPATH-P-11", "BLOCKED without a reason");
    const mpath_tunnel_info after = scene.info();
    check.expect(std::memcmp(&before, &after, sizeof before) == 0, "MPATH-P-11",
                 "route answered BLOCKED and changed the tunnel all the same");
    std::uint32_t reason = 0;
    mpath_leg_id leg = 0;
    const mpath_status read =
        stage.driver.can_read(scene.tunnel, scene.views(), scene.now_us, reason, leg);
    check.expect(read == MPATH_BLOCKED && reason != MPATH_REASON_NONE, "MPATH-P-11",
                 "can_read answered {} with reason {} where nothing can be sent", read, reason);
  }
  scene.finish();
}

struct Violation {
  const char* what;
  mpath_status (*commit)(Scene&);
};

Body twisted_linked(Scene& scene) {
  Body body = scene.peer().linked_body();
  body[5] ^= 1U;
  return body;
}

const std::vector<Violation>& violations() {
  static const std::vector<Violation> all = {
      {"LINKED on a linked leg",
       [](Scene& s) { return s.receive(0, kLinked, s.peer().linked_body()); }},
      {"LINKED with another nonce",
       [](Scene& s) { return s.receive(0, kLinked, twisted_linked(s)); }},
      {"LINK", [](Scene& s) { return s.receive(0, kLink, s.peer().linked_body()); }},
      {"LINKED_ACK", [](Scene& s) { return s.receive(0, kLinkedAck, {}); }},
      {"SWITCH cut short",
       [](Scene& s) {
         return s.receive(0, kSwitch, {0, 0, 1});
       }},
      {"SWITCH without a body", [](Scene& s) { return s.receive(0, kSwitch, {}); }},
      {"two SWITCH in a row",
       [](Scene& s) {
         (void)s.receive(1, kSwitch, switch_body(1));
         return s.receive(1, kSwitch, switch_body(1));
       }},
      {"SWITCH by zero",
       [](Scene& s) {
         s.send(0);
         (void)s.arrive(0);
         return s.receive(1, kSwitch, switch_body(0));
       }},
      {"SWITCH to the end of numbers",
       [](Scene& s) { return s.receive(1, kSwitch, switch_body(UINT32_MAX)); }},
      {"SWITCH of another hop",
       [](Scene& s) { return s.receive(1, kSwitch, switch_body(1), 0, kJoinHop - 1); }},
      {"LINK of another hop",
       [](Scene& s) { return s.receive(0, kLink, s.peer().linked_body(), 0, kJoinHop - 1); }},
      {"a number for the second time",
       [](Scene& s) {
         s.send(0);
         (void)s.arrive(0);
         return s.receive(1, kData, {}, 77);
       }},
  };
  return all;
}

void violations_close(Context& check) {
  Stage stage(check);
  stage.need_peer();
  open_instance(stage.driver);
  for (const Violation& violation : violations()) {
    Scene scene(stage.driver, {});
    const mpath_status status = violation.commit(scene);
    check.expect(status == MPATH_E_PROTOCOL, "MPATH-P-37", "{} was answered with {}",
                 violation.what, status);
    check.expect(scene.receipt().reason >= 100, "MPATH-P-37", "{} has reason {}", violation.what,
                 scene.receipt().reason);
    const mpath_tunnel_info info = scene.info();
    check.expect(info.state == MPATH_TUNNEL_CLOSED && info.close_reason == scene.receipt().reason,
                 "MPATH-P-37", "{}: state {}, close reason {}", violation.what, info.state,
                 info.close_reason);
    scene.finish();
  }
}

// Before the handshake a peer may do even less.
void violations_of_the_handshake_close(Context& check) {
  Stage stage(check);
  stage.need_peer();
  open_instance(stage.driver);
  static constexpr struct {
    const char* what;
    std::uint8_t command;
    std::size_t length;
    bool twist;
  } kCases[] = {
      {"a cell before LINKED", kData, 0, false},
      {"SWITCH before LINKED", kSwitch, 4, false},
      {"LINKED cut short", kLinked, 49, false},
      {"LINKED without a body", kLinked, 0, false},
      {"LINKED with another nonce", kLinked, 50, true},
  };
  for (const auto& one : kCases) {
    Scene scene(stage.driver, {.linked = false});
    scene.link();
    (void)scene.poll();
    Body body = one.twist ? twisted_linked(scene) : scene.peer().linked_body();
    body.resize(one.length);
    const mpath_status status = scene.receive(0, one.command, body);
    check.expect(status == MPATH_E_PROTOCOL && scene.receipt().reason >= 100, "MPATH-P-37",
                 "{} was answered with {}, reason {}", one.what, status, scene.receipt().reason);
    scene.finish();
  }
}

// The order is that of the join point: a middle relay that sends DATA, or gets some, does not
// count.
void of_other_hops_are_not_counted(Context& check) {
  Stage stage(check);
  stage.need_peer();
  Scene scene(stage.driver, {});
  scene.send(0);
  (void)scene.arrive(0);
  const mpath_tunnel_info before = scene.info();
  for (std::uint8_t hop = 0; hop < kJoinHop; ++hop) {
    const mpath_status received = scene.receive(0, kData, {}, 77, hop);
    check.expect(received == MPATH_PASS, "MPATH-P-18", "DATA of hop {} was answered with {}", hop,
                 received);
    const mpath_route_request request{0, kData, hop, 0, scene.leg(0).id, 1, 0};
    mpath_grant grant{};
    const mpath_status routed =
        stage.driver.route(scene.tunnel, request, scene.views(), scene.now_us, grant);
    check.expect(routed == MPATH_OK && grant.leg == scene.leg(0).id && grant.has_first == 0,
                 "MPATH-P-18", "DATA to hop {} of leg 1 was answered with {}, leg {:#x}", hop,
                 routed, grant.leg);
  }
  const mpath_tunnel_info after = scene.info();
  check.expect(
      before.cells_sent == after.cells_sent && before.cells_received == after.cells_received,
      "MPATH-P-18", "cells of other hops were counted: {} sent and {} received, before {} and {}",
      after.cells_sent, after.cells_received, before.cells_sent, before.cells_received);
  // And what comes next is in order all the same.
  scene.send(0);
  (void)scene.arrive(0);
  scene.finish();
}

// Cells that never become in order, until the tunnel has enough.
void holding_back_is_limited(Context& check) {
  Stage stage(check);
  stage.need_peer();
  open_instance(stage.driver);
  mpath_instance_info limits{};
  (void)stage.driver.instance_info(limits);
  Scene scene(stage.driver, {});
  scene.cost = 1U << 20U;
  scene.send(0);
  const std::uint64_t enough = limits.held_bytes_limit / scene.cost * 2 + 10;
  mpath_status status = MPATH_HELD;
  for (std::uint64_t i = 0; i < enough && status == MPATH_HELD; ++i) {
    scene.send(1);
    status = scene.arrive(1);
    (void)scene.drain();
    mpath_instance_info now{};
    (void)stage.driver.instance_info(now);
    check.expect(now.held_bytes >= scene.info().held_bytes, "MPATH-P-34",
                 "the tunnel holds {} bytes, its instance says {}", scene.info().held_bytes,
                 now.held_bytes);
  }
  check.expect(status == MPATH_E_CLOSED || status == MPATH_E_PROTOCOL, "MPATH-P-34",
               "twice the limit of the process is held back, and it was answered with {}", status);
  scene.finish();
}

void water_marks_are_told(Context& check) {
  Stage stage(check);
  stage.need_peer();
  open_instance(stage.driver);
  mpath_instance_info limits{};
  (void)stage.driver.instance_info(limits);
  Scene scene(stage.driver, {});
  const auto pressure = [&]() -> std::vector<std::uint32_t> {
    std::vector<std::uint32_t> found;
    for (const mpath_event& event : scene.poll()) {
      if (event.kind == MPATH_EVENT_PRESSURE) found.push_back(event.detail);
    }
    return found;
  };
  scene.cost = static_cast<std::uint32_t>(limits.reorder_high_water / 4 + 1);
  scene.send(0);
  for (int i = 1; i <= 4; ++i) {
    scene.send(1);
    (void)scene.arrive(1);
    const std::vector<std::uint32_t> expected =
        i == 4 ? std::vector<std::uint32_t>{MPATH_WATER_HIGH} : std::vector<std::uint32_t>{};
    check.expect(pressure() == expected, "MPATH-P-34",
                 "{} of 4 cells up to the high-water mark of {} bytes: PRESSURE is not told right",
                 i, limits.reorder_high_water);
  }
  check.expect(pressure().empty(), "MPATH-P-15", "PRESSURE was told twice");
  (void)scene.arrive(0);
  (void)scene.drain();
  check.expect(pressure() == std::vector<std::uint32_t>{MPATH_WATER_LOW}, "MPATH-P-34",
               "nothing is held any more, but the low-water mark was not told");
  scene.finish();
}

}  // namespace

std::vector<Check> cells_checks() {
  return {
      {"cells.six_in_every_order",
       {"MPATH-P-13"},
       six_cells_in_every_order,
       "Six cells over two legs, every assignment and every interleaving"},
      {"cells.late_drains_lose_nothing",
       {"MPATH-P-13"},
       late_drains_lose_nothing,
       "A host that drains now and then gets all cells in order"},
      {"cells.a_close_discards_them",
       {"MPATH-P-13"},
       a_close_discards_them,
       "What is held at a close comes back as DISCARD"},
      {"cells.they_survive_their_leg",
       {"MPATH-P-13", "MPATH-P-36"},
       they_survive_their_leg,
       "What a leg carried is delivered when the leg has gone"},
      {"cells.grants_are_commitments",
       {"MPATH-P-18"},
       grants_are_commitments,
       "The peer finds the number of every granted cell right behind the one before"},
      {"cells.of_other_hops_are_not_counted",
       {"MPATH-P-18"},
       of_other_hops_are_not_counted,
       "DATA of and to hops before the join point passes by and has no number"},
      {"cells.blocked_changes_nothing",
       {"MPATH-P-11"},
       blocked_changes_nothing,
       "BLOCKED has a reason and changes nothing"},
      {"cells.violations_close",
       {"MPATH-P-37"},
       violations_close,
       "What no honest peer does closes the tunnel, with a reason"},
      {"cells.violations_of_the_handshake_close",
       {"MPATH-P-37"},
       violations_of_the_handshake_close,
       "So does what comes before or instead of LINKED"},
      {"cells.holding_back_is_limited",
       {"MPATH-P-34"},
       holding_back_is_limited,
       "A gap that never closes ends the tunnel, not the memory"},
      {"cells.water_marks_are_told",
       {"MPATH-P-34", "MPATH-P-15"},
       water_marks_are_told,
       "PRESSURE is told once at the high-water mark and once at the low one"},
  };
}

}  // namespace mpath::kit
