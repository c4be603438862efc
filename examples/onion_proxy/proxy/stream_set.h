#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "examples/onion_proxy/proxy/stream.h"

namespace onion_proxy {

/// The streams of one tunnel: their ids, the order in which they are served, and the ids of streams
/// that we closed while the exit may still be sending on them.
class StreamSet {
 public:
  static constexpr size_t kStreamsMax = 4096;
  /// Ids of ended streams that are still remembered; the oldest is forgotten first.
  static constexpr size_t kHalfClosedMax = 16384;
  /// Longer than any cell can be under way on a tunnel that lives.
  static constexpr Micros kHalfClosedLife = std::chrono::seconds(60);

  /// An id for a stream, neither open nor half closed; 0 if there is none left.
  uint16_t allocate_id();
  /// The same for a look-up that no application waits for: its answer is ignored until `expiry`.
  uint16_t reserve_id(Instant expiry);
  Stream& add(std::unique_ptr<Stream> stream);
  Stream* find(uint16_t id) const;

  size_t size() const { return open_.size(); }
  bool is_full() const { return open_.size() >= kStreamsMax; }

  void note_ready(Stream& stream);
  /// DATA cells that all ready streams together can fill now, counted up to `limit`. Streams with
  /// nothing to send leave the round until they are noted again.
  size_t sendable_cells(size_t limit);
  /// The next stream with something to send, each in its turn; nullptr if there is none.
  Stream* next_ready();

  /// Takes the stream out; it is freed by `collect`, since it may be on the call stack now.
  void remove(Stream& stream, bool exit_knows, Instant now);
  void collect() { removed_.clear(); }

  bool is_half_closed(uint16_t id) const { return half_closed_.contains(id); }
  /// The exit has ended the stream too.
  void forget_half_closed(uint16_t id);
  void expire_half_closed(Instant now);
  std::optional<Instant> half_closed_expiry() const;

  void for_each(const std::function<void(Stream&)>& visit) const;

 private:
  uint16_t free_id();
  void remember_half_closed(uint16_t id, Instant expiry);

  std::unordered_map<uint16_t, std::unique_ptr<Stream>> open_;
  std::deque<uint16_t> ready_;
  std::unordered_set<uint16_t> queued_;  ///< which ids stand in `ready_`
  std::vector<std::unique_ptr<Stream>> removed_;
  std::unordered_map<uint16_t, Instant> half_closed_;
  std::deque<std::pair<Instant, uint16_t>> half_closed_order_;
  uint16_t last_id_ = 0;
};

}  // namespace onion_proxy
