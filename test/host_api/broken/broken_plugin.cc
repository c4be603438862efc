#define MPATH_BUILDING_PLUGIN
#include <dlfcn.h>
#include <mpath/plugin.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "test/host_api/broken/broken.h"

#ifdef CONFLUX_BROKEN_EXTRA_EXPORT
// Beside the entry point, and so against MPATH-P-1.
extern "C" __attribute__((visibility("default"))) int mpath_plugin_helper() { return 0; }
#endif
#ifdef CONFLUX_BROKEN_UNRESOLVED
extern "C" int mpath_host_function_that_nobody_has();
int (*mpath_wanted_from_the_host)() = mpath_host_function_that_nobody_has;
#endif

namespace conflux::broken {
namespace {

constinit const mpath_plugin_table* real_table = nullptr;
constinit mpath_negotiate_fn real_entry = nullptr;
constinit mpath_plugin_table table{};
constinit Entry entry = Entry::kRight;

[[noreturn]] void give_up(const char* what) {
  std::fprintf(stderr, "broken_plugin: %s\n", what);
  std::abort();
}

bool install(std::span<const Breakage> breakages, const char* name) {
  for (const Breakage& breakage : breakages) {
    if (std::strcmp(breakage.name, name) != 0) continue;
    breakage.install(table);
    return true;
  }
  return false;
}

// Before negotiation, which must take no resource.
__attribute__((constructor)) void prepare() {
  void* library = ::dlopen(CONFLUX_PLUGIN, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) give_up(::dlerror());
  real_entry = reinterpret_cast<mpath_negotiate_fn>(::dlsym(library, MPATH_NEGOTIATE_SYMBOL));
  mpath_negotiation io{};
  io.struct_size = sizeof io;
  io.host_major_min = io.host_major_max = 1;
  io.magic = MPATH_NEGOTIATION_MAGIC;
  if (real_entry == nullptr || real_entry(&io) != MPATH_OK) give_up("the real plugin is not right");
  real_table = io.table;
  table = *io.table;
  const char* name = std::getenv("MPATH_BROKEN");
  if (name == nullptr || *name == '\0') return;
  for (const auto breakages :
       {breakages_of_the_entry(), breakages_of_structs(), breakages_of_cells(),
        breakages_of_events(), breakages_of_conduct()}) {
    if (install(breakages, name)) return;
  }
  give_up("MPATH_BROKEN names nothing that can be broken");
}

}  // namespace

const mpath_plugin_table& real() noexcept { return *real_table; }
void set_entry(Entry how) noexcept { entry = how; }

namespace {

mpath_status negotiate(mpath_negotiation* io) {
  if (entry == Entry::kTakesAnyMajor && io != nullptr && io->struct_size >= sizeof *io &&
      io->host_major_min > 1) {
    io->plugin_major_min = io->plugin_major_max = 1;
    io->major = io->host_major_max;
    io->table = &table;
    return MPATH_OK;
  }
  const mpath_status status = real_entry(io);
  if (status == MPATH_E_VERSION && entry == Entry::kHidesItsRange) {
    io->plugin_major_min = io->plugin_major_max = 0;
  }
  if (status != MPATH_OK) return status;
  io->table = &table;
  if (entry == Entry::kCopiesTable) {
    io->table = static_cast<mpath_plugin_table*>(
        std::memcpy(std::malloc(sizeof table), &table, sizeof table));
  }
  return status;
}

}  // namespace
}  // namespace conflux::broken

mpath_status mpath_plugin_negotiate(mpath_negotiation* io) {
  return conflux::broken::negotiate(io);
}
