// Draining into arrays, and one cell at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "plugin/core/tunnel.h"

namespace conflux::test {

// Answers how many.
inline std::size_t drain(Tunnel& tunnel, std::span<DrainedToken> out) {
  std::size_t count = 0;
  return tunnel.drain(out.size(), [&](const DrainedToken& token) { out[count++] = token; });
}

// A cell that was in order, or what came to light instead, or neither.
struct DrainStep {
  std::optional<ReleasedCell> cell;
  Reason violation = Reason::NONE;
};

inline DrainStep drain_next(Receiver& receiver) {
  DrainStep step;
  step.violation = receiver.drain(1, [&](const ReleasedCell& cell) { step.cell = cell; }).violation;
  return step;
}

}  // namespace conflux::test
