#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <unordered_map>

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
  /// DATA cells that a stream sends before the next has its turn: a short request goes as a whole,
  /// and a long upload holds nobody up for longer than a few cells.
  static constexpr size_t kQuantumCells = 8;

  /// An id for a stream, neither open nor half closed; 0 if there is none left.
  uint16_t allocate_id();
  /// The same for a look-up that no application waits for: known (`is_half_closed`) until it is
  /// forgotten.
  uint16_t reserve_id();
  Stream& add(std::unique_ptr<Stream> stream);
  Stream* find(uint16_t id) const;

  size_t size() const { return open_.size(); }
  bool is_full() const { return open_.size() >= kStreamsMax; }

  void note_ready(Stream& stream);
  /// DATA cells that all ready streams together can fill now, counted up to `limit`. Streams with
  /// nothing to send leave the round until they are noted again.
  size_t sendable_cells(size_t limit, Instant now);
  /// The same with what applications have written and the proxy has not read yet: for schedulers,
  /// which decide by how much is to come.
  size_t backlog_cells(size_t limit, Instant now) const;

  /// Who sends next, and how many cells before the others have their turn: at most `limit`, which
  /// is more than 0, and never more than the stream can fill. No stream: none has anything to send.
  struct Turn {
    Stream* stream = nullptr;
    size_t cells = 0;
  };
  Turn next_turn(size_t limit, Instant now);

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
  void end_turn();
  void remember_half_closed(uint16_t id, Instant expiry);
  void forget_oldest_half_closed();

  std::unordered_map<uint16_t, std::unique_ptr<Stream>> open_;
  std::deque<Stream*> ready_;  ///< the round; the front has the turn
  size_t quantum_left_ = kQuantumCells;
  std::vector<std::unique_ptr<Stream>> removed_;
  std::unordered_map<uint16_t, Instant> half_closed_;
  std::deque<std::pair<Instant, uint16_t>> half_closed_order_;
  uint16_t last_id_ = 0;
};

}  // namespace onion_proxy
