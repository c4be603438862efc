#include "host_api/conformance/history.h"

#include <algorithm>
#include <cstring>
#include <memory>

namespace mpath::kit {
namespace {

constexpr std::size_t kLegs = 3;

void expect_ok(Scene& scene, const char* call, mpath_status status) {
  scene.check().expect(status == MPATH_OK, "MPATH-P-11", "{} answered {} where it must be ok", call,
                       status);
}

void take_log(Driver& driver, Trace& trace) {
  LogTaken taken{.records = {}, .left = 1, .lost = 0};
  while (taken.left > 0) {
    const mpath_status status = driver.instance_drain_log(16, taken);
    driver.check.expect(status == MPATH_OK, "MPATH-P-12", "instance_drain_log answered {}", status);
    trace.log(taken.records);
    if (taken.records.empty()) break;
  }
}

void script_cells(Scene& scene, Trace& trace) {
  for (const std::size_t leg : {0U, 0U, 1U, 1U, 2U, 0U, 2U, 2U, 1U}) scene.send(leg);
  for (const std::size_t leg : {1U, 2U, 0U, 1U, 0U}) trace.call("receive", scene.arrive(leg));
  trace.tokens(scene, scene.drain());
  trace.info(scene);
  for (const std::size_t leg : {2U, 0U, 2U, 1U}) trace.call("receive", scene.arrive(leg));
  trace.tokens(scene, scene.drain());
  trace.events(scene, scene.poll());
  mpath_grant grant{};
  for (const std::uint32_t want : {1U, 40U, 100U, 60U, 3U}) {
    scene.leg(want % kLegs).view.ewma_rtt_us = 10'000;
    trace.call("route", scene.route(want, grant));
    trace.grant(scene, grant);
  }
  trace.call("route", scene.route(1, grant, kBegin));
}

void script_rest(Driver& driver, Scene& scene, Trace& trace) {
  mpath_activity activity{};
  expect_ok(scene, "tunnel_activity",
            driver.tunnel_activity(scene.tunnel, scene.views(), activity));
  expect_ok(scene, "padding_event",
            driver.padding_event(scene.tunnel, scene.leg(1).id, MPATH_PADDING_SEND, scene.now_us));
  expect_ok(scene, "instance_reload", driver.instance_reload(&driver.configuration()));
  std::vector<mpath_tunnel_id> victims;
  std::uint32_t count = 0;
  expect_ok(scene, "instance_shed", driver.instance_shed(0, 4, victims, count));
  std::vector<mpath_leg_summary> legs;
  expect_ok(scene, "tunnel_snapshot", driver.tunnel_snapshot(scene.tunnel, 8, legs, count));
  trace.call("snapshot legs", static_cast<mpath_status>(legs.size()));
  scene.send(1);
  scene.send(2);
  trace.call("receive", scene.arrive(2));
  trace.events(scene, scene.poll());
  trace.call("leg_remove", scene.remove(0, MPATH_REASON_RETIRED));
  trace.info(scene);
}

}  // namespace

std::string play_script(Driver& driver, std::uint8_t seed) {
  Trace trace;
  Scene scene(driver, {.legs = kLegs, .joined = false, .seed = seed});
  expect_ok(scene, "leg_set_path",
            driver.leg_set_path(scene.tunnel, scene.leg(0).id, make_circuit(0).path));
  scene.join(kLegs - 1);
  scene.link();
  trace.events(scene, scene.poll());
  for (const std::size_t leg : {2U, 0U, 1U}) {
    scene.now_us += kRoundTrip;
    trace.call("LINKED", scene.answer(leg));
    trace.events(scene, scene.poll());
  }
  script_cells(scene, trace);
  script_rest(driver, scene, trace);
  expect_ok(scene, "tunnel_close", driver.tunnel_close(scene.tunnel, scene.now_us));
  trace.info(scene);
  take_log(driver, trace);
  scene.finish();
  return trace.text();
}

std::string play_script_twice(Driver& driver, std::uint8_t seed) {
  const std::string first = play_script(driver, seed);
  const std::string second = play_script(driver, seed);
  driver.check.expect(first == second, "MPATH-P-22", "one script, two courses: {}",
                      Trace::first_difference(first, second));
  return first;
}

namespace {

class RandomLife {
 public:
  RandomLife(Driver& driver, const Random& options)
      : driver_(driver), options_(options), random_(options.seed) {}

