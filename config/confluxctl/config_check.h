// What `confluxctl config check` prints.
#pragma once

#include <string>
#include <string_view>

#include "config/confluxctl/console.h"
#include "config/parse.h"

namespace conflux::ctl {

// Each diagnostic with the line it is about and a caret, then a summary line.
std::string check_as_text(const config::ParseResult& result, std::string_view text,
                          const Console& console);

// One JSON object: file, ok, diagnostics, omitted and, if there is no error, the settings in force.
std::string check_as_json(const config::ParseResult& result);

}  // namespace conflux::ctl
