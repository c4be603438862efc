#include "test/scheduler_lab/support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "examples/scheduler_lab/app/plugin.h"
#include "examples/scheduler_lab/scenario/reader.h"

namespace scheduler_lab {

const mpath::Plugin& plugin() {
  static const LoadedPlugin loaded = load(CONFLUX_PLUGIN);
  EXPECT_EQ(loaded.error, "");
  return loaded.plugin;
}

Scenario scenario_of(const std::string& text) {
  ScenarioResult read = read_scenario(text, "test.yaml");
  EXPECT_EQ(read.errors, "");
  return read.scenario.value_or(Scenario{});
}

std::string exact_bulk(const std::vector<int>& rates, const std::string& size) {
  std::string text = "version: 1\nduration: 120s\nlegs:\n";
  for (const int rate : rates) {
    text += "  - {rate: " + std::to_string(rate) + "KiB, burst: " + std::to_string(rate / 4) +
            "KiB, delay: 10ms}\n";
  }
  return text + "traffic:\n  - {kind: bulk, size: " + size + "}\ntor: {buckets: exact}\n";
}

RunResult simulate_with(const Scenario& scenario, const std::string& scheduler,
                        std::uint64_t seed) {
  return simulate(
      {.scenario = &scenario, .scheduler = scheduler, .seed = seed, .plugin = plugin()});
}

std::string lab_directory() { return CONFLUX_SOURCE_DIR "/examples/scheduler_lab"; }

std::vector<std::string> files_below(const std::string& directory, const std::string& ending) {
  std::vector<std::string> out;
  for (const auto& entry : std::filesystem::directory_iterator(lab_directory() + "/" + directory)) {
    if (entry.path().extension() == ending) out.push_back(entry.path().string());
  }
  std::ranges::sort(out);
  return out;
}

std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace scheduler_lab
