// Time: any step of the clock, and deadlines that are met early, late or exactly.
#include <algorithm>

#include "host_api/conformance/checks/groups.h"
#include "host_api/conformance/scene.h"

namespace mpath::kit {
namespace {

constexpr std::uint64_t kYear = 365ULL * 24 * 3600 * 1'000'000;

std::size_t count(const std::vector<mpath_event>& events, std::uint32_t kind,
                  std::uint32_t reason) {
  return static_cast<std::size_t>(std::ranges::count_if(events, [&](const mpath_event& event) {
    return event.kind == kind && event.reason == reason;
  }));
}

void steps_back_are_counted(Context& check) {
  Stage stage(check);
  stage.need_peer();
  open_instance(stage.driver);
  Scene scene(stage.driver, {});
  const auto steps = [&] {
    mpath_instance_info info{};
    (void)stage.driver.instance_info(info);
    return info.clock_steps_back;
  };
  (void)scene.poll();
  check.expect(steps() == 0, "MPATH-P-21", "a clock that stood still counts as stepped back");
  scene.now_us -= 500;
  scene.send(0);
  const mpath_status status = scene.arrive(0);
  check.expect(status == MPATH_OK, "MPATH-P-21", "receive after a step back answered {}", status);
  scene.now_us += 1'000;
  (void)scene.poll();
  check.expect(steps() == 1, "MPATH-P-21", "the clock stepped back once, clock_steps_back is {}",
               steps());
  scene.finish();
}

// A LINK that was sent at 10 and answered at 9 took no time, not forever.
void no_time_runs_backwards(Context& check) {
  Stage stage(check);
  stage.need_peer();
  Scene scene(stage.driver, {.linked = false});
  scene.link();
  (void)scene.poll();
  scene.now_us -= 1'000;
  const mpath_status status = scene.answer(0);
  check.expect(status == MPATH_CONSUMED, "MPATH-P-21", "LINKED after a step back answered {}",
               status);
  const std::uint64_t rtt = scene.leg_info(0).handshake_rtt_us;
  check.expect(rtt == MPATH_NEVER || rtt < 1'000, "MPATH-P-21",
               "the clock stepped back and the handshake took {} us", rtt);
  scene.finish();
}

void the_whole_range_is_taken(Context& check) {
  Stage stage(check);
  open_instance(stage.driver);
  Driver& driver = stage.driver;
  for (const std::uint64_t now : {std::uint64_t{0}, std::uint64_t{1}, kYear,
                                  std::uint64_t{INT64_MAX} / 4, std::uint64_t{MPATH_TIME_MAX}}) {
    Scene scene(driver, {.joined = false});
    scene.now_us = now;
    (void)scene.poll();
    std::uint64_t next = 0;
    const mpath_status status = driver.instance_tick(now, next);
    check.expect(status == MPATH_OK, "MPATH-P-32", "instance_tick at {} answered {}", now, status);
    scene.finish();
  }
}

void later_is_refused(Context& check) {
  Stage stage(check);
  stage.need_peer();
  Driver& driver = stage.driver;
  Scene s(driver, {});
  const auto expect = [&](const char* call, std::uint64_t now, mpath_status status) {
    check.expect(status == MPATH_E_ARGUMENT, "MPATH-P-32", "{} at {} answered {}", call, now,
                 status);
  };
  // So that more of the same is expected on that leg.
  const mpath_status before =
      driver.receive(s.tunnel, s.make_cell(0, kData, 1), s.now_us, s.receipt());
  check.expect(before == MPATH_OK, "MPATH-P-32", "receive answered {}", before);
  for (const std::uint64_t now : {std::uint64_t{MPATH_TIME_MAX} + 1, std::uint64_t{INT64_MAX},
                                  std::uint64_t{1} << 63U, std::uint64_t{UINT64_MAX}}) {
    std::uint64_t next = 0;
    std::uint32_t reason = 0;
    mpath_leg_id leg = 0;
    mpath_leg_info info{};
    mpath_grant grant{};
    Polled polled;
    const Views views = s.views();
    expect("instance_tick", now, driver.instance_tick(now, next));
    expect("tunnel_close", now, driver.tunnel_close(s.tunnel, now));
    expect("link", now, driver.link(s.tunnel, now));
    expect("leg_remove", now,
           driver.leg_remove(s.tunnel, {s.leg(0).id, MPATH_REASON_RETIRED}, views, now));
    expect("leg_take_single", now, driver.leg_take_single(s.tunnel, info, now));
    expect("padding_event", now,
           driver.padding_event(s.tunnel, s.leg(0).id, MPATH_PADDING_SEND, now));
    expect("route", now,
           driver.route(s.tunnel, {0, kData, kJoinHop, 0, 0, 1, 0}, views, now, grant));
    expect("can_read", now, driver.can_read(s.tunnel, views, now, reason, leg));
    expect("receive", now, driver.receive(s.tunnel, s.make_cell(0, kData, 2), now, s.receipt()));
    expect("poll", now, driver.poll(s.tunnel, views, now, MPATH_EVENTS_MAX, polled));
  }
  s.finish();
}

// Both legs wait for LINKED; answers the deadline.
std::uint64_t await_linked(Context& check, Scene& scene) {
  scene.backlog = 0;
  scene.link();
  Polled polled;
  (void)scene.poll_with_room(MPATH_EVENTS_MAX, polled);
  check.expect(polled.next_deadline_us > scene.now_us && polled.next_deadline_us != MPATH_NEVER,
               "MPATH-P-32", "LINK was sent, but poll names {} as the next deadline",
               polled.next_deadline_us);
  check.expect(scene.info().next_deadline_us == polled.next_deadline_us, "MPATH-P-32",
               "poll and tunnel_info name different deadlines");
  return polled.next_deadline_us;
}

void handshakes_end_in_time(Context& check) {
  Stage stage(check);
  stage.need_peer();
  open_instance(stage.driver);
  for (const std::uint64_t late : {std::uint64_t{0}, std::uint64_t{1}, kYear}) {
    Scene scene(stage.driver, {.linked = false});
    const std::uint64_t deadline = await_linked(check, scene);
    scene.now_us = deadline - 1;
    check.expect(scene.poll().empty(), "MPATH-P-32", "a handshake ended before its deadline");
    scene.now_us = deadline + late;
    const std::vector<mpath_event> events = scene.poll();
    check.expect(count(events, MPATH_EVENT_LINK_RESULT, MPATH_REASON_HANDSHAKE_TIMEOUT) == 2 &&
                     count(events, MPATH_EVENT_REMOVE_LEG, MPATH_REASON_HANDSHAKE_TIMEOUT) == 2,
                 "MPATH-P-32", "{} us after the deadline not both handshakes have ended", late);
    scene.finish();
  }
}

void at_its_deadline_is_too_late(Context& check) {
  Stage stage(check);
  stage.need_peer();
  open_instance(stage.driver);
  for (const bool in_time : {true, false}) {
    Scene scene(stage.driver, {.linked = false});
    const std::uint64_t deadline = await_linked(check, scene);
    scene.now_us = in_time ? deadline - 1 : deadline;
    const mpath_status status = scene.answer(0);
    check.expect(status == MPATH_CONSUMED, "MPATH-P-32",
                 "LINKED at its deadline was answered with {}", status);
    (void)scene.poll();
    check.expect(scene.info().linked_count == (in_time ? 1U : 0U), "MPATH-P-32",
                 "LINKED came {} its deadline, and {} legs are linked", in_time ? "before" : "at",
                 scene.info().linked_count);
    scene.finish();
  }
}

// One cell is missing for good. A host that only ever wakes when it is told to must see an end;
// that ticks too, as a plugin that publishes something names the next tick else.
void a_stall_ends(Context& check) {
  Stage stage(check);
  stage.need_peer();
  Scene scene(stage.driver, {});
  scene.backlog = 0;
  scene.send(0);
  scene.send(1);
  (void)scene.arrive(1);
  for (int round = 0; round < 10 && !scene.is_closed(); ++round) {
    std::uint64_t next_tick = 0;
    (void)stage.driver.instance_tick(scene.now_us, next_tick);
    Polled polled;
    (void)scene.poll_with_room(MPATH_EVENTS_MAX, polled);
    if (scene.is_closed()) break;
    check.expect(polled.next_deadline_us != MPATH_NEVER && polled.next_deadline_us > scene.now_us,
                 "MPATH-P-32", "a cell waits for another that is lost, and no deadline is named");
    scene.now_us = polled.next_deadline_us;
  }
  check.expect(scene.is_closed(), "MPATH-P-32", "ten deadlines later the tunnel still waits");
  check.expect(scene.info().close_reason == MPATH_REASON_STALLED, "MPATH-P-32",
               "a tunnel that stalled closed for reason {}", scene.info().close_reason);
  scene.finish();
}

void a_query_expires_nothing(Context& check) {
  Stage stage(check);
  stage.need_peer();
  Scene scene(stage.driver, {.linked = false});
  const std::uint64_t deadline = await_linked(check, scene);
  std::uint32_t reason = 0;
  mpath_leg_id leg = 0;
  (void)stage.driver.can_read(scene.tunnel, scene.views(), deadline + kYear, reason, leg);
  check.expect(scene.leg_info(0).state == MPATH_LEG_AWAITING_LINKED, "MPATH-P-32",
               "can_read is a pure query, but it ended a handshake");
  check.expect(scene.answer(0) == MPATH_CONSUMED && scene.answer(1) == MPATH_CONSUMED, "MPATH-P-32",
               "after can_read at a later time LINKED is too late");
  scene.finish();
}

}  // namespace

std::vector<Check> time_checks() {
  return {
      {"time.steps_back_are_counted",
       {"MPATH-P-21"},
       steps_back_are_counted,
       "A clock that steps back is clamped and counted once"},
      {"time.no_time_runs_backwards",
       {"MPATH-P-21"},
       no_time_runs_backwards,
       "A handshake across a step back takes no negative time"},
      {"time.the_whole_range_is_taken",
       {"MPATH-P-32"},
       the_whole_range_is_taken,
       "From 0 to MPATH_TIME_MAX"},
      {"time.later_is_refused",
       {"MPATH-P-32", "MPATH-P-11"},
       later_is_refused,
       "Later than MPATH_TIME_MAX is E_ARGUMENT in every function"},
      {"time.handshakes_end_in_time",
       {"MPATH-P-32"},
       handshakes_end_in_time,
       "Not before the deadline, at it, and a year late"},
      {"time.at_its_deadline_is_too_late",
       {"MPATH-P-32"},
       at_its_deadline_is_too_late,
       "LINKED counts until one microsecond before the deadline"},
      {"time.a_stall_ends",
       {"MPATH-P-32"},
       a_stall_ends,
       "A cell that never comes ends the tunnel at a deadline that poll names"},
      {"time.a_query_expires_nothing",
       {"MPATH-P-32"},
       a_query_expires_nothing,
       "can_read in the far future changes nothing"},
  };
}

}  // namespace mpath::kit
