#pragma once

#include <deque>
#include <optional>

#include "examples/onion_proxy/base/result.h"
#include "examples/onion_proxy/base/time.h"
#include "examples/onion_proxy/circuit/onion_crypto.h"

namespace onion_proxy {

/// Receiving side: says after which DATA cell a SENDME is due. It counts arrival on the circuit,
/// in order or not. Spec: tor-spec "Flow control".
class SendmeReceiver {
 public:
  explicit SendmeReceiver(uint32_t sendme_inc) : sendme_inc_(sendme_inc) {}

  /// The tag to answer with, if this DATA cell completes an increment. It is the digest after
  /// exactly this cell, so it must be taken now: later cells change the running digest.
  std::optional<CellTag> note_data(const CellTag& tag);

  uint64_t cells() const { return cells_; }

 private:
  uint32_t sendme_inc_;
  uint64_t cells_ = 0;
};

/// Sending side: remembers the tag of each cell that the peer must acknowledge.
class SendmeSender {
 public:
  /// Increments that may wait for their SENDME. Bounds memory against a peer that never answers;
  /// at 31 cells each this is far above any congestion window.
  static constexpr size_t kMaxPending = 4096;

  explicit SendmeSender(uint32_t sendme_inc) : sendme_inc_(sendme_inc) {}

  bool has_room() const { return pending_.size() < kMaxPending; }
  void note_data(const CellTag& tag, Instant now);

  /// When the acknowledged cell was sent. Fails if none waits (an unsolicited SENDME inflates the
  /// window) or the tag is not that cell's (the peer has not seen it).
  Result<Instant> match(const CellTag& tag);

  uint64_t cells_sent() const { return cells_sent_; }
  uint64_t cells_acked() const { return cells_acked_; }

 private:
  struct Pending {
    CellTag tag;
    Instant sent_at;
  };

  uint32_t sendme_inc_;
  uint64_t cells_sent_ = 0;
  uint64_t cells_acked_ = 0;
  std::deque<Pending> pending_;
};

/// Says which DATA cells to leave short. A full cell has no padding, so a peer that knows the data
/// could compute tags without receiving; one random-padded cell in 50..100 prevents that.
/// Spec: prop289 "Random padding".
class ShortCellSchedule {
 public:
  static constexpr size_t kShortBody = kRelayBodyMax - 20;

  /// The largest body for the next DATA cell. Call once per DATA cell.
  size_t next_body_max();

 private:
  uint32_t until_short_ = 0;
};

}  // namespace onion_proxy
