#include "examples/scheduler_lab/net/engine.h"

#include <algorithm>

namespace scheduler_lab {

void Engine::at(Time time, Action action) {
  heap_.push_back({std::max(time, now_), made_++, std::move(action)});
  std::ranges::push_heap(heap_, later);
}

void Engine::run(Time end) {
  while (!heap_.empty() && !stopped_ && heap_.front().time <= end) {
    std::ranges::pop_heap(heap_, later);
    Event event = std::move(heap_.back());
    heap_.pop_back();
    now_ = event.time;
    event.action();
  }
  if (!stopped_) now_ = std::max(now_, end);
}

}  // namespace scheduler_lab
