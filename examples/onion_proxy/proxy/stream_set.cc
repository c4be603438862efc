#include "examples/onion_proxy/proxy/stream_set.h"

#include <algorithm>

namespace onion_proxy {

uint16_t StreamSet::allocate_id() { return is_full() ? 0 : free_id(); }

uint16_t StreamSet::reserve_id(Instant expiry) {
  const uint16_t id = free_id();
  if (id != 0) remember_half_closed(id, expiry);
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
  if (queued_.insert(stream.id()).second) ready_.push_back(stream.id());
}

size_t StreamSet::sendable_cells(size_t limit) {
  size_t cells = 0;
  for (auto at = ready_.begin(); at != ready_.end() && cells < limit;) {
    Stream* stream = find(*at);
    const size_t own = stream == nullptr ? 0 : stream->sendable_cells();
    cells += own;
    if (own > 0) {
      ++at;
    } else {
      queued_.erase(*at);
      at = ready_.erase(at);
    }
  }
  return std::min(cells, limit);
}

Stream* StreamSet::next_ready() {
  while (!ready_.empty()) {
    const uint16_t id = ready_.front();
    ready_.pop_front();
    Stream* stream = find(id);
    if (stream != nullptr && stream->sendable_cells() > 0) {
      ready_.push_back(id);
      return stream;
    }
    queued_.erase(id);
  }
  return nullptr;
}

void StreamSet::remove(Stream& stream, bool exit_knows, Instant now) {
  const uint16_t id = stream.id();
  const auto at = open_.find(id);
  if (at == open_.end()) return;
  removed_.push_back(std::move(at->second));
  open_.erase(at);
  if (!exit_knows) remember_half_closed(id, now + kHalfClosedLife);
}

void StreamSet::remember_half_closed(uint16_t id, Instant expiry) {
  half_closed_[id] = expiry;
  half_closed_order_.emplace_back(expiry, id);
  if (half_closed_order_.size() <= kHalfClosedMax) return;
  half_closed_.erase(half_closed_order_.front().second);
  half_closed_order_.pop_front();
}

void StreamSet::forget_half_closed(uint16_t id) { half_closed_.erase(id); }

void StreamSet::expire_half_closed(Instant now) {
  while (!half_closed_order_.empty() && half_closed_order_.front().first <= now) {
    const auto [expiry, id] = half_closed_order_.front();
    half_closed_order_.pop_front();
    // The id may have been used and closed again since.
    const auto at = half_closed_.find(id);
    if (at != half_closed_.end() && at->second == expiry) half_closed_.erase(at);
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
