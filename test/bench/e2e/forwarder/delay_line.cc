#include "test/bench/e2e/forwarder/delay_line.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace delay_forwarder {
namespace {

constexpr size_t kRingMin = size_t{64} << 10;

}  // namespace

size_t DelayLine::room(Instant now) {
  advance(now);
  if (due_end_ - head_ >= limits_.waiting || held() >= limits_.held) return 0;
  return limits_.held - held();
}

void DelayLine::push(std::span<const uint8_t> bytes, Instant now, Duration delay) {
  if (bytes.empty()) return;
  grow(held() + bytes.size());
  const size_t at = tail_ & (ring_.size() - 1);
  const size_t first = std::min(bytes.size(), ring_.size() - at);
  std::memcpy(ring_.data() + at, bytes.data(), first);
  std::memcpy(ring_.data(), bytes.data() + first, bytes.size() - first);
  tail_ += bytes.size();
  marks_.push_back({in_order(now + delay), tail_});
}

void DelayLine::push_end(Instant now, Duration delay) { end_due_ = in_order(now + delay); }

std::span<const uint8_t> DelayLine::due(Instant now) {
  advance(now);
  if (due_end_ == head_) return {};
  const size_t at = head_ & (ring_.size() - 1);
  const size_t count = std::min(static_cast<size_t>(due_end_ - head_), ring_.size() - at);
  return {ring_.data() + at, count};
}

void DelayLine::pop(size_t count) { head_ += count; }

bool DelayLine::ended(Instant now) const { return end_due_ && held() == 0 && *end_due_ <= now; }

std::optional<Instant> DelayLine::next_change() const {
  if (!marks_.empty()) return marks_.front().due;
  return held() == 0 ? end_due_ : std::nullopt;
}

void DelayLine::advance(Instant now) {
  while (!marks_.empty() && marks_.front().due <= now) {
    due_end_ = marks_.front().end;
    marks_.pop_front();
  }
}

void DelayLine::grow(size_t wanted) {
  if (wanted <= ring_.size()) return;
  std::vector<uint8_t> larger(std::max(kRingMin, std::bit_ceil(wanted)));
  for (uint64_t from = head_; from < tail_;) {
    const size_t at = from & (ring_.size() - 1);
    const size_t to = from & (larger.size() - 1);
    const size_t count =
        std::min({static_cast<size_t>(tail_ - from), ring_.size() - at, larger.size() - to});
    std::memcpy(larger.data() + to, ring_.data() + at, count);
    from += count;
  }
  ring_ = std::move(larger);
}

Instant DelayLine::in_order(Instant due) const {
  return marks_.empty() ? due : std::max(due, marks_.back().due);
}

}  // namespace delay_forwarder
