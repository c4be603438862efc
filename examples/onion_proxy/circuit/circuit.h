#pragma once

#include <deque>
#include <optional>
#include <string>

#include "examples/onion_proxy/circuit/circuit_builder.h"
#include "examples/onion_proxy/circuit/sendme.h"
#include "examples/onion_proxy/circuit/vegas.h"

namespace onion_proxy {

/// What a peer did that ends the circuit.
enum class ViolationKind : uint8_t {
  kUnrecognizedCell,  ///< no hop's digest fits
  kMalformedCell,
  kWrongHop,           ///< a cell that only the last hop may send
  kUnexpectedCommand,  ///< a command that no relay sends to a client
  kBadSendme,
  kOverrun,    ///< sends on though nothing is acknowledged
  kTruncated,  ///< not hostile: a relay cut the circuit
};

/// Whose doing it is.
enum class Culprit : uint8_t {
  kLastHop,   ///< the cell was sealed with the last hop's keys
  kAnyRelay,  ///< any relay of the circuit can have made it
};

struct Violation {
  ViolationKind kind = ViolationKind::kMalformedCell;
  std::string reason;
  Culprit culprit = Culprit::kAnyRelay;
};

/// How our side of the channel stands; what Vegas looks at.
struct ChannelState {
  bool blocked = false;
  size_t queued_cells = 0;
};

/// A client circuit that has been built: onion layers, congestion control and circuit SENDMEs of
/// its last hop. Sans-I/O. It knows nothing of multipath: cells of the four Conflux commands are
/// given to the caller like stream cells.
class Circuit {
 public:
  /// SENDMEs that may wait to be drained: as many as an honest peer would wait for. Bounds memory
  /// against one that heeds no window.
  static constexpr size_t kMaxSendmesDue = SendmeSender::kMaxPending;

  Circuit(BuiltCircuit built, const VegasParams& vegas);

  size_t hop_count() const { return crypto_.hop_count(); }
  size_t last_hop() const { return crypto_.hop_count() - 1; }
  uint8_t sendme_inc() const { return sendme_inc_; }
  uint32_t cwnd_init() const { return cwnd_init_; }

  /// Writes the sealed payload of a cell for `hop` to `out`. Cells must be sent in the order in
  /// which they were sealed. DATA to the last hop counts against the congestion window, which is
  /// the caller's to respect (`may_send_data`).
  struct Outgoing {
    RelayHeader header;
    ByteView body;  ///< at most 498 bytes
    size_t hop = 0;
  };
  void seal(const Outgoing& cell, Instant now, CellPayloadView out);
  bool may_send_data() const { return vegas_.room() > 0 && sender_.has_room(); }

  /// What a RELAY cell turned out to be.
  struct Incoming {
    enum class Kind : uint8_t { kCell, kHandled, kViolation };
    Kind kind = Kind::kHandled;
    RelayCell cell;  ///< kCell: for the caller; borrows from `clear`
    size_t hop = 0;
    Violation violation;  ///< kViolation: destroy the circuit
  };
  /// Decrypts `sealed` into `clear`, which may be the same or must be apart.
  Incoming handle_relay(SealedPayloadView sealed, CellPayloadView clear,
                        const ChannelState& channel, Instant now);

  /// Seals one SENDME that is due into `out`; false if none is. Drain after `handle_relay`, before
  /// other cells: acknowledgements that wait behind data slow the peer down. Left undrained on
  /// purpose they stop it. Beyond `kMaxSendmesDue` more DATA is a violation.
  bool poll_sendme(Instant now, CellPayloadView out);
  bool has_sendme_due() const { return !sendmes_due_.empty(); }

  const Vegas& congestion() const { return vegas_; }
  uint64_t data_sent() const { return sender_.cells_sent(); }
  uint64_t data_acked() const { return sender_.cells_acked(); }
  uint64_t data_received() const { return receiver_.cells(); }

 private:
  Incoming handle_sendme(const RelayCell& cell, const ChannelState& channel, Instant now);

  OnionCrypto crypto_;
  uint8_t sendme_inc_;
  uint32_t cwnd_init_;
  Vegas vegas_;
  SendmeSender sender_;
  SendmeReceiver receiver_;
  std::deque<CellTag> sendmes_due_;
};

}  // namespace onion_proxy
