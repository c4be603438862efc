// Words for log events. The core knows only their numbers.
#pragma once

#include <cstdint>

namespace conflux {

// Static text, never null. `value` and `reason` of the record are explained in it.
[[nodiscard]] const char* log_words(std::uint32_t event) noexcept;

}  // namespace conflux
