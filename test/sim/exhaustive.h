// Every way in which six cells can cross up to three legs.
#pragma once

#include <cstdint>
#include <string>

namespace sim {

struct ExhaustiveResult {
  std::uint64_t runs = 0;
  std::uint64_t closed = 0;  // tunnels that a lost leg closed
  std::string violation;     // the first broken promise, with the run that shows it
};

// All assignments of `cells` sequenced cells to `legs` legs, all interleavings of their arrival
// and, if `losses`, the loss of each leg at every point of each. Stops at the first violation.
ExhaustiveResult enumerate(std::size_t cells, std::size_t legs, bool losses);

}  // namespace sim
