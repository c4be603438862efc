// What the lab's tests share.
#pragma once

#include <string>
#include <vector>

#include "examples/scheduler_lab/host/simulation.h"
#include "examples/scheduler_lab/scenario/scenario.h"

namespace scheduler_lab {

// Sanitizers make a run thirty times slower: such a build looks for bugs of the code, on shorter
// runs and fewer of them, and leaves the figures to the others.
#ifdef __SANITIZE_ADDRESS__
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// The plugin of this build, loaded once.
const mpath::Plugin& plugin();

// Of a text that is right; fails the test otherwise.
Scenario scenario_of(const std::string& text);

// Legs of these KiB per second whose buckets lose nothing and hold a quarter of a second, and one
// file.
std::string exact_bulk(const std::vector<int>& rates, const std::string& size);

RunResult simulate_with(const Scenario& scenario, const std::string& scheduler,
                        std::uint64_t seed = 1);

// Files below examples/scheduler_lab, by their names.
std::vector<std::string> files_below(const std::string& directory, const std::string& ending);
std::string read_text(const std::string& path);
std::string lab_directory();

}  // namespace scheduler_lab
