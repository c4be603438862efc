// Threads: a smoke test. Build the kit and the plugin with ThreadSanitizer for more.
#include <array>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>

#include "host_api/conformance/checks/groups.h"
#include "host_api/conformance/history.h"

namespace mpath::kit {
namespace {

constexpr int kOwners = 3;
constexpr int kRounds = 40;

// The first failure of any thread.
class Failures {
 public:
  void run(const std::function<void()>& work) {
    try {
      work();
    } catch (const Failure& failure) {
      const std::lock_guard lock(mutex_);
      // It went well alone, so it is a matter of threads.
      if (!first_) first_ = Failure("MPATH-P-24", failure.what());
    }
  }
  void rethrow() const {
    if (first_) throw *first_;
  }

 private:
  std::mutex mutex_;
  std::optional<Failure> first_;
};

void own_tunnels(const Settings& settings, const mpath_plugin_table& table,
                 mpath_instance* instance, std::atomic<mpath_tunnel_id>& shown) {
  Context check(settings);
  Driver driver(check, table);
  driver.instance = instance;
  for (int round = 0; round < kRounds; ++round) {
    Scene scene(driver, {});
    shown.store(scene.tunnel);
    for (const std::size_t leg : {0U, 1U, 1U, 0U}) scene.send(leg);
    for (const std::size_t leg : {1U, 0U, 1U, 0U}) (void)scene.arrive(leg);
    check.expect(scene.drain().size() == 3, "MPATH-P-13", "three tokens were to be drained");
    mpath_grant grant{};
    check.expect(scene.route(5, grant) == MPATH_OK, "MPATH-P-18", "nothing is granted");
    scene.finish();
  }
}

void look_on(Context& check, Driver& driver, mpath_tunnel_id tunnel) {
  std::vector<mpath_leg_summary> legs;
  std::uint32_t count = 0;
  const mpath_status status = driver.tunnel_snapshot(tunnel, 8, legs, count);
  check.expect(status == MPATH_OK || status == MPATH_E_STALE, "MPATH-P-24",
               "tunnel_snapshot from another thread answered {}", status);
  check.expect(count <= 2, "MPATH-P-24", "a snapshot shows {} legs of two", count);
  mpath_instance_info info{};
  check.expect(driver.instance_info(info) == MPATH_OK && info.tunnels <= kOwners, "MPATH-P-24",
               "instance_info from another thread says {} tunnels", info.tunnels);
  LogTaken taken;
  std::vector<mpath_tunnel_id> victims;
  std::uint64_t next = 0;
  check.expect(driver.instance_drain_log(32, taken) == MPATH_OK &&
                   driver.instance_shed(0, 4, victims, count) == MPATH_OK &&
                   driver.instance_tick(1, next) == MPATH_OK &&
                   driver.instance_reload(&driver.configuration()) == MPATH_OK,
               "MPATH-P-24", "a call that is [any-thread] fails from another thread");
}

void each_owns_a_tunnel(Context& check) {
  Stage stage(check);
  stage.need_peer();
  open_instance(stage.driver);
  std::atomic<mpath_tunnel_id> nobody_looks{0};
  own_tunnels(check.settings(), stage.driver.table, stage.driver.instance, nobody_looks);
  std::array<std::atomic<mpath_tunnel_id>, kOwners> shown{};
  std::atomic<int> running{kOwners};
  Failures failures;
  std::vector<std::thread> owners;
  for (auto& slot : shown) {
    owners.emplace_back([&, instance = stage.driver.instance] {
      failures.run([&] { own_tunnels(check.settings(), stage.driver.table, instance, slot); });
      running.fetch_sub(1);
    });
  }
  failures.run([&] {
    while (running.load() > 0) {
      for (const auto& slot : shown) look_on(check, stage.driver, slot.load());
    }
  });
  for (std::thread& owner : owners) owner.join();
  failures.rethrow();
  const mpath_status status = stage.driver.instance_close(stage.driver.instance);
  check.expect(status == MPATH_OK, "MPATH-P-24", "instance_close afterwards answered {}", status);
}

}  // namespace

std::vector<Check> threads_checks() {
  return {
      {"threads.each_owns_a_tunnel",
       {"MPATH-P-24"},
       each_owns_a_tunnel,
       "Three threads with a tunnel each, a fourth that looks on"},
  };
}

}  // namespace mpath::kit
