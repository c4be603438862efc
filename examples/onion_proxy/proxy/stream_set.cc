#include "examples/onion_proxy/proxy/stream_set.h"

#include <algorithm>

namespace onion_proxy {

uint16_t StreamSet::allocate_id() { return is_full() ? 0 : free_id(); }

uint16_t StreamSet::reserve_id() {
  const uint16_t id = free_id();
  if (id != 0) half_closed_[id] = Instant::max();
  return id;
}

uint16_t StreamSet::free_id() {
  for (uint32_t tries = 0; tries < 0x10000; ++tries) {
    ++last_id_;
    if (last_id_ != 0 && !open_.contains(last_id_) && !half_closed_.contains(last_id_)) {
      return last_id_;
    }
  }
  return 0;
}

Stream& StreamSet::add(std::unique_ptr<Stream> stream) {
  const uint16_t id = stream->id();
  return *open_.emplace(id, std::move(stream)).first->second;
}

Stream* StreamSet::find(uint16_t id) const {
  const auto at = open_.find(id);
  return at == open_.end() ? nullptr : at->second.get();
}

void StreamSet::note_ready(Stream& stream) {
  if (stream.in_round()) return;
  stream.set_in_round(true);
  ready_.push_back(&stream);
}

size_t StreamSet::sendable_cells(size_t limit, Instant now) {
  size_t cells = 0;
  for (auto at = ready_.begin(); at != ready_.end() && cells < limit;) {
    const size_t own = (*at)->sendable_cells(now);
    cells += own;
    if (own > 0) {
      ++at;
      continue;
    }
    (*at)->set_in_round(false);
    if (at == ready_.begin()) quantum_left_ = kQuantumCells;
    at = ready_.erase(at);
  }
  return std::min(cells, limit);
}

size_t StreamSet::backlog_cells(size_t limit, Instant now) const {
  size_t cells = 0;
  for (auto at = ready_.begin(); at != ready_.end() && cells < limit; ++at) {
    cells += (*at)->backlog_cells(now);
  }
  return std::min(cells, limit);
}

void StreamSet::end_turn() {
  ready_.pop_front();
  quantum_left_ = kQuantumCells;
}

StreamSet::Turn StreamSet::next_turn(size_t limit, Instant now) {
  while (!ready_.empty()) {
    Stream* const stream = ready_.front();
    const size_t own = stream->sendable_cells(now);
    if (own == 0) {
      stream->set_in_round(false);
      end_turn();
      continue;
    }
    const size_t cells = std::min({own, limit, quantum_left_});
    // What a small limit leaves of the quantum is the stream's at the next call.
    quantum_left_ -= cells;
    if (quantum_left_ == 0) {
      end_turn();
      ready_.push_back(stream);
    }
    return {stream, cells};
  }
  return {};
}

void StreamSet::remove(Stream& stream, bool exit_knows, Instant now) {
  const uint16_t id = stream.id();
  const auto at = open_.find(id);
  if (at == open_.end()) return;
  if (stream.in_round()) {
    if (ready_.front() == &stream) quantum_left_ = kQuantumCells;
    std::erase(ready_, &stream);
    stream.set_in_round(false);
  }
  removed_.push_back(std::move(at->second));
  open_.erase(at);
  if (!exit_knows) remember_half_closed(id, now + kHalfClosedLife);
}

void StreamSet::remember_half_closed(uint16_t id, Instant expiry) {
  half_closed_[id] = expiry;
  half_closed_order_.emplace_back(expiry, id);
  if (half_closed_order_.size() <= kHalfClosedMax) return;
  forget_oldest_half_closed();
}

void StreamSet::forget_oldest_half_closed() {
  const auto [expiry, id] = half_closed_order_.front();
  half_closed_order_.pop_front();
  // The id may have been used and closed again since.
  const auto at = half_closed_.find(id);
  if (at != half_closed_.end() && at->second == expiry) half_closed_.erase(at);
}

void StreamSet::forget_half_closed(uint16_t id) { half_closed_.erase(id); }

void StreamSet::expire_half_closed(Instant now) {
  while (!half_closed_order_.empty() && half_closed_order_.front().first <= now) {
    forget_oldest_half_closed();
  }
}

std::optional<Instant> StreamSet::half_closed_expiry() const {
  if (half_closed_order_.empty()) return std::nullopt;
  return half_closed_order_.front().first;
}

void StreamSet::for_each(const std::function<void(Stream&)>& visit) const {
  std::vector<Stream*> streams;
  streams.reserve(open_.size());
  for (const auto& [id, stream] : open_) streams.push_back(stream.get());
  for (Stream* stream : streams) visit(*stream);
}

}  // namespace onion_proxy
