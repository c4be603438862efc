#include "examples/scheduler_lab/net/pipe.h"

#include <algorithm>

namespace scheduler_lab {
namespace {

// Tor writes a buffer chunk of 4 KiB at a time.
constexpr std::size_t kCellsOfOneWrite = 8;
// The kernel's timers come in steps.
constexpr Time kAckSpread = 4 * kMillisecond;

}  // namespace

Pipe::Pipe(Engine& engine, PipeOptions options, Random random)
    : engine_(engine), options_(std::move(options)), random_(random) {}

std::size_t Pipe::room() const {
  const std::size_t all = options_.capacity / kWireBytes;
  return all > inside_ ? all - inside_ : 0;
}

void Pipe::write(std::span<const Cell> cells) {
  inside_ += cells.size();
  was_full_ = was_full_ || room() == 0;
  while (!cells.empty()) {
    const std::size_t count = std::min(cells.size(), kCellsOfOneWrite);
    pending_.insert(pending_.end(), cells.begin(),
                    cells.begin() + static_cast<std::ptrdiff_t>(count));
    cells = cells.subspan(count);
    if (options_.nagle || cells.empty()) push();
  }
}

// Nagle's rule as Linux has it (Minshall's variant): full segments go at once, a small one waits
// while another small one is not acknowledged.
void Pipe::push() {
  const std::size_t full = std::max<std::size_t>(1, options_.mss / kWireBytes);
  if (const std::size_t cells = pending_.size() / full * full; cells > 0) {
    send(cells);
  }
  if (pending_.empty() || (options_.nagle && small_unacked_)) return;
  small_unacked_ = true;
  send(pending_.size());
}

void Pipe::send(std::size_t count) {
  const auto end = pending_.begin() + static_cast<std::ptrdiff_t>(count);
  const bool small = end == pending_.end() && small_unacked_;
  std::vector<Cell> cells(pending_.begin(), end);
  pending_.erase(pending_.begin(), end);
  engine_.at(arrival(), [this, small, batch = std::move(cells)] { arrive(batch, small); });
  if (reverse_ != nullptr) reverse_->acknowledge();
}

// What was sent later does not arrive earlier, whatever the jitter.
Time Pipe::arrival() {
  Time at = engine_.now() + options_.delay;
  if (options_.jitter > 0) at += random_.up_to(options_.jitter);
  at = std::max(at, last_arrival_);
  for (const auto& [from, until] : options_.stalls) {
    if (at >= from && at < until) at = until;
  }
  return last_arrival_ = at;
}

// Full segments are acknowledged at once; a small one when something travels back, or late.
void Pipe::arrive(std::span<const Cell> cells, bool small) {
  unread_.insert(unread_.end(), cells.begin(), cells.end());
  ack_owed_ = true;
  if (!small) {
    acknowledge();
  } else {
    const Time wait = options_.delayed_ack + random_.up_to(kAckSpread);
    engine_.after(wait, [this, sent = acks_] {
      if (acks_ == sent) acknowledge();
    });
  }
  if (readable_) readable_();
}

void Pipe::acknowledge() {
  if (!ack_owed_) return;
  ack_owed_ = false;
  ++acks_;
  engine_.after(options_.ack_delay, [this] {
    small_unacked_ = false;
    push();
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