  std::string play() {
    open_instance(driver_);
    begin();
    for (std::uint32_t step = 0; step < options_.steps; ++step) {
      one_step();
      if (over_) begin();
    }
    scene_->finish();
    const mpath_status status = driver_.instance_close(driver_.instance);
    driver_.check.expect(status == MPATH_OK, "MPATH-P-12", "instance_close answered {}", status);
    driver_.instance = nullptr;
    return trace_.text();
  }

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }

  void begin() {
    const std::uint64_t now = scene_ == nullptr ? 1'000'000 : scene_->now_us;
    if (scene_ != nullptr) scene_->finish();
    const std::size_t legs = 1 + below(4);
    scene_ = std::make_unique<Scene>(
        driver_,
        SceneOptions{.legs = legs, .joined = false, .seed = static_cast<std::uint8_t>(random_())});
    scene_->now_us = now;
    if (legs > 1) {
      scene_->join(legs - 1);
      scene_->shake_hands();
    }
    over_ = false;
    under_way_ = 0;
  }

  void one_step();
  void send();
  void arrive();
  void route();
  void acknowledge();
  void look();
  void remove();
  void be_rude();
  void poll_short();
  std::optional<std::size_t> any_leg();

  Driver& driver_;
  Random options_;
  std::mt19937_64 random_;
  std::unique_ptr<Scene> scene_;
  Trace trace_;
  std::size_t under_way_ = 0;
  bool over_ = false;
};

std::optional<std::size_t> RandomLife::any_leg() {
  std::vector<std::size_t> there;
  for (std::size_t i = 0; i < scene_->legs().size(); ++i) {
    if (!scene_->leg(i).gone) there.push_back(i);
  }
  if (there.empty()) return std::nullopt;
  return there[below(there.size())];
}

void RandomLife::one_step() {
  if (options_.stretches && chance(40)) driver_.stretch = static_cast<std::uint32_t>(8 * below(9));
  switch (below(24)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
      return send();
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
    case 10:
      return arrive();
    case 11:
    case 12:
      return trace_.tokens(*scene_, scene_->drain());
    case 13:
    case 14:
      trace_.events(*scene_, scene_->poll());
      over_ = scene_->is_closed();
      return;
    case 15:
    case 16:
      return route();
    case 17:
      return acknowledge();
    case 18:
    case 19:
      scene_->now_us += below(3'000);
      return;
    case 20:
      return look();
    case 21:
      return be_rude();
    case 22:
      return poll_short();
    default:
      if (chance(4)) remove();
  }
}

void RandomLife::send() {
  // An honest peer keeps to its windows: what has not arrived yet is bounded.
  constexpr std::size_t kUnderWayMax = 60;
  const std::optional<std::size_t> leg = any_leg();
  if (!leg || under_way_ >= kUnderWayMax || scene_->legs().size() < 2) return;
  scene_->send(*leg);
  ++under_way_;
}

void RandomLife::arrive() {
  const std::optional<std::size_t> leg = any_leg();
  if (!leg || scene_->leg(*leg).incoming.empty()) return;
  --under_way_;
  const mpath_status status = scene_->arrive(*leg);
  trace_.call("receive", status);
  if (status == MPATH_E_CLOSED) over_ = true;
}

void RandomLife::route() {
  if (scene_->legs().size() < 2) return;
  mpath_grant grant{};
  const std::optional<std::size_t> leg = any_leg();
  if (leg) scene_->leg(*leg).view.ewma_rtt_us = static_cast<std::uint32_t>(1'000 + below(50'000));
  if (leg) scene_->leg(*leg).view.flags = chance(5) ? MPATH_VIEW_CHANNEL_BLOCKED : 0;
  const mpath_status status =
      scene_->route(static_cast<std::uint32_t>(1 + below(80)), grant, chance(8) ? kBegin : kData);
  trace_.call("route", status);
  if (status == MPATH_OK) trace_.grant(*scene_, grant);
}

void RandomLife::acknowledge() {
  for (Scene::Leg& leg : scene_->legs()) {
    if (leg.view.inflight >= kIncrement && chance(2)) leg.view.inflight -= kIncrement;
  }
}

void RandomLife::look() {
  const mpath_tunnel_info info = scene_->info();
  driver_.check.expect(info.held_cells == scene_->held(), "MPATH-P-34",
                       "tunnel_info says {} held cells, the host holds {}", info.held_cells,
                       scene_->held());
  trace_.info(*scene_);
  LogTaken taken;
  (void)driver_.instance_drain_log(8, taken);
  trace_.log(taken.records);
  if (chance(3)) trace_.call("reload", driver_.instance_reload(&driver_.configuration()));
}

void RandomLife::remove() {
  const std::optional<std::size_t> leg = any_leg();
  if (!leg) return;
  const bool loses_cells = !scene_->leg(*leg).incoming.empty();
  under_way_ -= scene_->leg(*leg).incoming.size();
  trace_.call("leg_remove", scene_->remove(*leg, MPATH_REASON_CIRCUIT_DESTROYED));
  trace_.events(*scene_, scene_->poll());
  // What was under way on it is lost for good, and the order with it.
  over_ = scene_->is_closed() || loses_cells;
}

void RandomLife::be_rude() {
  if (!options_.misuse) return;
  const mpath_tunnel_info before = scene_->info();
  mpath_status status = MPATH_E_VIEWS;
  std::string_view requirement;
  mpath_grant grant{};
  Views views = scene_->views();
  const mpath_route_request request{0, kData, kJoinHop, 0, 0, 1, 0};
  mpath_tunnel_info info{};
  switch (below(5)) {
    case 0:
      requirement = "MPATH-P-10";
      status = driver_.tunnel_info(scene_->tunnel + 1 + below(1000), info);
      break;
    case 1:
      requirement = "MPATH-P-20";
      if (scene_->legs().size() < 2) return;
      views.items.push_back(views.items.front());
      status = driver_.route(scene_->tunnel, request, views, scene_->now_us, grant);
      break;
    case 2:
      requirement = "MPATH-P-32";
      status = driver_.tunnel_close(scene_->tunnel, MPATH_TIME_MAX + 1 + below(1U << 30U));
      break;
    case 3:
      requirement = "MPATH-P-7";
      views.reserved = 1;
      status = driver_.route(scene_->tunnel, request, views, scene_->now_us, grant);
      break;
    default:
      requirement = "MPATH-P-10";
      status = driver_.leg_set_path(scene_->tunnel, ~mpath_leg_id{0}, make_circuit(0).path);
  }
  driver_.check.expect(status < 0, requirement, "misuse was answered with {}", status);
  const mpath_tunnel_info after = scene_->info();
  driver_.check.expect(std::memcmp(&before, &after, sizeof before) == 0, "MPATH-P-11",
                       "misuse, answered with {}, changed the tunnel", status);
}

void RandomLife::poll_short() {
  if (!options_.misuse) return;
  Polled polled;
  const mpath_status status = scene_->poll_with_room(1, polled);
  driver_.check.expect(status == MPATH_E_BUFFER || status == MPATH_OK, "MPATH-P-17",
                       "poll with room for one event answered {}", status);
  over_ = scene_->is_closed();
}

}  // namespace

std::string play_random(Driver& driver, const Random& random) {
  return RandomLife(driver, random).play();
}

}  // namespace mpath::kit
