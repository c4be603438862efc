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
  /// Measured (test/bench/e2e): a page over two equal legs of 50 ms is faster than over one, with a
  /// second leg of 75 ms slower.
  uint32_t percent = 125;
  Micros margin = std::chrono::milliseconds(20);

  /// Round trips to the exit; both were measured in the same way.
  bool is_far(Micros round_trip, Micros nearest) const;
};

/// Whether what a tunnel's streams move is worth a far leg. It is asked while one waits; the answer
/// stays yes. Sans-I/O.
class BulkWatch {
 public:
  /// One stream: what has moved this much is likely to move as much again, and that takes longer
  /// than a far leg needs to be joined. Few parts of a web page are as long.
  static constexpr uint64_t kStreamBytes = 512 * 1024;
  /// All together without a pause: many short transfers at once fill the near leg, too.
  static constexpr uint64_t kBusyBytes = 4 * 1024 * 1024;
  static constexpr Micros kPause = std::chrono::seconds(1);

  struct Moved {
    uint64_t all = 0;             ///< by the tunnel so far, both ways; never goes back
    uint64_t longest_stream = 0;  ///< by an open stream, in its busier direction
  };
  void note(const Moved& moved, Instant now);
  bool is_bulk() const { return is_bulk_; }

 private:
  uint64_t all_ = 0;
  uint64_t busy_from_ = 0;  ///< `all` at the end of the last pause
  std::optional<Instant> moved_at_;
  bool is_bulk_ = false;
};

}  // namespace onion_proxy
