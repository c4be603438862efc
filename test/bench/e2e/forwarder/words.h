// What the forwarder is told in words: routes of its command line, commands while it runs.
#pragma once

#include <optional>
#include <string_view>

#include "test/bench/e2e/forwarder/forwarder.h"

namespace delay_forwarder {

inline constexpr double kDelayMaxMs = 10'000;

/// `LISTEN:TARGET:MS`. Ports are 1 to 65535; the delay may have a fraction.
std::optional<Route> parse_route(std::string_view text);

struct DelayCommand {
  uint16_t port = 0;
  Duration delay{0};
};

/// `delay PORT MS`.
std::optional<DelayCommand> parse_delay_command(std::string_view line);

}  // namespace delay_forwarder
