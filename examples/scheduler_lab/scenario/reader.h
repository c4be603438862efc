// From the text of a scenario file to a Scenario, or every error in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "examples/scheduler_lab/scenario/scenario.h"

namespace scheduler_lab {

struct ScenarioResult {
  std::optional<Scenario> scenario;
  /// Lines of `file:line:col: key: what is wrong: expected ...`, each with the place below it.
  std::string errors;
};

/// `file` is what messages call the text, and gives the scenario its name.
ScenarioResult read_scenario(std::string_view text, const std::string& file);

/// Opens the file, too.
ScenarioResult load_scenario(const std::string& file);

}  // namespace scheduler_lab
