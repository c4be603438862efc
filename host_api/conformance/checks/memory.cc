// Memory: what is taken is given back, and any allocation may fail.
#include <memory>
#include <sstream>

#include "host_api/conformance/allocations.h"
#include "host_api/conformance/checks/groups.h"
#include "host_api/conformance/history.h"

namespace mpath::kit {
namespace {

void everything_is_given_back(Context& check) {
  Stage stage(check);
  stage.need_peer();
  (void)play_script(stage.driver, 7);  // whatever is made once per process
  const std::int64_t before = plugin_blocks();
  for (int life = 0; life < 20; ++life) (void)play_script(stage.driver, 7);
  (void)play_random(stage.driver, {.seed = check.settings().seed, .steps = 2'000});
  const std::int64_t after = plugin_blocks();
  check.expect(plugin_allocations() > 0, "MPATH-P-30", "the kit does not see the plugin's memory");
  check.expect(after == before, "MPATH-P-30", "21 lives later {} blocks more are allocated",
               after - before);
}

// A tunnel that is destroyed takes nothing with it, however it stood.
void tunnels_give_back_theirs(Context& check) {
  Stage stage(check);
  stage.need_peer();
  open_instance(stage.driver);
  const auto live = [&](int kind) {
    Scene scene(stage.driver, {.legs = 4, .joined = kind > 0, .linked = kind > 1});
    if (kind > 2) {
      for (int i = 0; i < 60; ++i) scene.send(i == 0 ? 0 : 1);
      for (int i = 1; i < 60; ++i) (void)scene.arrive(1);
    }
    scene.finish();
  };
  for (int kind = 0; kind < 4; ++kind) live(kind);
  const std::int64_t before = plugin_blocks();
  for (int round = 0; round < 50; ++round) live(round % 4);
  const std::int64_t growth = plugin_blocks() - before;
  // A log that nobody reads may keep a block or two.
  check.expect(growth <= 8, "MPATH-P-30", "50 tunnels came and went, {} blocks more are allocated",
               growth);
}

std::string without_log(const std::string& trace) {
  std::istringstream in(trace);
  std::string out;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("log ")) out += line + "\n";
  }
  return out;
}

void every_allocation_may_fail(Context& check) {
  Stage stage(check);
  stage.need_peer();
  const std::string undisturbed = play_script_twice(stage.driver, 7);
  stage.driver.retries_no_memory = true;
  const Blame blame("MPATH-P-29");
  constexpr std::uint64_t kEnough = 100'000;
  std::uint64_t n = 1;
  for (; n < kEnough; ++n) {
    const std::int64_t before = plugin_blocks();
    stage.driver.instance = nullptr;
    bool has_failed = false;
    std::string trace;
    {
      const FailingAllocation failing(n);
      trace = play_script(stage.driver, 7);
      has_failed = FailingAllocation::has_failed();
    }
    if (!has_failed) break;
    // The log may lose a line: an entry is never worth a tunnel.
    check.expect(without_log(trace) == without_log(undisturbed), "MPATH-P-11",
                 "allocation {} failed, the call was repeated, and things went differently: {}", n,
                 Trace::first_difference(without_log(undisturbed), without_log(trace)));
    check.expect(plugin_blocks() == before, "MPATH-P-30",
                 "allocation {} failed, and {} blocks were never given back", n,
                 plugin_blocks() - before);
  }
  check.expect(n < kEnough, "MPATH-P-29", "a short life takes {} allocations", n);
  if (is_sanitized()) return;
  check.expect(n > 1, "MPATH-P-29", "the kit does not see the plugin's allocations");
}

// The tunnel whose data is oldest goes first, and only as many as are needed.
void shedding_takes_the_oldest(Context& check) {
  Stage stage(check);
  stage.need_peer();
  open_instance(stage.driver);
  Driver& driver = stage.driver;
  std::vector<std::unique_ptr<Scene>> scenes;
  for (const std::uint64_t start : {3'000'000U, 1'000'000U, 2'000'000U}) {
    scenes.push_back(std::make_unique<Scene>(driver, SceneOptions{}));
    Scene& scene = *scenes.back();
    scene.now_us = start * 10;
    scene.cost = 100'000;
    scene.send(0);
    scene.send(1);
    (void)scene.arrive(1);
  }
  std::vector<mpath_tunnel_id> victims;
  std::uint32_t count = 0;
  check.expect(driver.instance_shed(0, 4, victims, count) == MPATH_OK && count == 0, "MPATH-P-34",
               "shedding nothing names {} victims", count);
  check.expect(driver.instance_shed(1, 4, victims, count) == MPATH_OK && count == 1 &&
                   victims.at(0) == scenes[1]->tunnel,
               "MPATH-P-34", "one byte was to be shed: {} victims, and not the oldest", count);
  scenes[1]->expect_close();
  (void)scenes[1]->poll();
  check.expect(scenes[1]->is_closed() && scenes[1]->info().close_reason == MPATH_REASON_SHED,
               "MPATH-P-34", "the victim's owner finds it in state {}, reason {}",
               scenes[1]->info().state, scenes[1]->info().close_reason);
  for (const std::size_t other : {std::size_t{0}, std::size_t{2}}) {
    (void)scenes[other]->poll();
    check.expect(!scenes[other]->is_closed(), "MPATH-P-34", "more was shed than was asked for");
  }
  for (const auto& scene : scenes) scene->finish();
  mpath_instance_info info{};
  (void)driver.instance_info(info);
  check.expect(info.held_bytes == 0, "MPATH-P-34", "no tunnel is left, but {} bytes are held",
               info.held_bytes);
}

}  // namespace

std::vector<Check> memory_checks() {
  return {
      {"memory.everything_is_given_back",
       {"MPATH-P-30"},
       everything_is_given_back,
       "No block is left when the last instance is closed"},
      {"memory.tunnels_give_back_theirs",
       {"MPATH-P-30"},
       tunnels_give_back_theirs,
       "Tunnels that come and go do not make an instance grow"},
      {"memory.every_allocation_may_fail",
       {"MPATH-P-11", "MPATH-P-29", "MPATH-P-30"},
       every_allocation_may_fail,
       "The n-th allocation of a life fails, for every n: E_NO_MEMORY, and then as if nothing was"},
      {"memory.shedding_takes_the_oldest",
       {"MPATH-P-34"},
       shedding_takes_the_oldest,
       "instance_shed closes the tunnels with the oldest data, no more than needed"},
  };
}

}  // namespace mpath::kit
