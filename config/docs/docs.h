// Everything that is written about the options, made from the option table. Pure functions; texts
// end with '\n'.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "config/settings.h"

namespace conflux::config {

inline constexpr std::size_t kDefaultWidth = 80;

// A file that says what an absent file would mean: every option with its default, commented out and
// explained in a line or two.
std::string defaults_yaml(Profile profile);

// JSON Schema, draft 07, for editors and for checks elsewhere. It knows keys, types, ranges of
// integers, spellings and what each profile allows; ranges of sizes and durations and the rules
// between two numbers are left to `parse`.
std::string json_schema();

// The reference in Markdown, plain enough for a converter to man pages.
std::string markdown_reference();

// A page about one option or section in lines of at most `width` columns; nothing for an unknown
// key.
std::optional<std::string> explain(std::string_view key, std::size_t width = kDefaultWidth);

// One line for each section and option: key, default, help.
std::string list_keys();

// The known key nearest to `key`, or empty.
std::string suggest_key(std::string_view key);

}  // namespace conflux::config
