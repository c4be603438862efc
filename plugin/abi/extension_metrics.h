#pragma once

#include <mpath/metrics.h>

namespace conflux {

// The extension with this id, or null.
[[nodiscard]] const void* extension(const char* id) noexcept;

}  // namespace conflux
