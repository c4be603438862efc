// Loading and unloading.
#include <dirent.h>
#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "host_api/conformance/checks/groups.h"
#include "host_api/conformance/scene.h"

namespace mpath::kit {
namespace {

namespace fs = std::filesystem;

std::size_t count_entries(const char* folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder)) ++count;
  return count;
}

void resolves_all_symbols_at_once(Context& check) {
  const PluginFile file(check.settings().plugin);  // RTLD_NOW
  check.expect(file.entry() != nullptr, "MPATH-P-1", "no entry point");
}

void opens_and_starts_nothing(Context& check) {
  const std::size_t descriptors = count_entries("/proc/self/fd");
  const std::size_t threads = count_entries("/proc/self/task");
  Stage stage(check);
  // Not with a configuration of somebody's own, which may ask for a file that is kept.
  open_defaults(stage.driver);
  check.expect(count_entries("/proc/self/fd") == descriptors, "MPATH-P-29",
               "loading and opening left a descriptor open");
  check.expect(count_entries("/proc/self/task") == threads, "MPATH-P-29",
               "loading and opening started a thread");
}

// The same file by another name is the same plugin, in the same state.
void twice_is_the_same(Context& check) {
  const PluginFile first(check.settings().plugin);
  const PluginFile second(fs::canonical(check.settings().plugin).string());
  check.expect(first.entry() == second.entry(), "MPATH-P-2",
               "loaded by two names, the plugin has two entry points");
  check.expect(&first.table() == &second.table(), "MPATH-P-2", "it has two tables");
}

void works_after_dlclose(Context& check) {
  {
    Stage stage(check);
    Scene(stage.driver, {.joined = false}).finish();
  }
  const std::string path = fs::canonical(check.settings().plugin).string();
  void* again = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  check.expect(again != nullptr, "MPATH-P-29", "it cannot be loaded twice");
  ::dlclose(again);
  ::dlclose(again);
  Stage stage(check);
  Scene(stage.driver, {.joined = false}).finish();
}

void opens_and_closes_a_thousand_times(Context& check) {
  Stage stage(check);
  for (int round = 0; round < 1000; ++round) {
    stage.driver.instance = nullptr;
    open_instance(stage.driver);
    const mpath_status status = stage.driver.instance_close(stage.driver.instance);
    check.expect(status == MPATH_OK, "MPATH-P-12", "instance_close answered {}", status);
  }
}

}  // namespace

std::vector<Check> load_checks() {
  return {
      {"load.resolves_all_symbols_at_once",
       {"MPATH-P-1"},
       resolves_all_symbols_at_once,
       "dlopen with RTLD_NOW finds every symbol without any of the host's"},
      {"load.opens_and_starts_nothing",
       {"MPATH-P-29"},
       opens_and_starts_nothing,
       "Loading and opening leave no descriptor and no thread behind"},
      {"load.twice_is_the_same",
       {"MPATH-P-2"},
       twice_is_the_same,
       "Loaded by two names it is one plugin"},
      {"load.works_after_dlclose",
       {"MPATH-P-29"},
       works_after_dlclose,
       "Closed and loaded again it works as before"},
      {"load.opens_and_closes_a_thousand_times",
       {"MPATH-P-12"},
       opens_and_closes_a_thousand_times,
       "Instances may come and go"},
  };
}

}  // namespace mpath::kit
