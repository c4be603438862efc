// Virtual time: events in the order of their time, and of their making where that is equal.
#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace scheduler_lab {

/// Microseconds since the run began.
using Time = std::uint64_t;

inline constexpr Time kMillisecond = 1000;
inline constexpr Time kSecond = 1'000'000;

[[nodiscard]] constexpr double to_seconds(Time time) { return static_cast<double>(time) / kSecond; }

class Engine {
 public:
  using Action = std::function<void()>;

  [[nodiscard]] Time now() const { return now_; }

  /// A time in the past counts as now.
  void at(Time time, Action action);
  void after(Time delay, Action action) { at(now_ + delay, std::move(action)); }

  /// Runs events until `end`, or until there are none, or until `stop` is called.
  void run(Time end);
  void stop() { stopped_ = true; }

  [[nodiscard]] std::uint64_t events() const { return made_; }

 private:
  struct Event {
    Time time;
    std::uint64_t order;
    Action action;
  };
  static bool later(const Event& a, const Event& b) {
    return a.time != b.time ? a.time > b.time : a.order > b.order;
  }

  std::vector<Event> heap_;
  Time now_ = 0;
  std::uint64_t made_ = 0;
  bool stopped_ = false;
};

}  // namespace scheduler_lab
