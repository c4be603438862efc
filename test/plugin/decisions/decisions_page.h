// plugin/core/DECISIONS.md, made from the tables in plugin/core/cell_rules.h.
#pragma once

#include <string>

namespace conflux::test {

[[nodiscard]] std::string decisions_page();

}  // namespace conflux::test
