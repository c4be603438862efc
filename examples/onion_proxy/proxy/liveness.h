#pragma once

#include <cstdint>
#include <optional>

#include "examples/onion_proxy/base/time.h"

namespace onion_proxy {

/// Tells a tunnel that is quiet from one whose far end is gone. A relay can fall silent without
/// closing anything, and nothing in the protocol is owed to a client that only waits. So when
/// streams are open and nothing has come for half of the timeout, it asks for a probe: a cell that
/// every exit answers at once. The answer comes in order behind all data, so it also proves that no
/// cell before it is lost. It has the other half, however late the probe was: whoever was not asked
/// is not given up, though our own process may have stood still for longer. Sans-I/O.
class Liveness {
 public:
  enum class Verdict : uint8_t {
    kFine,
    kProbe,  ///< send a probe now; told once for each silence
    kDead,   ///< the probe has not been answered for half of the timeout
  };

  /// Zero: never probes, never gives up.
  explicit Liveness(Micros timeout) : timeout_(timeout) {}

  /// A cell was delivered in order.
  void note_heard(Instant now);

  /// All that was sent is on its way, as the exit acknowledges it: the answer to the probe may be
  /// behind much of it, and gets half of the timeout once more.
  void note_acknowledged(Instant now);

  /// `watched`: somebody waits for the far end. Silence counts from when that began.
  Verdict check(bool watched, Instant now);

  /// When `check` may have something new to say; nullopt while nobody waits.
  std::optional<Instant> next_deadline() const;

 private:
  Micros timeout_;
  std::optional<Instant> quiet_since_;
  bool probed_ = false;
};

}  // namespace onion_proxy
