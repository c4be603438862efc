#pragma once

#include <cstdint>
#include <optional>

#include "examples/onion_proxy/base/time.h"

namespace onion_proxy {

/// When a leg that answers much later than the nearest one is joined to a tunnel that works without
/// it. Short transfers lose by it: as soon as the window of the near leg is full, the exit puts
/// cells on the far one, and whatever comes after them waits. Long ones gain its bandwidth.
/// Sans-I/O.
struct FarLegPolicy {
  bool for_bulk = false;  ///< else it is joined like any other
  /// Far is what takes so many percent of the time that the nearest takes, and so much longer.
  /// test/bench/e2e (page_equal, page_close): a page over two legs of 50 ms each is faster than
  /// over one of them, and slower if the second one takes 75 ms.
  uint32_t percent = 125;
  Micros margin = std::chrono::milliseconds(20);

  /// Round trips to the exit; both were measured in the same way.
  bool is_far(Micros round_trip, Micros nearest) const;
};

/// Whether what a tunnel's streams move is worth a far leg. It is asked while one waits; the answer
/// stays yes. Counts by bursts, so that a connection that lives long is not taken for a long
/// transfer. Sans-I/O.
class BulkWatch {
 public:
  /// One stream in one burst: what has moved this much is likely to move as much again, and that
  /// takes longer than a far leg needs to be joined. Few parts of a web page are as long.
  static constexpr uint64_t kStreamBytes = 512 * 1024;
  /// All together in one burst: many short transfers at once fill the near leg, too.
  static constexpr uint64_t kTunnelBytes = 4 * 1024 * 1024;
  /// What ends a burst: that nothing moves for so long, or that it has lasted so long. A near leg
  /// that is slow or stutters shall get help, and a chat shall not.
  static constexpr Micros kPause = std::chrono::seconds(5);
  static constexpr Micros kBurst = std::chrono::minutes(5);

  /// `all`: bytes that the tunnel has moved so far, both ways; never goes back. True if a new burst
  /// begins with this: what each stream moves counts from here.
  bool note_all(uint64_t all, Instant now);
  /// Bytes that one stream has moved in this burst, in its busier direction: the most of any.
  void note_longest(uint64_t stream);
  bool is_bulk() const { return is_bulk_; }

 private:
  struct Burst {
    Instant began;
    Instant moved;      ///< last
    uint64_t from = 0;  ///< `all` before it
  };
  uint64_t all_ = 0;
  std::optional<Burst> burst_;
  bool is_bulk_ = false;
};

}  // namespace onion_proxy
