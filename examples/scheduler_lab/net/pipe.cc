#include "examples/scheduler_lab/net/pipe.h"

#include <algorithm>

namespace scheduler_lab {

Pipe::Pipe(Engine& engine, PipeOptions options, Random random)
    : engine_(engine), options_(std::move(options)), random_(random) {}

std::size_t Pipe::room() const {
  const std::size_t all = options_.capacity / kWireBytes;
  return all > inside_ ? all - inside_ : 0;
}

// What was written later does not arrive earlier, whatever the jitter.
Time Pipe::arrival() {
  Time at = engine_.now() + options_.delay;
  if (options_.jitter > 0) at += random_.up_to(options_.jitter);
  at = std::max(at, last_arrival_);
  for (const auto& [from, until] : options_.stalls) {
    if (at >= from && at < until) at = until;
  }
  return last_arrival_ = at;
}

void Pipe::write(std::span<const Cell> cells) {
  if (cells.empty()) return;
  inside_ += cells.size();
  was_full_ = was_full_ || room() == 0;
  engine_.at(arrival(), [this, batch = std::vector<Cell>(cells.begin(), cells.end())] {
    unread_.insert(unread_.end(), batch.begin(), batch.end());
    if (readable_) readable_();
  });
}

Cell Pipe::read() {
  const Cell cell = unread_.front();
  unread_.pop_front();
  --inside_;
  make_room();
  return cell;
}

// The writer hears of it when the acknowledgement has travelled back.
void Pipe::make_room() {
  if (!was_full_ || room() == 0) return;
  was_full_ = false;
  engine_.after(options_.delay, [this] {
    if (writable_ && room() > 0) writable_();
  });
}

}  // namespace scheduler_lab
