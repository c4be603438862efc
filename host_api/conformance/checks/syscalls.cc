// Sans-I/O, proved: behind a filter that lets nothing but memory and locks through.
#include "host_api/conformance/checks/groups.h"
#include "host_api/conformance/history.h"
#include "host_api/conformance/syscall_filter.h"

namespace mpath::kit {
namespace {

void filter_from_now_on(Context& check, bool allows_random) {
  if (is_sanitized()) check.skip("the kit is built with a sanitizer, which makes calls of its own");
  const bool installed = install_syscall_filter(
      {.report_descriptor = report_descriptor_of_process(), .allows_random = allows_random});
  if (!installed) check.skip("this system allows no system call filter");
}

void none_but_memory_and_locks(Context& check) {
  Stage stage(check);
  stage.need_peer();
  open_instance(stage.driver);
  filter_from_now_on(check, false);
  Scene scene(stage.driver, {.legs = 3});
  for (const std::size_t leg : {0U, 1U, 1U, 2U, 0U}) scene.send(leg);
  for (const std::size_t leg : {1U, 2U, 1U, 0U, 0U}) (void)scene.arrive(leg);
  (void)scene.drain();
  mpath_grant grant{};
  for (int i = 0; i < 20; ++i) (void)scene.route(30, grant);
  (void)scene.remove(2, MPATH_REASON_RETIRED);
  (void)scene.receive(0, kSwitch, {});
  (void)stage.driver.instance_reload(&stage.driver.configuration());
  std::uint64_t next = 0;
  (void)stage.driver.instance_tick(scene.now_us, next);
  LogTaken taken;
  (void)stage.driver.instance_drain_log(100, taken);
  scene.finish();
  // The defaults leave nothing to close but memory. What a configuration asks for may be a file.
  if (!stage.driver.configuration().empty()) return;
  const mpath_status status = stage.driver.instance_close(stage.driver.instance);
  check.expect(status == MPATH_OK, "MPATH-P-12", "instance_close answered {}", status);
}

void a_random_history_makes_none(Context& check) {
  Stage stage(check);
  stage.need_peer();
  if (!stage.driver.configuration().empty()) {
    check.skip("it opens instances behind the filter, and --config may ask that for files");
  }
  (void)play_random(stage.driver, {.seed = check.settings().seed, .steps = 50, .misuse = false});
  filter_from_now_on(check, false);
  (void)play_random(stage.driver, {.seed = check.settings().seed, .steps = 2'000, .misuse = false});
}

void without_a_seed_only_random_bytes(Context& check) {
  Stage stage(check);
  stage.need_peer();
  open_instance(stage.driver);
  // A CSPRNG may open a file when it is used for the first time: before the sandbox.
  Scene(stage.driver, {.seeded = false}).finish();
  filter_from_now_on(check, true);
  for (int i = 0; i < 20; ++i) Scene(stage.driver, {.seeded = false}).finish();
}

}  // namespace

std::vector<Check> syscalls_checks() {
  return {
      {"syscalls.none_but_memory_and_locks",
       {"MPATH-P-31"},
       none_but_memory_and_locks,
       "After instance_open every function does without the kernel, but for memory and locks",
       true},
      {"syscalls.a_random_history_makes_none",
       {"MPATH-P-31"},
       a_random_history_makes_none,
       "So does a random history, with instance_open and all",
       true},
      {"syscalls.without_a_seed_only_random_bytes",
       {"MPATH-P-31"},
       without_a_seed_only_random_bytes,
       "tunnel_create without a seed asks for random bytes at most",
       true},
  };
}

}  // namespace mpath::kit
