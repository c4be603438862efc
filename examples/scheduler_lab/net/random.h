// Random numbers that are the same on every machine: no distribution of the standard library, whose
// results are each library's own.
#pragma once

#include <cmath>
#include <cstdint>

namespace scheduler_lab {

/// SplitMix64.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  /// 0 to `most`, both included.
  std::uint64_t up_to(std::uint64_t most) {
    return most == UINT64_MAX ? next() : next() % (most + 1);
  }
  /// At least 0, less than 1.
  double fraction() { return static_cast<double>(next() >> 11U) * 0x1p-53; }
  /// Exponential with this mean: the time between events that know nothing of each other.
  double exponential(double mean) { return -mean * std::log1p(-fraction()); }
  /// A generator of its own, so that one part's draws do not shift another's.
  Random split() { return Random(next()); }

 private:
  std::uint64_t state_;
};

}  // namespace scheduler_lab
