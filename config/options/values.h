// Values of options: from the tree into Settings, from Settings to text, and what a type expects.
#pragma once

#include <string>

#include "config/diagnostics.h"
#include "config/options/option.h"
#include "config/settings.h"
#include "config/yaml/tree.h"

namespace conflux::config {

// Stores the value of `node`. False, with one or more diagnostics, if it is not one of the
// option's.
bool read_value(const Option& option, const Node& node, Settings& settings, Report& report);

// "an integer from 1 to 8"
std::string expectation(const OptionType& type);

// The value as it would be written in YAML; empty for an unset path or string.
std::string value_text(const Option& option, const Settings& settings);

// Stores a default as it stands in the table. A default that does not read is a bug of the table;
// a test reads them all.
void apply_default(const Option& option, Profile profile, Settings& settings);

}  // namespace conflux::config
