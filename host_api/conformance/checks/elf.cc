// The file, before any of its code has run.
#include <algorithm>

#include "host_api/conformance/checks/groups.h"
#include "host_api/conformance/elf_file.h"

namespace mpath::kit {
namespace {

ElfFile read(Context& check) {
  try {
    return read_elf(check.settings().plugin);
  } catch (const std::runtime_error& error) {
    throw Failure("MPATH-P-1", error.what());
  }
}

void exports_its_entry_point_alone(Context& check) {
  bool found = false;
  for (const ElfSymbol& symbol : read(check).exported) {
    if (symbol.name == "mpath_plugin_negotiate") {
      found = true;
    } else {
      check.expect(false, "MPATH-P-1", "exports {} beside its entry point", symbol.name);
    }
  }
  check.expect(found, "MPATH-P-1", "does not export mpath_plugin_negotiate");
}

// No requirement of the ABI; what the tools of a distribution look for.
void is_hardened(Context& check) {
  const ElfFile file = read(check);
  check.advise(!file.has_text_relocations, "has text relocations");
  check.advise(!file.has_search_path, "has a search path for libraries of its own");
  check.advise(file.binds_now, "does not bind at once (-z now): what is missing shows late");
  check.advise(file.has_relro, "has no read-only relocations (-z relro)");
  check.advise(!file.stack_is_executable, "wants an executable stack");
  check.advise(!file.maps_writable_code, "maps code that can be written");
  check.advise(file.stays_loaded,
               "can be unloaded (no -z nodelete): see MPATH-H-21 for what can go wrong");
}

}  // namespace

std::vector<Check> elf_checks() {
  return {
      {"elf.exports_its_entry_point_alone",
       {"MPATH-P-1"},
       exports_its_entry_point_alone,
       "The file exports mpath_plugin_negotiate and nothing else"},
      {"elf.is_hardened", {}, is_hardened, "The file is linked as today's tools want it (advice)"},
  };
}

}  // namespace mpath::kit
