// Group life: what a state allows, and how tunnels and instances end.
#include <cstring>

#include "host_api/conformance/checks/groups.h"
#include "host_api/conformance/scene.h"

namespace mpath::kit {
namespace {

void states_refuse_what_their_tags_forbid(Context& check) {
  Stage stage(check);
  stage.need_peer();
  Driver& driver = stage.driver;
  open_instance(driver);
  const auto expect = [&](const char* what, mpath_status status, mpath_status wanted) {
    check.expect(status == wanted, "MPATH-P-12", "{} answered {}, not {}", what, status, wanted);
  };
  Scene single(driver, {.joined = false});
  expect("link on a single path", driver.link(single.tunnel, single.now_us), MPATH_E_STATE);
  Scene multi(driver, {});
  expect("leg_set_path on a tunnel with legs",
         driver.leg_set_path(multi.tunnel, multi.leg(0).id, make_circuit(0).path), MPATH_E_STATE);
  mpath_leg_id leg = 0;
  expect("leg_single with two legs", driver.leg_single(multi.tunnel, leg), MPATH_E_NOT_SINGLE);
  mpath_leg_info info{};
  expect("leg_take_single with two legs", driver.leg_take_single(multi.tunnel, info, multi.now_us),
         MPATH_E_NOT_SINGLE);
  mpath_detail detail{};
  expect("tunnel_detail", driver.tunnel_detail(multi.tunnel, detail), MPATH_OK);
  check.expect(detail.status == MPATH_E_NOT_SINGLE && detail.index == 2, "MPATH-P-12",
               "tunnel_detail says status {}, {} legs", detail.status, detail.index);
  TunnelParams params;
  params.first = make_circuit(0);
  params.role = 77;
  mpath_tunnel_id tunnel = 0;
  expect("tunnel_create in an unknown role", driver.tunnel_create(params, tunnel, leg),
         MPATH_E_UNSUPPORTED);
  expect("instance_close with tunnels", driver.instance_close(driver.instance), MPATH_E_STATE);
  single.finish();
  multi.finish();
  expect("instance_close", driver.instance_close(driver.instance), MPATH_OK);
}

void closed_is_closed_for_good(Context& check) {
  Stage stage(check);
  stage.need_peer();
  Driver& driver = stage.driver;
  Scene s(driver, {});
  check.expect(driver.tunnel_close(s.tunnel, s.now_us) == MPATH_OK, "MPATH-P-12", "tunnel_close");
  const auto expect = [&](const char* what, mpath_status status) {
    check.expect(status == MPATH_E_CLOSED, "MPATH-P-12", "{} on a closed tunnel answered {}", what,
                 status);
  };
  mpath_grant grant{};
  std::vector<mpath_leg_id> out;
  expect("link", driver.link(s.tunnel, s.now_us));
  expect("legs_add", driver.legs_add(s.tunnel, {make_circuit(1)}, s.views(), out));
  expect("route",
         driver.route(s.tunnel, {0, kData, kJoinHop, 0, 0, 1, 0}, s.views(), s.now_us, grant));
  expect("receive", driver.receive(s.tunnel, s.make_cell(0, kData, 1), s.now_us, s.receipt()));
  check.expect(s.receipt().reason == MPATH_REASON_HOST_REQUEST, "MPATH-P-12",
               "receive says reason {}, not that the host closed it", s.receipt().reason);
  const mpath_tunnel_info info = s.info();
  check.expect(info.state == MPATH_TUNNEL_CLOSED && info.leg_count == 0, "MPATH-P-12",
               "a closed tunnel is in state {} and has {} legs", info.state, info.leg_count);
  s.finish();  // closes it again, which is ok
}

void hold_three(Scene& scene) {
  for (const std::size_t leg : {0U, 0U, 1U, 1U, 1U}) scene.send(leg);
  for (int i = 0; i < 3; ++i) (void)scene.arrive(1);
}

void tokens_keep_their_tunnel(Context& check) {
  Stage stage(check);
  stage.need_peer();
  Driver& driver = stage.driver;
  Scene scene(driver, {});
  hold_three(scene);
  const auto expect_held = [&](const char* when) {
    const mpath_status status = driver.tunnel_destroy(scene.tunnel);
    check.expect(status == MPATH_E_TOKENS_HELD, "MPATH-P-14",
                 "tunnel_destroy {} answered {} while three tokens are held", when, status);
  };
  expect_held("of an open tunnel");
  check.expect(driver.tunnel_close(scene.tunnel, scene.now_us) == MPATH_OK, "MPATH-P-12", "close");
  expect_held("of a closed tunnel");
  scene.expect_close();
  check.expect(scene.drain().size() == 3, "MPATH-P-13", "three tokens were held, others came back");
  scene.finish();
}

// Without a word before: a proxy that ends.
void destroy_in_every_state(Context& check) {
  Stage stage(check);
  stage.need_peer();
  Driver& driver = stage.driver;
  open_instance(driver);
  const auto destroy = [&](Scene& scene, const char* state) {
    const mpath_status status = driver.tunnel_destroy(scene.tunnel);
    check.expect(status == MPATH_OK, "MPATH-P-12",
                 "tunnel_destroy of a tunnel that is {} answered {}", state, status);
  };
  Scene single(driver, {.joined = false});
  destroy(single, "single-path");
  Scene joined(driver, {.linked = false});
  destroy(joined, "joined");
  Scene linking(driver, {.linked = false});
  linking.link();
  destroy(linking, "about to link");
  Scene awaiting(driver, {.linked = false});
  awaiting.link();
  (void)awaiting.poll();
  destroy(awaiting, "linking");
  Scene ready(driver, {});
  destroy(ready, "ready");
  Scene closed(driver, {});
  check.expect(driver.tunnel_close(closed.tunnel, closed.now_us) == MPATH_OK, "MPATH-P-12",
               "close");
  destroy(closed, "closed and not polled");
  const mpath_status status = driver.instance_close(driver.instance);
  check.expect(status == MPATH_OK, "MPATH-P-12", "instance_close answered {}", status);
}

void instances_are_apart(Context& check) {
  Stage stage(check);
  stage.need_peer();
  Driver other(check, stage.driver.table);
  Scene one(stage.driver, {});
  Scene two(other, {});
  check.expect(stage.driver.instance != other.instance, "MPATH-P-25",
               "instance_open handed out one instance twice");
  mpath_instance_info info{};
  for (Driver* driver : {&stage.driver, &other}) {
    check.expect(driver->instance_info(info) == MPATH_OK && info.tunnels == 1, "MPATH-P-25",
                 "each instance has one tunnel, but one says {}", info.tunnels);
  }
  check.expect(two.info().ordinal == 1, "MPATH-P-25", "tunnels are counted across instances");
  hold_three(two);
  check.expect(stage.driver.instance_info(info) == MPATH_OK && info.held_bytes == 0, "MPATH-P-25",
               "what one instance holds is counted in another");
  one.finish();
  check.expect(two.info().linked_count == 2, "MPATH-P-25", "closing one instance hit another");
  two.finish();
}

void misuse_changes_nothing(Context& check) {
  Stage stage(check);
  stage.need_peer();
  Driver& driver = stage.driver;
  Scene s(driver, {});
  hold_three(s);
  const mpath_tunnel_info before = s.info();
  const mpath_leg_info leg_before = s.leg_info(1);
  mpath_grant grant{};
  mpath_route_request none{0, kData, kJoinHop, 0, 0, 0, 0};
  mpath_route_request far{0, kData, MPATH_HOPS_MAX, 0, 0, 1, 0};
  mpath_route_request ours{0, kSwitch, kJoinHop, 0, 0, 1, 0};
  mpath_cell free_of_charge = s.make_cell(0, kData, 9);
  free_of_charge.cost = 0;
  mpath_cell from_afar = s.make_cell(0, kData, 9);
  from_afar.hop = MPATH_HOPS_MAX;
  const auto expect = [&](const char* what, mpath_status status) {
    check.expect(status == MPATH_E_ARGUMENT, "MPATH-P-11", "{}: status {}", what, status);
  };
  for (const auto& request : {none, far, ours}) {
    expect("a request that cannot be", driver.route(s.tunnel, request, s.views(), s.now_us, grant));
  }
  for (const auto& cell : {free_of_charge, from_afar}) {
    expect("a cell that cannot be", driver.receive(s.tunnel, cell, s.now_us, s.receipt()));
  }
  expect("a reason that is none for a host",
         driver.leg_remove(s.tunnel, {s.leg(0).id, MPATH_REASON_SHED}, s.views(), s.now_us));
  expect("an action that is none", driver.padding_event(s.tunnel, s.leg(0).id, 9, s.now_us));
  const mpath_tunnel_info after = s.info();
  const mpath_leg_info leg_after = s.leg_info(1);
  check.expect(std::memcmp(&before, &after, sizeof before) == 0 &&
                   std::memcmp(&leg_before, &leg_after, sizeof leg_before) == 0,
               "MPATH-P-11", "calls that were refused have changed the tunnel");
  s.finish();
}

}  // namespace

std::vector<Check> states_checks();

std::vector<Check> states_checks() {
  return {
      {"life.states_refuse_what_their_tags_forbid",
       {"MPATH-P-12"},
       states_refuse_what_their_tags_forbid,
       "Calls in a wrong state are a status of their own"},
      {"life.closed_is_closed_for_good",
       {"MPATH-P-12"},
       closed_is_closed_for_good,
       "Nothing opens a closed tunnel again"},
      {"life.tokens_keep_their_tunnel",
       {"MPATH-P-13", "MPATH-P-14"},
       tokens_keep_their_tunnel,
       "tunnel_destroy is refused until the last token is drained"},
      {"life.destroy_in_every_state",
       {"MPATH-P-12"},
       destroy_in_every_state,
       "A tunnel may be destroyed in any state"},
      {"life.instances_are_apart",
       {"MPATH-P-25"},
       instances_are_apart,
       "Two instances know nothing of each other"},
      {"life.misuse_changes_nothing",
       {"MPATH-P-11"},
       misuse_changes_nothing,
       "Impossible arguments are refused and change nothing"},
  };
}

}  // namespace mpath::kit
