// How fast a counter grows, and what a rate was before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace conflux::top {

// Growth of a counter over the last `window` seconds, or over what has been seen of it. A window
// longer than one look evens out that proxies publish at their own pace. Memory: a dozen points.
class Rate {
 public:
  explicit Rate(double window) : window_(window) {}

  // `at`: seconds of any clock, going forward. A counter that went back has begun anew.
  void observe(double at, double value);
  // 0 until two looks were taken.
  [[nodiscard]] double per_second() const;

 private:
  struct Point {
    double at;
    double value;
  };
  double window_;
  std::deque<Point> points_;
};

// The latest values, for a graph.
class History {
 public:
  explicit History(std::size_t limit) : limit_(limit) {}
  void push(double value);
  [[nodiscard]] std::span<const float> values() const noexcept { return values_; }
  // The largest of the last `count`.
  [[nodiscard]] float largest(std::size_t count) const;

 private:
  std::size_t limit_;
  std::vector<float> values_;
};

}  // namespace conflux::top
