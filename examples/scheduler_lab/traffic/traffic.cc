#include "examples/scheduler_lab/traffic/traffic.h"

#include <algorithm>
#include <numeric>

#include "examples/scheduler_lab/net/cell.h"

namespace scheduler_lab {
namespace {

// A file without end is a very long one.
constexpr std::uint64_t kEndless = std::uint64_t{1} << 50U;
constexpr Time kKeystrokePauseMin = 20 * kMillisecond;

std::uint64_t cells_for(std::uint64_t bytes) { return (bytes + kPayloadBytes - 1) / kPayloadBytes; }

}  // namespace

Traffic::Traffic(Engine& engine, std::vector<TrafficSpec> specs, Random random, Engine::Action wake)
    : engine_(engine), random_(random), wake_(std::move(wake)) {
  for (TrafficSpec& spec : specs) flows_.push_back({.spec = spec});
}

void Traffic::start() {
  for (std::size_t i = 0; i < flows_.size(); ++i) {
    engine_.at(flows_[i].spec.start, [this, i] { make(i); });
  }
}

std::vector<std::uint64_t> Traffic::objects_of(const TrafficSpec& spec) {
  if (spec.kind != TrafficKind::kWeb) return {spec.size == 0 ? kEndless : spec.size};
  std::vector<std::uint64_t> objects;
  for (std::uint64_t i = 0; i < spec.objects; ++i) {
    objects.push_back(std::max<std::uint64_t>(1, spec.size / 2 + random_.up_to(spec.size)));
  }
  return objects;
}

void Traffic::make(std::size_t at) {
  Flow& flow = flows_[at];
  Message message{.kind = flow.spec.kind,
                  .flow = at,
                  .objects = objects_of(flow.spec),
                  .created = engine_.now(),
                  .endless = flow.spec.kind == TrafficKind::kBulk && flow.spec.size == 0};
  message.size = std::accumulate(message.objects.begin(), message.objects.end(), std::uint64_t{0});
  flow.waiting.push_back(messages_.size());
  messages_.push_back(std::move(message));
  ++flow.made;
  ++flow.open;
  // A page begins when somebody has read the one before; keys are pressed whatever happens.
  if (flow.spec.kind == TrafficKind::kInteractive) make_later(at);
  wake_();
}

void Traffic::make_later(std::size_t at) {
  const TrafficSpec& spec = flows_[at].spec;
  if (spec.kind == TrafficKind::kBulk || (spec.count > 0 && flows_[at].made >= spec.count)) return;
  auto pause = static_cast<Time>(random_.exponential(static_cast<double>(spec.pause)));
  if (spec.kind == TrafficKind::kInteractive) pause = std::max(pause, kKeystrokePauseMin);
  engine_.after(pause, [this, at] { make(at); });
}

std::size_t Traffic::backlog(std::size_t most) const {
  std::uint64_t cells = 0;
  for (const Flow& flow : flows_) {
    for (std::size_t i = 0; i < flow.waiting.size() && cells < most; ++i) {
      const Message& message = messages_[flow.waiting[i]];
      const std::size_t first = i == 0 ? flow.object : 0;
      for (std::size_t o = first; o < message.objects.size() && cells < most; ++o) {
        const std::uint64_t gone = i == 0 && o == first ? flow.offset : 0;
        cells += cells_for(message.objects[o] - gone);
      }
    }
  }
  return static_cast<std::size_t>(std::min<std::uint64_t>(cells, most));
}

Chunk Traffic::next() {
  while (flows_[turn_ % flows_.size()].waiting.empty()) ++turn_;
  Flow& flow = flows_[turn_++ % flows_.size()];
  const std::size_t at = flow.waiting.front();
  const Message& message = messages_[at];
  const std::uint64_t left = message.objects[flow.object] - flow.offset;
  const auto bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(left, kPayloadBytes));
  flow.offset += bytes;
  sent_ += bytes;
  if (flow.offset == message.objects[flow.object]) {
    flow.offset = 0;
    if (++flow.object == message.objects.size()) {
      flow.object = 0;
      flow.waiting.pop_front();
    }
  }
  return {.message = static_cast<std::uint32_t>(at), .bytes = bytes};
}

void Traffic::deliver(const Chunk& chunk) {
  Message& message = messages_[chunk.message];
  message.delivered += chunk.bytes;
  delivered_ += chunk.bytes;
  if (message.delivered == message.size) complete(message);
}

void Traffic::complete(Message& message) {
  const std::size_t flow = message.flow;
  message.completed = engine_.now();
  --flows_[flow].open;
  if (message.kind == TrafficKind::kWeb) make_later(flow);
}

void Traffic::restart() {
  for (Flow& flow : flows_) flow.waiting.clear();
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    if (!messages_[i].completed) flows_[messages_[i].flow].waiting.push_back(i);
  }
  for (Flow& flow : flows_) skip_delivered(flow);
}

// Objects of a message are delivered in their order, so what is delivered is a beginning. Only the
// first message of a flow can be delivered in part.
void Traffic::skip_delivered(Flow& flow) {
  flow.object = 0;
  flow.offset = 0;
  if (flow.waiting.empty()) return;
  const Message& message = messages_[flow.waiting.front()];
  std::uint64_t delivered = message.delivered;
  while (delivered >= message.objects[flow.object]) delivered -= message.objects[flow.object++];
  flow.offset = delivered;
}

bool Traffic::finished() const {
  return std::ranges::all_of(flows_, [](const Flow& flow) {
    const std::uint64_t wanted = flow.spec.kind == TrafficKind::kBulk ? 1 : flow.spec.count;
    return wanted > 0 && flow.made >= wanted && flow.open == 0;
  });
}

}  // namespace scheduler_lab
