// The groups of checks, one file each.
#pragma once

#include <vector>

#include "host_api/conformance/check.h"

namespace mpath::kit {

std::vector<Check> elf_checks();
std::vector<Check> load_checks();
std::vector<Check> negotiate_checks();
std::vector<Check> sizes_checks();
std::vector<Check> life_checks();
std::vector<Check> legs_checks();
std::vector<Check> cells_checks();
std::vector<Check> events_checks();
std::vector<Check> time_checks();
std::vector<Check> memory_checks();
std::vector<Check> config_checks();
std::vector<Check> log_checks();
std::vector<Check> determinism_checks();
std::vector<Check> syscalls_checks();
std::vector<Check> fork_checks();
std::vector<Check> threads_checks();
std::vector<Check> fuzz_checks();

}  // namespace mpath::kit
