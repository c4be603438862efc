// What must hold for every text, good or bad; shared by the fuzz target and by the tests.
#pragma once

#include <string>
#include <string_view>

namespace conflux::config::test {

// Empty if `text` is treated as promised, else what was broken.
std::string broken_promise(std::string_view text);

}  // namespace conflux::config::test
