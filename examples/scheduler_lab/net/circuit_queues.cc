#include "examples/scheduler_lab/net/circuit_queues.h"

#include <cmath>

namespace scheduler_lab {
namespace {

constexpr double kHalfLife = 30.0 * kSecond;
// Ageing all circuits at once keeps their order, so it may be rare.
constexpr Time kAgeEvery = 100 * kMillisecond;

}  // namespace

void CircuitQueues::age(Time now) {
  if (now < aged_at_ + kAgeEvery) return;
  const double factor = std::exp2(-static_cast<double>(now - aged_at_) / kHalfLife);
  for (auto& [circuit, queue] : queues_) queue.sent *= factor;
  aged_at_ = now;
}

Cell CircuitQueues::pop(Time now) {
  age(now);
  Queue* least = nullptr;
  for (auto& [circuit, queue] : queues_) {
    if (!queue.cells.empty() && (least == nullptr || queue.sent < least->sent)) least = &queue;
  }
  const Cell cell = least->cells.front();
  least->cells.pop_front();
  least->sent += 1;
  --size_;
  return cell;
}

}  // namespace scheduler_lab
