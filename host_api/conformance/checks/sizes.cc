// Hosts of other ages: every struct and every array element at each size that it ever had, smaller
// and larger; reserved fields; flags that nobody knows yet.
#include <algorithm>

#include "host_api/conformance/checks/groups.h"
#include "host_api/conformance/history.h"

namespace mpath::kit {
namespace {

struct Sized {
  std::string_view type;
  // In version 1.0, 1.1, ...: a release that makes a struct longer adds a number here.
  std::vector<std::uint32_t> sizes;
  std::string_view function;
  bool single_path;
  mpath_status (*call)(Scene&);
};

mpath_route_request data_request() { return {0, kData, kJoinHop, 0, 0, 1, 0}; }

mpath_status call_create(Scene& s) {
  TunnelParams params;
  params.first = make_circuit(0);
  mpath_tunnel_id tunnel = 0;
  mpath_leg_id leg = 0;
  const mpath_status status = s.driver().tunnel_create(params, tunnel, leg);
  const Skew skew = std::exchange(s.driver().skew, {});
  if (status == MPATH_OK) {
    (void)s.driver().tunnel_close(tunnel, s.now_us);
    (void)s.driver().tunnel_destroy(tunnel);
  }
  s.driver().skew = skew;
  return status;
}

mpath_status call_add(Scene& s) {
  std::vector<mpath_leg_id> out;
  return s.driver().legs_add(s.tunnel, {make_circuit(1), make_circuit(2)}, s.views(), out);
}

mpath_status call_route(Scene& s) {
  mpath_grant grant{};
  return s.driver().route(s.tunnel, data_request(), s.views(), s.now_us, grant);
}

mpath_status call_receive(Scene& s) {
  mpath_receipt receipt{};
  return s.driver().receive(s.tunnel, s.make_cell(0, kData, 1), s.now_us, receipt);
}

mpath_status call_poll(Scene& s) {
  Polled polled;
  return s.driver().poll(s.tunnel, s.views(), s.now_us, MPATH_EVENTS_MAX, polled);
}

mpath_status call_set_path(Scene& s) {
  return s.driver().leg_set_path(s.tunnel, s.leg(0).id, make_circuit(0).path);
}

std::vector<Sized> instance_structs() {
  return {
      {"mpath_config_text",
       {24},
       "config_check",
       false,
       [](Scene& s) {
         const std::string text;
         return s.driver().config_check(&text, 10, nullptr);
       }},
      {"mpath_config_text",
       {24},
       "instance_open",
       false,
       [](Scene& s) {
         const std::string text;
         mpath_instance* instance = nullptr;
         const mpath_status status = s.driver().instance_open(&text, instance);
         if (instance != nullptr) (void)s.driver().instance_close(instance);
         return status;
       }},
      {"mpath_config_text",
       {24},
       "instance_reload",
       false,
       [](Scene& s) {
         const std::string text = s.driver().configuration();
         return s.driver().instance_reload(&text);
       }},
      {"mpath_instance_info",
       {64},
       "instance_info",
       false,
       [](Scene& s) {
         mpath_instance_info out{};
         return s.driver().instance_info(out);
       }},
      {"mpath_tunnel_params", {32}, "tunnel_create", false, call_create},
      {"mpath_leg_params", {40}, "tunnel_create", false, call_create},
      {"mpath_leg_params", {40}, "legs_add", true, call_add},
  };
}

std::vector<Sized> tunnel_structs() {
  return {
      {"mpath_tunnel_info",
       {128},
       "tunnel_info",
       false,
       [](Scene& s) {
         mpath_tunnel_info out{};
         return s.driver().tunnel_info(s.tunnel, out);
       }},
      {"mpath_detail",
       {16},
       "tunnel_detail",
       false,
       [](Scene& s) {
         mpath_detail out{};
         return s.driver().tunnel_detail(s.tunnel, out);
       }},
      {"mpath_activity",
       {16},
       "tunnel_activity",
       false,
       [](Scene& s) {
         mpath_activity out{};
         return s.driver().tunnel_activity(s.tunnel, s.views(), out);
       }},
      {"mpath_leg_info",
       {88},
       "leg_info",
       false,
       [](Scene& s) {
         mpath_leg_info out{};
         return s.driver().leg_info(s.tunnel, s.leg(0).id, out);
       }},
      {"mpath_leg_info",
       {88},
       "leg_take_single",
       true,
       [](Scene& s) {
         mpath_leg_info out{};
         return s.driver().leg_take_single(s.tunnel, out, s.now_us);
       }},
      {"mpath_route_request", {24}, "route", false, call_route},
      {"mpath_grant", {104}, "route", false, call_route},
      {"mpath_cell", {40}, "receive", false, call_receive},
      {"mpath_receipt", {16}, "receive", false, call_receive},
  };
}

std::vector<Sized> elements() {
  return {
      {"mpath_leg_view[]", {72}, "route", false, call_route},
      {"mpath_leg_view[]", {72}, "poll", false, call_poll},
      {"mpath_leg_view[]",
       {72},
       "can_read",
       false,
       [](Scene& s) {
         std::uint32_t reason = 0;
         mpath_leg_id leg = 0;
         return s.driver().can_read(s.tunnel, s.views(), s.now_us, reason, leg);
       }},
      {"mpath_leg_view[]",
       {72},
       "leg_remove",
       false,
       [](Scene& s) {
         return s.driver().leg_remove(s.tunnel, {s.leg(1).id, MPATH_REASON_RETIRED}, s.views(),
                                      s.now_us);
       }},
      {"mpath_leg_view[]", {72}, "legs_add", true, call_add},
      {"mpath_hop[]", {16}, "leg_set_path", true, call_set_path},
      {"mpath_leg_params[]", {40}, "legs_add", true, call_add},
      {"mpath_event[]", {112}, "poll", false, call_poll},
      {"mpath_token[]",
       {24},
       "drain",
       false,
       [](Scene& s) {
         Drained drained;
         return s.driver().drain(s.tunnel, 4, drained);
       }},
      {"mpath_log_record[]",
       {40},
       "instance_drain_log",
       false,
       [](Scene& s) {
         LogTaken taken;
         return s.driver().instance_drain_log(4, taken);
       }},
      {"mpath_leg_summary[]",
       {40},
       "tunnel_snapshot",
       false,
       [](Scene& s) {
         std::vector<mpath_leg_summary> out;
         std::uint32_t count = 0;
         return s.driver().tunnel_snapshot(s.tunnel, 4, out, count);
       }},
  };
}

std::vector<Sized> all_structs() {
  std::vector<Sized> all;
  for (const auto& part : {instance_structs(), tunnel_structs(), elements()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

// A tunnel with two cells that wait to be drained.
void let_two_wait(Scene& scene) {
  for (const std::size_t leg : {0U, 1U, 1U}) scene.send(leg);
  for (const std::size_t leg : {1U, 1U, 0U}) (void)scene.arrive(leg);
}

mpath_status call_with(Scene& scene, const Sized& one, std::uint32_t size) {
  scene.driver().skew = {one.type, size};
  const mpath_status status = one.call(scene);
  scene.driver().skew = {};
  return status;
}

void refuse_smaller(Context& check, Driver& driver, const Sized& one) {
  driver.instance = nullptr;
  Scene scene(driver, {.joined = !one.single_path});
  const mpath_tunnel_info before = scene.info();
  const bool is_element = one.type.ends_with("[]");
  for (std::uint32_t size = 0; size < one.sizes.front(); size += is_element ? 8 : 4) {
    const Blame blame("MPATH-P-6");
    const mpath_status status = call_with(scene, one, size);
    check.expect(status == MPATH_E_SIZE, "MPATH-P-6", "{} with a {} of {} bytes answered {}",
                 one.function, one.type, size, status);
  }
  const mpath_tunnel_info after = scene.info();
  check.expect(std::memcmp(&before, &after, sizeof before) == 0, "MPATH-P-11",
               "{} with a {} that is too small changed the tunnel", one.function, one.type);
  (void)call_with(scene, one, one.sizes.back());
}

void smaller_is_refused(Context& check) {
  Stage stage(check);
  stage.need_peer();
  for (const Sized& one : all_structs()) refuse_smaller(check, stage.driver, one);
}

void accept(Context& check, Driver& driver, const Sized& one, std::uint32_t size) {
  driver.instance = nullptr;
  Scene scene(driver, {.joined = !one.single_path});
  if (one.type == "mpath_token[]") let_two_wait(scene);
  const mpath_status status = call_with(scene, one, size);
  check.expect(status >= 0, "MPATH-P-5", "{} with a {} of {} bytes answered {}", one.function,
               one.type, size, status);
}

void every_release_is_accepted(Context& check) {
  Stage stage(check);
  stage.need_peer();
  for (const Sized& one : all_structs()) {
    for (const std::uint32_t size : one.sizes) accept(check, stage.driver, one, size);
  }
}

void newer_is_accepted(Context& check) {
  Stage stage(check);
  stage.need_peer();
  mpath_negotiation io = make_offer(1, 1);
  (void)stage.file.entry()(&io);
  if (io.minor > MPATH_ABI_MINOR) check.skip("the plugin is newer than the kit");
  for (const Sized& one : all_structs()) {
    for (const std::uint32_t more : {8U, 64U}) {
      accept(check, stage.driver, one, one.sizes.back() + more);
    }
  }
}

// All structs at once, a whole life long.
void a_newer_host_sees_the_same(Context& check) {
  Stage stage(check);
  stage.need_peer();
  const std::string today = play_script_twice(stage.driver, 7);
  for (const std::uint32_t more : {8U, 64U}) {
    stage.driver.stretch = more;
    const std::string then = play_script(stage.driver, 7);
    check.expect(then == today, "MPATH-P-5", "with structs that are {} bytes longer, {}", more,
                 Trace::first_difference(today, then));
  }
}

void reserved_fields_must_be_zero(Context& check) {
  Stage stage(check);
  stage.need_peer();
  Scene scene(stage.driver, {});
  Driver& driver = stage.driver;
  const auto expect = [&](const char* what, mpath_status status) {
    check.expect(status == MPATH_E_ARGUMENT, "MPATH-P-7", "{}: status {}", what, status);
  };
  mpath_grant grant{};
  mpath_route_request request = data_request();
  request.reserved = 1;
  expect("mpath_route_request.reserved",
         driver.route(scene.tunnel, request, scene.views(), scene.now_us, grant));
  request = data_request();
  request.reserved2 = 1;
  expect("mpath_route_request.reserved2",
         driver.route(scene.tunnel, request, scene.views(), scene.now_us, grant));
  Views views = scene.views();
  views.reserved = 1;
  expect("mpath_leg_views.reserved",
         driver.route(scene.tunnel, data_request(), views, scene.now_us, grant));
  views = scene.views();
  views.items.back().reserved = 1;
  expect("mpath_leg_view.reserved",
         driver.route(scene.tunnel, data_request(), views, scene.now_us, grant));
  mpath_cell cell = scene.make_cell(0, kData, 1);
  cell.reserved = 1;
  expect("mpath_cell.reserved", driver.receive(scene.tunnel, cell, scene.now_us, scene.receipt()));
  expect("mpath_events.reserved", driver.poll_reserved(scene.tunnel, scene.views(), scene.now_us));
  scene.finish();
}

void unknown_flags(Context& check) {
  Stage stage(check);
  open_instance(stage.driver);
  Scene scene(stage.driver, {.joined = false});
  for (std::uint32_t bit = 2; bit < 32; ++bit) {
    mpath_leg_params circuit = make_circuit(1);
    circuit.flags = std::uint32_t{1} << bit;
    std::vector<mpath_leg_id> out;
    const mpath_status status = stage.driver.legs_add(scene.tunnel, {circuit}, scene.views(), out);
    check.expect(status == MPATH_E_ARGUMENT, "MPATH-P-8", "leg flag {:#x}: status {}",
                 circuit.flags, status);
  }
  for (std::uint32_t bit = 8; bit < 32; ++bit) {
    scene.leg(0).view.flags = std::uint32_t{1} << bit;
    Polled polled;
    const mpath_status status = scene.poll_with_room(MPATH_EVENTS_MAX, polled);
    check.expect(status == MPATH_OK, "MPATH-P-8", "view flag {:#x}: status {}",
                 scene.leg(0).view.flags, status);
  }
  scene.finish();
}

}  // namespace

std::vector<Check> sizes_checks() {
  return {
      {"negotiate.smaller_structs_are_refused",
       {"MPATH-P-6", "MPATH-P-11"},
       smaller_is_refused,
       "Every struct and stride below version 1.0 is E_SIZE, and nothing changes"},
      {"negotiate.structs_of_every_release_are_accepted",
       {"MPATH-P-5", "MPATH-P-28"},
       every_release_is_accepted,
       "Every struct at every size that it ever had"},
      {"negotiate.larger_structs_are_accepted",
       {"MPATH-P-5"},
       newer_is_accepted,
       "Every struct 8 and 64 bytes longer; the tail is left alone"},
      {"negotiate.a_newer_host_sees_the_same",
       {"MPATH-P-5"},
       a_newer_host_sees_the_same,
       "A whole life with longer structs goes as with today's"},
      {"negotiate.reserved_fields_must_be_zero",
       {"MPATH-P-7"},
       reserved_fields_must_be_zero,
       "A reserved field that is set is E_ARGUMENT"},
      {"negotiate.unknown_flags",
       {"MPATH-P-8"},
       unknown_flags,
       "Unknown flags of a view are ignored, those of a leg are refused"},
  };
}

}  // namespace mpath::kit
