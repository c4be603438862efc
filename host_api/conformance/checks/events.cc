// Events: once or for as long as the view says so, and never lost.
#include <algorithm>

#include "host_api/conformance/checks/groups.h"
#include "host_api/conformance/scene.h"

namespace mpath::kit {
namespace {

std::size_t count(const std::vector<mpath_event>& events, std::uint32_t kind) {
  return static_cast<std::size_t>(std::ranges::count(events, kind, &mpath_event::kind));
}

struct Level {
  const char* what;
  std::uint32_t kind;
  void (*show)(Scene&);
};

constexpr Level kLevels[] = {
    {"INPUT_READY", MPATH_EVENT_HANDLE_CELL,
     [](Scene& s) { s.leg(0).view.flags = MPATH_VIEW_INPUT_READY; }},
    {"PADDING_READY", MPATH_EVENT_PADDING,
     [](Scene& s) { s.leg(0).view.flags = MPATH_VIEW_PADDING_READY; }},
    {"INPUT_CLOSED", MPATH_EVENT_REMOVE_LEG,
     [](Scene& s) { s.leg(0).view.flags = MPATH_VIEW_INPUT_CLOSED; }},
    {"HOP_STREAMS_READY", MPATH_EVENT_READ_STREAMS,
     [](Scene& s) { s.leg(0).view.flags = MPATH_VIEW_HOP_STREAMS_READY; }},
    {"a half-closed stream that expired", MPATH_EVENT_COLLECT_HALFSTREAMS,
     [](Scene& s) { s.leg(0).view.half_stream_expiry_us = s.now_us; }},
};

void levels_are_told_again(Context& check) {
  Stage stage(check);
  stage.need_peer();
  open_instance(stage.driver);
  for (const Level& level : kLevels) {
    Scene scene(stage.driver, {});
    scene.backlog = 0;
    (void)scene.poll();
    const auto tell = [&](std::size_t expected, const char* when) {
      const std::size_t found = count(scene.poll(), level.kind);
      check.expect(found == expected, "MPATH-P-16", "{}, {}: event {} was told {} times, not {}",
                   level.what, when, level.kind, found, expected);
    };
    tell(0, "before the view says so");
    level.show(scene);
    for (int round = 0; round < 3; ++round) tell(1, "while the view says so");
    scene.leg(0).view = {};
    tell(0, "when the view does not say so any more");
    scene.finish();
  }
}

void streams_are_read_while_there_is_room(Context& check) {
  Stage stage(check);
  stage.need_peer();
  Scene scene(stage.driver, {});
  const auto told = [&] { return count(scene.poll(), MPATH_EVENT_READ_STREAMS); };
  scene.backlog = 40;
  check.expect(told() == 1 && told() == 1, "MPATH-P-16",
               "streams have cells and there is room, but READ_STREAMS is not told at each poll");
  for (Scene::Leg& leg : scene.legs()) leg.view.inflight = kWindow;
  check.expect(told() == 0, "MPATH-P-16", "READ_STREAMS is told although all windows are full");
  scene.leg(0).view.inflight = scene.leg(1).view.inflight = 0;
  check.expect(told() == 1, "MPATH-P-16", "there is room again, but READ_STREAMS is not told");
  scene.finish();
}

void one_shots_are_told_once(Context& check) {
  Stage stage(check);
  stage.need_peer();
  Scene scene(stage.driver, {.linked = false});
  scene.backlog = 0;
  scene.link();
  check.expect(count(scene.poll(), MPATH_EVENT_SEND_CELL) == 2, "MPATH-P-15", "not two LINK cells");
  check.expect(scene.poll().empty(), "MPATH-P-15", "LINK was told twice");
  (void)scene.answer(0);
  const std::vector<mpath_event> linked = scene.poll();
  check.expect(
      count(linked, MPATH_EVENT_SEND_CELL) == 1 && count(linked, MPATH_EVENT_LINK_RESULT) == 1 &&
          count(linked, MPATH_EVENT_READY) == 1,
      "MPATH-P-15", "LINKED came, but LINKED_ACK, LINK_RESULT and READY were not all told");
  check.expect(scene.poll().empty(), "MPATH-P-15", "they were told twice");
  scene.remove_harmlessly(1);
  const std::vector<mpath_event> gone = scene.poll();
  check.expect(count(gone, MPATH_EVENT_LEG_GONE) == 1 && !gone.empty() &&
                   gone.back().kind == MPATH_EVENT_LEG_GONE,
               "MPATH-P-15", "LEG_GONE was not told, or not last");
  check.expect(scene.poll().empty(), "MPATH-P-15", "LEG_GONE was told twice");
  check.expect(stage.driver.tunnel_close(scene.tunnel, scene.now_us) == MPATH_OK, "MPATH-P-12",
               "tunnel_close");
  const std::vector<mpath_event> closed = scene.poll();
  check.expect(closed.size() == 2 && closed.front().kind == MPATH_EVENT_CLOSED &&
                   closed.back().kind == MPATH_EVENT_LEG_GONE,
               "MPATH-P-15", "a close did not tell CLOSED and then LEG_GONE");
  check.expect(scene.poll().empty(), "MPATH-P-15", "CLOSED or LEG_GONE was told twice");
  (void)scene.driver().tunnel_destroy(scene.tunnel);
}

void a_short_buffer_loses_nothing(Context& check) {
  Stage stage(check);
  stage.need_peer();
  open_instance(stage.driver);
  Scene(stage.driver, {.legs = 3}).finish();  // CLOSED and LEG_GONE are told where there is room
  Scene scene(stage.driver, {.legs = 3});
  check.expect(stage.driver.tunnel_close(scene.tunnel, scene.now_us) == MPATH_OK, "MPATH-P-12",
               "tunnel_close");
  scene.expect_close();
  for (const std::uint32_t room : {0U, 1U, 2U, 3U}) {
    Polled polled;
    polled.next_deadline_us = 12345;
    const mpath_status status = scene.poll_with_room(room, polled);
    check.expect(status == MPATH_E_BUFFER, "MPATH-P-17",
                 "four events wait, there is room for {}, and poll answered {}", room, status);
    check.expect(polled.count > 3 && polled.count <= MPATH_EVENTS_MAX, "MPATH-P-17",
                 "four events wait, and {} is said to suffice", polled.count);
    check.expect(polled.next_deadline_us == 12345, "MPATH-P-17",
                 "poll answered E_BUFFER and wrote next_deadline_us");
  }
  Polled polled;
  (void)scene.poll_with_room(0, polled);
  const mpath_status status = scene.poll_with_room(polled.count, polled);
  check.expect(status == MPATH_OK && polled.events.size() == 4, "MPATH-P-17",
               "after E_BUFFER {} of 4 events were told", polled.events.size());
  scene.finish();
}

}  // namespace

std::vector<Check> events_checks() {
  return {
      {"cells.level_events_are_told_again",
       {"MPATH-P-16"},
       levels_are_told_again,
       "HANDLE_CELL, PADDING, REMOVE_LEG, READ_STREAMS and COLLECT_HALFSTREAMS follow the views"},
      {"cells.streams_are_read_while_there_is_room",
       {"MPATH-P-16"},
       streams_are_read_while_there_is_room,
       "READ_STREAMS follows windows and backlog"},
      {"cells.one_shot_events_are_told_once",
       {"MPATH-P-15"},
       one_shots_are_told_once,
       "LINK, LINKED_ACK, LINK_RESULT, READY, LEG_GONE, CLOSED: once, LEG_GONE last"},
      {"cells.a_short_buffer_loses_no_event",
       {"MPATH-P-17"},
       a_short_buffer_loses_nothing,
       "E_BUFFER consumes nothing and says how much suffices"},
  };
}

}  // namespace mpath::kit
