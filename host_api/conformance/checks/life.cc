// Null pointers, stale ids, states, ends.
#include <algorithm>
#include <set>

#include "host_api/conformance/checks/groups.h"
#include "host_api/conformance/scene.h"

namespace mpath::kit {
namespace {

struct Answer {
  const char* call;
  std::function<mpath_status()> run;
};

void expect_all(Context& check, Driver& driver, const std::vector<Answer>& answers,
                std::pair<mpath_status, std::string_view> wanted) {
  for (const Answer& answer : answers) {
    const Blame blame(wanted.second);
    const mpath_status status = driver.direct(answer.call, answer.run);
    check.expect(status == wanted.first, wanted.second, "{} answered {}", answer.call, status);
  }
}

// Arguments that are fine, for calls in which one is not.
struct Fine {
  explicit Fine(Scene& scene)
      : given(scene.views()), views{given.items.data(), 2, sizeof(mpath_leg_view), 5, 0} {
    grant.struct_size = sizeof grant;
    receipt.struct_size = sizeof receipt;
    tunnel_info.struct_size = sizeof tunnel_info;
    cell = scene.make_cell(0, kData, 1);
    cell.struct_size = sizeof cell;
    request.struct_size = sizeof request;
    circuit.struct_size = sizeof circuit;
  }
  Views given;
  mpath_leg_views views;
  mpath_route_request request{0, kData, kJoinHop, 0, 0, 1, 0};
  mpath_grant grant{};
  mpath_cell cell{};
  mpath_receipt receipt{};
  mpath_tunnel_info tunnel_info{};
  mpath_leg_params circuit = make_circuit(1);
  mpath_tunnel_id tunnel = 0;
  mpath_leg_id leg = 0;
  std::uint32_t number = 0;
  std::uint64_t next = 0;
};

std::vector<Answer> null_instance_calls(Scene& s, Fine& f) {
  const mpath_plugin_table& t = s.driver().table;
  mpath_instance* i = s.driver().instance;
  return {
      {"instance_open", [&t] { return t.instance_open(nullptr, nullptr, nullptr); }},
      {"instance_reload", [&t] { return t.instance_reload(nullptr, nullptr, nullptr); }},
      {"instance_tick", [&t, i] { return t.instance_tick(i, 1, nullptr); }},
      {"instance_tick", [&] { return t.instance_tick(nullptr, 1, &f.next); }},
      {"instance_info", [&t, i] { return t.instance_info(i, nullptr); }},
      {"instance_drain_log", [&t, i] { return t.instance_drain_log(i, nullptr); }},
      {"instance_shed", [&, i] { return t.instance_shed(i, 1, nullptr, 1, &f.number); }},
      {"tunnel_create", [&, i] { return t.tunnel_create(i, nullptr, &f.tunnel, &f.leg); }},
      {"tunnel_destroy", [&] { return t.tunnel_destroy(nullptr, s.tunnel); }},
      {"tunnel_close", [&] { return t.tunnel_close(nullptr, s.tunnel, s.now_us); }},
      {"tunnel_info", [&, i] { return t.tunnel_info(i, s.tunnel, nullptr); }},
      {"tunnel_info", [&] { return t.tunnel_info(nullptr, s.tunnel, &f.tunnel_info); }},
      {"tunnel_detail", [&, i] { return t.tunnel_detail(i, s.tunnel, nullptr); }},
      {"tunnel_snapshot", [&, i] { return t.tunnel_snapshot(i, s.tunnel, nullptr); }},
      {"tunnel_activity", [&, i] { return t.tunnel_activity(i, s.tunnel, &f.views, nullptr); }},
  };
}

std::vector<Answer> null_tunnel_calls(Scene& s, Fine& f) {
  const mpath_plugin_table& t = s.driver().table;
  mpath_instance* i = s.driver().instance;
  const mpath_leg_id leg = s.leg(0).id;
  const auto add = [&, i](const mpath_leg_params* legs, const mpath_leg_views* views,
                          mpath_leg_id* out) {
    return t.legs_add(i, s.tunnel, legs, 1, sizeof(mpath_leg_params), views, out);
  };
  return {
      {"leg_set_path", [&, i, leg] { return t.leg_set_path(i, s.tunnel, leg, nullptr); }},
      {"legs_add", [&, add] { return add(nullptr, &f.views, &f.leg); }},
      {"legs_add", [&, add] { return add(&f.circuit, nullptr, &f.leg); }},
      {"legs_add", [&, add] { return add(&f.circuit, &f.views, nullptr); }},
      {"link", [&] { return t.link(nullptr, s.tunnel, s.now_us); }},
      {"leg_remove",
       [&, i, leg] {
         return t.leg_remove(i, s.tunnel, leg, MPATH_REASON_RETIRED, nullptr, s.now_us);
       }},
      {"leg_take_single", [&, i] { return t.leg_take_single(i, s.tunnel, nullptr, s.now_us); }},
      {"leg_single", [&, i] { return t.leg_single(i, s.tunnel, nullptr); }},
      {"leg_info", [&, i, leg] { return t.leg_info(i, s.tunnel, leg, nullptr); }},
      {"leg_uses_stream_sendme",
       [&, i, leg] { return t.leg_uses_stream_sendme(i, s.tunnel, leg, 0, nullptr); }},
      {"padding_event",
       [&, leg] { return t.padding_event(nullptr, s.tunnel, leg, MPATH_PADDING_SEND, 1); }},
      {"route", [&, i] { return t.route(i, s.tunnel, nullptr, &f.views, s.now_us, &f.grant); }},
      {"route", [&, i] { return t.route(i, s.tunnel, &f.request, nullptr, s.now_us, &f.grant); }},
      {"route", [&, i] { return t.route(i, s.tunnel, &f.request, &f.views, s.now_us, nullptr); }},
      {"can_read",
       [&, i] { return t.can_read(i, s.tunnel, nullptr, s.now_us, &f.number, &f.leg); }},
      {"can_read", [&, i] { return t.can_read(i, s.tunnel, &f.views, s.now_us, nullptr, &f.leg); }},
      {"receive", [&, i] { return t.receive(i, s.tunnel, nullptr, s.now_us, &f.receipt); }},
      {"receive", [&, i] { return t.receive(i, s.tunnel, &f.cell, s.now_us, nullptr); }},
      {"drain", [&, i] { return t.drain(i, s.tunnel, nullptr); }},
      {"poll", [&, i] { return t.poll(i, s.tunnel, &f.views, s.now_us, nullptr); }},
  };
}

void null_pointers_are_refused(Context& check) {
  Stage stage(check);
  stage.need_peer();
  Scene scene(stage.driver, {});
  Fine fine(scene);
  const std::pair<mpath_status, std::string_view> wanted{MPATH_E_ARGUMENT, "MPATH-P-9"};
  expect_all(check, stage.driver, null_instance_calls(scene, fine), wanted);
  expect_all(check, stage.driver, null_tunnel_calls(scene, fine), wanted);
  const Blame blame("MPATH-P-9");
  check.expect(stage.driver.instance_close(nullptr) == MPATH_OK, "MPATH-P-9",
               "instance_close of null is not ok");
  scene.finish();
}

void expect_stale(Context& check, Driver& driver, Scene& s, mpath_tunnel_id id) {
  const Blame blame("MPATH-P-10");
  const auto expect = [&](const char* call, mpath_status status) {
    check.expect(status == MPATH_E_STALE, "MPATH-P-10",
                 "{} on tunnel {:#x}, which is not alive, "
                 "answered {}",
                 call, id, status);
  };
  mpath_tunnel_info info{};
  mpath_detail detail{};
  mpath_leg_info leg_info{};
  mpath_activity activity{};
  mpath_grant grant{};
  Drained drained;
  Polled polled;
  std::uint32_t number = 0;
  mpath_leg_id leg = s.leg(0).id;
  std::vector<mpath_leg_id> legs;
  std::vector<mpath_leg_summary> summaries;
  const Views views = s.views();
  expect("tunnel_info", driver.tunnel_info(id, info));
  expect("tunnel_detail", driver.tunnel_detail(id, detail));
  expect("tunnel_snapshot", driver.tunnel_snapshot(id, 4, summaries, number));
  expect("tunnel_activity", driver.tunnel_activity(id, views, activity));
  expect("tunnel_close", driver.tunnel_close(id, s.now_us));
  expect("tunnel_destroy", driver.tunnel_destroy(id));
  expect("leg_set_path", driver.leg_set_path(id, leg, make_circuit(0).path));
  expect("legs_add", driver.legs_add(id, {make_circuit(1)}, views, legs));
  expect("link", driver.link(id, s.now_us));
  expect("leg_remove", driver.leg_remove(id, {leg, MPATH_REASON_RETIRED}, views, s.now_us));
  expect("leg_take_single", driver.leg_take_single(id, leg_info, s.now_us));
  expect("leg_info", driver.leg_info(id, leg, leg_info));
  expect("leg_uses_stream_sendme", driver.leg_uses_stream_sendme(id, leg, 0, number));
  expect("padding_event", driver.padding_event(id, leg, MPATH_PADDING_SEND, s.now_us));
  expect("route", driver.route(id, {0, kData, kJoinHop, 0, 0, 1, 0}, views, s.now_us, grant));
  expect("can_read", driver.can_read(id, views, s.now_us, number, leg));
  expect("receive", driver.receive(id, s.make_cell(0, kData, 1), s.now_us, s.receipt()));
  expect("drain", driver.drain(id, 4, drained));
  expect("poll", driver.poll(id, views, s.now_us, MPATH_EVENTS_MAX, polled));
}

void stale_tunnels_are_a_status(Context& check) {
  Stage stage(check);
  stage.need_peer();
  Scene scene(stage.driver, {});
  Driver& driver = stage.driver;
  TunnelParams params;
  params.first = make_circuit(0);
  mpath_tunnel_id gone = 0;
  mpath_leg_id leg = 0;
  check.expect(driver.tunnel_create(params, gone, leg) == MPATH_OK, "MPATH-P-12", "no 2nd tunnel");
  check.expect(driver.tunnel_close(gone, 1) == MPATH_OK && driver.tunnel_destroy(gone) == MPATH_OK,
               "MPATH-P-12", "a tunnel without a history cannot be destroyed");
  for (const mpath_tunnel_id id :
       {mpath_tunnel_id{0}, gone, scene.tunnel + 0x1000000, ~mpath_tunnel_id{0},
        scene.tunnel ^ (mpath_tunnel_id{1} << 32)}) {
    expect_stale(check, driver, scene, id);
  }
  scene.finish();
}

void stale_legs_are_a_status(Context& check) {
  Stage stage(check);
  stage.need_peer();
  open_instance(stage.driver);
  Scene scene(stage.driver, {.legs = 3});
  Scene other(stage.driver, {});
  Driver& driver = stage.driver;
  scene.remove_harmlessly(2);
  const Blame blame("MPATH-P-10");
  for (const mpath_leg_id id : {mpath_leg_id{0}, scene.leg(2).id, other.leg(0).id, ~mpath_leg_id{0},
                                scene.leg(0).id ^ 0x40000000}) {
    const auto expect = [&](const char* call, mpath_status status, mpath_status wanted) {
      check.expect(status == wanted, "MPATH-P-10",
                   "{} with leg {:#x}, which is not of this tunnel, answered {}", call, id, status);
    };
    mpath_leg_info info{};
    std::uint32_t number = 0;
    mpath_cell cell = scene.make_cell(0, kData, 1);
    cell.leg = id;
    expect("leg_info", driver.leg_info(scene.tunnel, id, info), MPATH_E_STALE);
    expect("leg_uses_stream_sendme", driver.leg_uses_stream_sendme(scene.tunnel, id, 0, number),
           MPATH_E_STALE);
    expect("leg_remove",
           driver.leg_remove(scene.tunnel, {id, MPATH_REASON_RETIRED}, scene.views(), scene.now_us),
           MPATH_E_STALE);
    expect("receive", driver.receive(scene.tunnel, cell, scene.now_us, scene.receipt()),
           MPATH_E_STALE);
    expect("padding_event",
           driver.padding_event(scene.tunnel, id, MPATH_PADDING_SEND, scene.now_us), MPATH_IGNORED);
  }
  other.finish();
  scene.finish();
}

void ids_are_never_minted_twice(Context& check) {
  Stage stage(check);
  open_instance(stage.driver);
  TunnelParams params;
  params.first = make_circuit(0);
  std::set<mpath_tunnel_id> seen;
  for (int round = 0; round < 500; ++round) {
    mpath_tunnel_id tunnel = 0;
    mpath_leg_id leg = 0;
    const mpath_status status = stage.driver.tunnel_create(params, tunnel, leg);
    check.expect(status == MPATH_OK, "MPATH-P-12", "tunnel_create answered {}", status);
    check.expect(tunnel != 0 && seen.insert(tunnel).second, "MPATH-P-10",
                 "tunnel id {:#x} was minted twice", tunnel);
    (void)stage.driver.tunnel_close(tunnel, 1);
    (void)stage.driver.tunnel_destroy(tunnel);
  }
}

// An id of a leg that has gone must not name the next one: the scene sees to it when it joins.
void leg_ids_are_never_minted_twice(Context& check) {
  Stage stage(check);
  stage.need_peer();
  Scene scene(stage.driver, {});
  for (std::size_t number = 2; number < 30; ++number) {
    scene.join(1);
    scene.remove_harmlessly(number);
    (void)scene.poll();
  }
  scene.finish();
}

}  // namespace

std::vector<Check> states_checks();

std::vector<Check> life_checks() {
  std::vector<Check> all = {
      {"life.null_pointers_are_refused",
       {"MPATH-P-9"},
       null_pointers_are_refused,
       "Every function answers E_ARGUMENT for a null pointer"},
      {"life.stale_tunnels_are_a_status",
       {"MPATH-P-10", "MPATH-P-11"},
       stale_tunnels_are_a_status,
       "Every function answers E_STALE for tunnels that were, will be or never are"},
      {"life.stale_legs_are_a_status",
       {"MPATH-P-10", "MPATH-P-11"},
       stale_legs_are_a_status,
       "So it is with legs, also those of another tunnel"},
      {"life.ids_are_never_minted_twice",
       {"MPATH-P-10"},
       ids_are_never_minted_twice,
       "500 tunnels have 500 ids"},
      {"life.leg_ids_are_never_minted_twice",
       {"MPATH-P-10"},
       leg_ids_are_never_minted_twice,
       "Nor has a leg that joins the id of one that has gone"},
  };
  const std::vector<Check> states = states_checks();
  all.insert(all.end(), states.begin(), states.end());
  return all;
}

}  // namespace mpath::kit
