// From the tree to Settings: every key known, every value in range, the values in agreement.
#pragma once

#include <string_view>
#include <vector>

#include "config/diagnostics.h"
#include "config/options/option.h"
#include "config/settings.h"
#include "config/yaml/tree.h"

namespace conflux::config {

// Keys that more than one rule speaks of.
inline constexpr std::string_view kHighWater = "conflux.reorder.high_water";
inline constexpr std::string_view kLowWater = "conflux.reorder.low_water";

// An option that the file sets, rightly or wrongly.
struct Origin {
  const Option* option = nullptr;
  Position at;  // of the value
  bool valid = false;
};

// The result of a validation. `settings` is meaningful only if the report has no errors.
struct Validated {
  Settings settings;
  std::vector<Origin> origins;

  const Origin* find(std::string_view key) const;
};

// Everything but the rules between keys.
Validated validate(const Node& root, const Catalogue& catalogue, Report& report);

// Lowers the defaults that would break a rule only because the file sets something else: water
// marks stay below a lower tunnel_limit. What the file sets is never touched.
void derive_defaults(Validated& validated);

// The rules between keys, as errors and warnings. A rule is silent if one of its keys has a wrong
// value already.
void check_cross_rules(const Validated& validated, Report& report);

}  // namespace conflux::config
