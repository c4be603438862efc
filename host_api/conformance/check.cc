#include "host_api/conformance/check.h"

#include <algorithm>

#include "host_api/conformance/checks/groups.h"

namespace mpath::kit {
namespace {

// One blame at a time, whichever thread set it: a crash ends the process anyway. Only string
// literals come here, so the data ends with NUL and outlives everything.
std::string_view current_blame;

}  // namespace

Blame::Blame(std::string_view requirement) noexcept
    : before_(std::exchange(current_blame, requirement)) {}

Blame::~Blame() { current_blame = before_; }

const char* Blame::current() noexcept { return current_blame.data(); }

const std::vector<Check>& all_checks() {
  static const std::vector<Check> all = [] {
    std::vector<Check> checks;
    for (const auto& group :
         {elf_checks(), load_checks(), negotiate_checks(), sizes_checks(), life_checks(),
          legs_checks(), cells_checks(), events_checks(), time_checks(), memory_checks(),
          config_checks(), log_checks(), determinism_checks(), syscalls_checks(), fork_checks(),
          threads_checks(), fuzz_checks()}) {
      checks.insert(checks.end(), group.begin(), group.end());
    }
    return checks;
  }();
  return all;
}

std::vector<std::string> checks_of(std::string_view requirement) {
  std::vector<std::string> names;
  for (const Check& check : all_checks()) {
    if (std::ranges::find(check.requirements, requirement) != check.requirements.end()) {
      names.push_back(check.name);
    }
  }
  return names;
}

}  // namespace mpath::kit
