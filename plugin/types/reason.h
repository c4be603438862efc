// Why: the numbers of <mpath/reasons.h>, which hosts see, as one type inside the plugin.
#pragma once

#include <mpath/reasons.h>

#include <cstdint>

namespace conflux {

enum class Reason : std::uint32_t {
#define CONFLUX_REASON(name, number, text) name = number,
  MPATH_REASON_LIST(CONFLUX_REASON)
#undef CONFLUX_REASON
};

// Is it the peer's doing against the protocol?
[[nodiscard]] constexpr bool is_violation(Reason reason) noexcept {
  return static_cast<std::uint32_t>(reason) >= MPATH_REASON_WRONG_HOP;
}

[[nodiscard]] const char* text(Reason reason) noexcept;

}  // namespace conflux
