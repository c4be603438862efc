#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "examples/onion_proxy/app/stats.h"
#include "examples/onion_proxy/base/time.h"
#include "examples/onion_proxy/cell/relay_cell.h"
#include "examples/onion_proxy/proxy/leg.h"

namespace onion_proxy {

/// Takes relay cells in the order in which their streams must see them.
class CellSink {
 public:
  virtual ~CellSink() = default;
  virtual void deliver(const RelayCell& cell, Instant now) = 0;
};

/// How much is held out of order, told when it changes what the exit may do.
enum class Pressure : uint8_t {
  kLow,      ///< little: it may go on
  kHigh,     ///< ask it to pause: XOFF for each stream
  kOverrun,  ///< it does not pause: acknowledge nothing, either, until kLow
};

/// A leg that has been given up. Its circuit is destroyed.
struct DroppedLeg {
  Leg* leg = nullptr;
  std::string reason;
};

/// What a poll of the paths brought.
struct PathNews {
  bool ready = false;               ///< streams may be opened from now on
  std::vector<DroppedLeg> dropped;  ///< not linked in time
  bool begin_anew = false;          ///< those were all: LossEffect::kBeginAnew
  bool closed = false;              ///< nothing can be sent or delivered any more
  std::string reason;               ///< of the closing
  std::optional<Pressure> pressure;
  bool collect_half_streams = false;
  std::optional<Instant> next_deadline;
};

/// What the loss of a leg that had been joined means for the tunnel.
enum class LossEffect : uint8_t {
  kCellsLost,   ///< streams may have used it: the tunnel cannot go on
  kOthersGoOn,  ///< it was not linked, and others are, or are being linked
  kBeginAnew,   ///< no stream was ever possible and no leg is left: the next is `begin`'s again
};

/// What the paths must know of the tunnel's streams.
struct StreamFacts {
  uint32_t backlog_cells = 0;  ///< DATA cells that could be filled now
  uint32_t open_streams = 0;
  bool ever_used = false;
  std::optional<Instant> half_stream_expiry;
  std::optional<Instant> disused_since;
};

/// Where the cells of one tunnel go, and in which order they count: one circuit, or several legs
/// that a multipath plugin schedules. Legs are borrowed from the tunnel.
class PathSet {
 public:
  virtual ~PathSet() = default;

  /// The first leg that is built.
  virtual Status begin(Leg& leg, const StreamFacts& facts, Instant now) = 0;
  /// Each that is built later. Streams may have been opened already.
  virtual Status add(Leg& leg, const StreamFacts& facts, Instant now) = 0;

  /// Sends the bodies of `cells`: returns how many of `want` cells, all of one class, may go, and
  /// on which leg. A SWITCH that must go before them has then been sent.
  struct Grant {
    Leg* leg = nullptr;
    size_t granted = 0;
  };
  virtual Grant route(RelayCommand command, size_t want, const StreamFacts& facts, Instant now) = 0;

  /// Where to decrypt the cell that is to be received next: `sealed` itself, or a place that stays
  /// valid as long as the paths do.
  virtual CellPayloadView room(CellPayloadView sealed) = 0;

  /// A cell that arrived on `leg` from its last hop and lies in `room`: delivered to `sink` now,
  /// kept until its turn, or handled. Fails when the peer broke the protocol or the paths have
  /// closed.
  virtual Status receive(Leg& leg, const RelayCell& cell, CellSink& sink, Instant now) = 0;

  /// The circuit of a leg that `begin` or `add` was told of is gone. `news.closed` follows in
  /// `poll` if the tunnel cannot go on although no cells are lost.
  virtual LossEffect lose_leg(Leg& leg, const StreamFacts& facts, Instant now) = 0;

  virtual PathNews poll(const StreamFacts& facts, Instant now) = 0;

  /// The plugin's name for this tunnel, 0 if it has none.
  virtual uint64_t plugin_id() const = 0;

  /// Whether they closed because too much was held back: no time to launch more circuits.
  virtual bool closed_for_memory() const = 0;

  /// Frees what is held back. Nothing may follow but `closed_for_memory` and `add_stats`.
  virtual void close(Instant now) = 0;

  /// Adds what it counts; `stats.legs[i]` is the leg of ordinal i + 1.
  virtual void add_stats(TunnelStats& stats) const = 0;
};

}  // namespace onion_proxy
